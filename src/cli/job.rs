//! What check, test and run have in common: the configuration, the rules, and the diagnostics of both.

use std::path::{Path, PathBuf};

use tripline_connectors::kafka;
use tripline_query_lang::diagnostics::{self, Diagnostic};
use tripline_query_lang::plan::Plan;
use tripline_query_lang::{Source, compile_with};

use super::exit::Failure;
use super::{Talk, rules};
use crate::config::{self, Config, SystemEnvironment};

/// The configuration that is taken when none is named and no rule files are either.
const DEFAULT_CONFIG: &str = "tripline.toml";

/// Reads the configuration (the one named, or `tripline.toml` when no rule files are named) and the rules (those named, or
/// those of the configuration).
pub fn config_and_rules(config: Option<&Path>, paths: &[PathBuf]) -> Result<(Option<Config>, Vec<Source>), Failure> {
    let path = match config {
        None if !paths.is_empty() => return Ok((None, rules::read(paths)?)),
        None if !Path::new(DEFAULT_CONFIG).exists() => {
            let fault = "name rule files, or a configuration by `-c FILE`; there is no `tripline.toml` in this folder";
            return Err(Failure::Usage(fault.to_owned()));
        }
        None => Path::new(DEFAULT_CONFIG),
        Some(path) => path,
    };
    let config = read_config(path)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let sources =
        if paths.is_empty() { rules::read_configured(&config.engine.rules, folder)? } else { rules::read(paths)? };
    Ok((Some(config), sources))
}

/// Reads a configuration file; all its faults at once.
pub fn read_config(path: &Path) -> Result<Config, Failure> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|e| Failure::Usage(format!("cannot read the configuration `{name}`: {e}")))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let read = config::read(&name, &text, folder, &SystemEnvironment, &kafka::refusal);
    read.map_err(|faults| Failure::Usage(format!("the configuration is wrong, nothing was started\n{faults}")))
}

/// Compiles the rules; says all diagnostics on standard error.
pub fn plan(sources: &[Source], params: &[(String, String)], talk: &Talk) -> Result<Plan, Failure> {
    plan_with(sources, params, &[], talk)
}

/// The same; the list params of these names change while the rules run.
pub fn plan_with(
    sources: &[Source],
    params: &[(String, String)],
    changing: &[String],
    talk: &Talk,
) -> Result<Plan, Failure> {
    let compiled = compile_with(sources, params, changing);
    match compiled.plan {
        Some(plan) => {
            talk.say_block(&rendered(&compiled.diagnostics, sources));
            Ok(plan)
        }
        None => {
            anstream::eprint!("{}", rendered(&compiled.diagnostics, sources));
            Err(Failure::Finding)
        }
    }
}

/// All diagnostics as a person reads them, in colour; the stream that prints it takes colour off where there is none.
pub fn rendered(found: &[Diagnostic], sources: &[Source]) -> String {
    match found {
        [] => String::new(),
        found => diagnostics::render_all(found, sources, true) + "\n",
    }
}
