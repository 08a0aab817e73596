//! What check, test, explain and run have in common: the configuration, the rules, what the command line puts in their place,
//! and all that is wrong with any of it, in one go.

use std::path::{Path, PathBuf};

use tripline_connectors::kafka;
use tripline_query_lang::diagnostics::{self, Diagnostic};
use tripline_query_lang::plan::Plan;
use tripline_query_lang::{Compiled, Source, compile_with};

use super::assignment::Assignment;
use super::exit::Failure;
use super::{Talk, arguments, rules, say};
use crate::config::{self, Complaint, Config, SystemEnvironment, Whence};
use crate::wiring;

/// The configuration that is taken when none is named and no rule files are either.
const DEFAULT_CONFIG: &str = "tripline.toml";

/// What the command line says of configuration and rules.
#[derive(Default)]
pub struct Asked<'a> {
    /// The configuration.
    pub config: Option<&'a Path>,
    /// Rule files and folders; none: those of the configuration.
    pub rules: &'a [PathBuf],
    /// Files of streams and tables.
    pub input: &'a [Assignment],
    /// Where alerts go.
    pub output: Option<&'a Path>,
    /// Worker threads.
    pub workers: Option<u16>,
    /// Values of params.
    pub set: &'a [Assignment],
    /// List params are what the rule files say: none comes from a file or a topic.
    pub lists_as_declared: bool,
}

/// What was read, and all that is wrong with it so far.
pub struct Prepared {
    /// The configuration, with what the command line puts in its place.
    pub config: Config,
    /// The rule files.
    pub sources: Vec<Source>,
    /// What they give; values of params that cannot be taken are left out, and complained of.
    pub compiled: Compiled,
    /// What is wrong besides.
    pub complaints: Vec<Complaint>,
    /// What is wrong and keeps some rules from running, not the others.
    pub bearable: Vec<Complaint>,
}

/// Reads the configuration (the one named, or `tripline.toml` when no rule files are named) and the rules (those named, or
/// those of the configuration), and compiles them.
pub fn prepare(asked: &Asked<'_>) -> Result<Prepared, Failure> {
    let mut complaints = Vec::new();
    let path = config_path(asked)?;
    let read = path.map(|path| read_config(path, &mut complaints));
    let is_lost = matches!(read, Some(None));
    let mut config = read.flatten().unwrap_or_default();
    let sources = match (asked.rules, path) {
        ([], Some(_)) if is_lost => Vec::new(),
        ([], path) => rules::configured(&config, folder(path), &mut complaints),
        (paths, _) => rules::named(paths, &mut complaints),
    };
    arguments::put_into(&mut config, asked);
    if asked.lists_as_declared {
        config.lists.clear();
    }
    let compiled = compiled(&sources, &mut config, &mut complaints);
    Ok(Prepared { config, sources, compiled, complaints, bearable: Vec::new() })
}

fn config_path<'a>(asked: &Asked<'a>) -> Result<Option<&'a Path>, Failure> {
    match asked.config {
        None if !asked.rules.is_empty() => Ok(None),
        None if !Path::new(DEFAULT_CONFIG).exists() => {
            let fault = "name rule files, or a configuration by `-c FILE`; there is no `tripline.toml` in this folder";
            Err(Failure::Usage(fault.to_owned()))
        }
        None => Ok(Some(Path::new(DEFAULT_CONFIG))),
        named => Ok(named),
    }
}

fn folder(path: Option<&Path>) -> &Path {
    path.and_then(Path::parent).unwrap_or(Path::new(""))
}

/// What of a configuration is right; `None` when nothing of it can be read.
fn read_config(path: &Path, complaints: &mut Vec<Complaint>) -> Option<Config> {
    let name = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let (config, faults) =
                config::read_in_part(&name, &text, folder(Some(path)), &SystemEnvironment, &kafka::refusal);
            complaints.extend(faults.complaints());
            config
        }
        Err(error) => {
            complaints.push(Complaint::of(format!("cannot read the configuration `{name}`: {error}")));
            None
        }
    }
}

/// Compiles the rules. A value from outside that does not fit is a complaint about the place that gives it; the rules are
/// then compiled without it, so that the rest of what is wrong comes out as well.
fn compiled(sources: &[Source], config: &mut Config, complaints: &mut Vec<Complaint>) -> Compiled {
    let compile = |config: &Config| {
        let changing: Vec<String> = config.lists.keys().cloned().collect();
        compile_with(sources, &config.params, &changing)
    };
    let compiled = compile(config);
    let wrong: Vec<&Diagnostic> = compiled.diagnostics.iter().filter(|one| one.param.is_some()).collect();
    if wrong.is_empty() {
        return compiled;
    }
    complaints.extend(wrong.iter().map(|one| complaint(one, config)));
    for name in wrong.iter().filter_map(|one| one.param.as_ref()) {
        config.params.retain(|(other, _)| other != name);
        config.lists.remove(name);
    }
    compile(config)
}

/// A diagnostic of a param's value from outside, at the place that gives the value.
fn complaint(one: &Diagnostic, config: &Config) -> Complaint {
    let name = one.param.as_deref().unwrap_or_default();
    let section = if config.has("params", name) { "params" } else { "param" };
    let section = format!("{section}.{name}");
    let mut message = match config.whence.get(&section) {
        Some(Whence::Argument(argument)) => format!("`{argument}`: {}", one.message),
        _ => one.message.clone(),
    };
    one.label.iter().for_each(|label| message += &format!(" ({label})"));
    one.hint.iter().for_each(|hint| message += &format!("; {hint}"));
    config.complaint(&section, message)
}

impl Prepared {
    /// Holds configuration, rules and files against each other.
    pub fn fit(&mut self) {
        if let Some(plan) = &self.compiled.plan {
            arguments::take_tables(&mut self.config, plan, &mut self.complaints);
        }
        let files: Vec<PathBuf> = self.sources.iter().map(|source| PathBuf::from(&source.name)).collect();
        let mut faults = wiring::file_faults(&self.config, &files);
        if let Some(plan) = &self.compiled.plan {
            faults.extend(wiring::faults(plan, &self.config));
        }
        for fault in faults {
            let place = if fault.is_bearable() { &mut self.bearable } else { &mut self.complaints };
            place.push(fault.complaint(&self.config));
        }
    }

    /// All complaints in the order of their places; none: everything is well.
    pub fn all_complaints(&self) -> Vec<&Complaint> {
        let mut all: Vec<&Complaint> = self.complaints.iter().chain(&self.bearable).collect();
        all.sort_by_key(|one| (one.line, &one.message));
        all
    }

    /// The complaints as a failure, if there are any.
    pub fn failure(&self) -> Option<Failure> {
        let lines: Vec<String> = self.all_complaints().iter().map(ToString::to_string).collect();
        match &lines[..] {
            [] => None,
            [one] => Some(Failure::Usage(one.clone())),
            lines => Some(Failure::Usage(format!("nothing was started, for this is wrong:\n  {}", lines.join("\n  ")))),
        }
    }

    /// The plan, if nothing is wrong but what can be borne; says all diagnostics on standard error.
    pub fn plan(self, talk: &Talk) -> Result<(Config, Vec<Source>, Plan), Failure> {
        let said = rendered(&self.compiled.diagnostics, &self.sources);
        if self.compiled.plan.is_some() {
            talk.say_block(&said)
        } else {
            say::block(&said)
        }
        if !self.complaints.is_empty()
            && let Some(failure) = self.failure()
        {
            return Err(failure);
        }
        let plan = self.compiled.plan.ok_or(Failure::Finding)?;
        Ok((self.config, self.sources, plan))
    }
}

/// All diagnostics as a person reads them, in colour; the stream that prints it takes colour off where there is none.
pub fn rendered(found: &[Diagnostic], sources: &[Source]) -> String {
    match found {
        [] => String::new(),
        found => diagnostics::render_all(found, sources, true) + "\n",
    }
}
