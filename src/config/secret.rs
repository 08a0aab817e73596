//! Values that may be secret, and references to them: `env:NAME`, `file:PATH`. A secret shows as `***` wherever it is printed.

use std::fmt;
use std::path::Path;

/// A client setting's value. Printing it never shows a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    value: String,
    hidden: bool,
}

impl Secret {
    /// A value that may be shown.
    pub fn plain(value: impl Into<String>) -> Self {
        Secret { value: value.into(), hidden: false }
    }

    /// A value that is never shown.
    pub fn hidden(value: impl Into<String>) -> Self {
        Secret { value: value.into(), hidden: true }
    }

    /// The value itself, for the client alone.
    pub fn reveal(&self) -> &str {
        &self.value
    }

    /// Whether it is kept from being shown.
    pub fn is_hidden(&self) -> bool {
        self.hidden
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.hidden { "***" } else { &self.value })
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where references are looked up; an argument, so that a test can say what stands there.
pub trait Environment {
    /// An environment variable.
    fn variable(&self, name: &str) -> Option<String>;
    /// A file's text, without the line break at its end.
    fn file(&self, path: &Path) -> Result<String, String>;
}

/// The process's own environment and files.
pub struct SystemEnvironment;

impl Environment for SystemEnvironment {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn file(&self, path: &Path) -> Result<String, String> {
        let text = std::fs::read_to_string(path).map_err(|e| e.to_string())?;
        Ok(text.trim_end_matches(['\r', '\n']).to_owned())
    }
}

/// Resolves `env:NAME` and `file:PATH`; anything else stands for itself, hidden when the setting's name sounds secret.
pub(super) fn resolve(setting: &str, text: &str, environment: &dyn Environment) -> Result<Secret, String> {
    if let Some(name) = text.strip_prefix("env:") {
        return match environment.variable(name) {
            Some(value) => Ok(Secret::hidden(value)),
            None => Err(format!("the environment variable `{name}` is not set")),
        };
    }
    if let Some(path) = text.strip_prefix("file:") {
        return match environment.file(Path::new(path)) {
            Ok(value) => Ok(Secret::hidden(value)),
            Err(why) => Err(format!("the file `{path}` cannot be read: {why}")),
        };
    }
    Ok(if sounds_secret(setting) { Secret::hidden(text) } else { Secret::plain(text) })
}

/// Passwords, keys and tokens written straight into the file are hidden as well. `ssl.key.location` is a path, no secret.
fn sounds_secret(setting: &str) -> bool {
    let last = setting.rsplit('.').next().unwrap_or(setting);
    ["password", "secret", "token", "pem", "key"].contains(&last) || setting.contains("password")
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    impl Environment for Fixed {
        fn variable(&self, name: &str) -> Option<String> {
            (name == "PASS").then(|| "s3cret".to_owned())
        }

        fn file(&self, path: &Path) -> Result<String, String> {
            if path == Path::new("/run/pass") { Ok("from file".to_owned()) } else { Err("no such file".to_owned()) }
        }
    }

    #[test]
    fn references_are_resolved_and_hidden() {
        let secret = resolve("sasl.password", "env:PASS", &Fixed).expect("it is set");
        assert_eq!((secret.reveal(), format!("{secret} {secret:?}")), ("s3cret", "*** ***".to_owned()));
        assert_eq!(resolve("sasl.password", "file:/run/pass", &Fixed).expect("it is there").reveal(), "from file");
        assert!(resolve("sasl.password", "env:NONE", &Fixed).expect_err("not set").contains("`NONE` is not set"));
    }

    #[test]
    fn a_password_in_the_file_itself_is_hidden_too() {
        assert!(resolve("sasl.password", "oops", &Fixed).expect("plain").is_hidden());
        assert!(resolve("ssl.key.pem", "oops", &Fixed).expect("plain").is_hidden());
        assert!(!resolve("ssl.key.location", "/etc/key", &Fixed).expect("plain").is_hidden());
        assert!(!resolve("bootstrap.servers", "127.0.0.1:9092", &Fixed).expect("plain").is_hidden());
    }
}
