//! The stories that are part of the program, and those that lie in a folder.

use std::borrow::Cow;
use std::path::Path;

use tripline_query_lang::diagnostics;
use tripline_query_lang::plan::Plan;
use tripline_query_lang::{Source, compile};

use super::StoryFault;
use super::script::Script;
use super::tell::{Told, tell};

/// Name of the rule file of a story.
pub const RULES: &str = "rules.trip";
/// Name of its script.
pub const SCRIPT: &str = "story.toml";
/// Name of what its run prints.
pub const EXPECTED: &str = "expected.txt";
/// Name of its page.
pub const README: &str = "README.md";

/// A story's files.
#[derive(Clone, Debug)]
pub struct Story {
    /// The folder's name.
    pub name: Cow<'static, str>,
    /// Streams, rules and tests.
    pub rules: Cow<'static, str>,
    /// Who takes part and what happens.
    pub script: Cow<'static, str>,
    /// What a run prints, for the script's own seed.
    pub expected: Option<Cow<'static, str>>,
    /// The page for its readers.
    pub readme: Option<Cow<'static, str>>,
}

macro_rules! stories {
    ($($name:literal),* $(,)?) => {
        /// The stories that are part of the program, in the order in which they are best read.
        pub fn all() -> Vec<Story> {
            vec![$(Story {
                name: Cow::Borrowed($name),
                rules: Cow::Borrowed(include_str!(concat!("../../examples/", $name, "/rules.trip"))),
                script: Cow::Borrowed(include_str!(concat!("../../examples/", $name, "/story.toml"))),
                expected: Some(Cow::Borrowed(include_str!(concat!("../../examples/", $name, "/expected.txt")))),
                readme: Some(Cow::Borrowed(include_str!(concat!("../../examples/", $name, "/README.md")))),
            }),*]
        }
    };
}

stories![
    "high-value-burst",
    "card-testing",
    "impossible-travel",
    "account-takeover",
    "structuring",
    "brute-force",
    "unpaid-order",
    "sensor-drift",
    "deploy-error-spike",
    "checkout-funnel",
];

/// The story of `tripline demo` without a name: the rules of the README, in as many events as show what the engine can do.
pub fn of_the_demo() -> Story {
    Story {
        name: Cow::Borrowed("card-fraud"),
        rules: Cow::Borrowed(include_str!("card-fraud/rules.trip")),
        script: Cow::Borrowed(include_str!("card-fraud/story.toml")),
        expected: None,
        readme: None,
    }
}

/// The story of this name among those of the program.
pub fn find(name: &str) -> Option<Story> {
    all().into_iter().chain([of_the_demo()]).find(|story| story.name == name)
}

impl Story {
    /// A story in a folder of its own; the page and the expected alerts may be missing.
    pub fn in_folder(folder: &Path) -> Result<Story, StoryFault> {
        let read = |name: &str| {
            let path = folder.join(name);
            let text = std::fs::read_to_string(&path);
            text.map(Cow::Owned).map_err(|why| StoryFault::Unreadable { path: path.display().to_string(), why })
        };
        let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let name = whole.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned();
        Ok(Story {
            name: Cow::Owned(name),
            rules: read(RULES)?,
            script: read(SCRIPT)?,
            expected: read(EXPECTED).ok(),
            readme: read(README).ok(),
        })
    }

    /// The script, read.
    pub fn read_script(&self) -> Result<Script, StoryFault> {
        toml::from_str(&self.script).map_err(|why| StoryFault::Script { story: self.name.clone().into_owned(), why })
    }

    /// The rules, compiled, with these params in the place of their own.
    pub fn plan(&self, params: &[(String, String)]) -> Result<Plan, StoryFault> {
        let sources = [Source { name: RULES.to_owned(), text: self.rules.clone().into_owned() }];
        let compiled = compile(&sources, params);
        compiled.plan.ok_or_else(|| {
            let said = compiled.diagnostics.iter().map(|one| diagnostics::render(one, &sources, true) + "\n");
            StoryFault::Rules { story: self.name.clone().into_owned(), diagnostics: said.collect() }
        })
    }

    /// Tells the script; without a seed, with its own.
    pub fn tell(&self, seed: Option<u64>) -> Result<Told, StoryFault> {
        let script = self.read_script()?;
        tell(&self.name, &script, &self.plan(&[])?, seed.unwrap_or(script.seed))
    }
}
