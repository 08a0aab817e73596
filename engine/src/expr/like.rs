//! `like`: `*` stands for any run of characters, everything else for itself.

/// A `like` pattern, taken apart at its stars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Like {
    /// No star.
    Exact(String),
    /// The text before the first star, those between stars in order, the one after the last.
    Stars { prefix: String, middle: Vec<String>, suffix: String },
}

impl Like {
    /// Takes a pattern apart.
    pub(super) fn new(pattern: &str) -> Like {
        let mut parts = pattern.split('*').map(str::to_owned);
        let prefix = parts.next().unwrap_or_default();
        let mut middle: Vec<String> = parts.collect();
        let Some(suffix) = middle.pop() else { return Like::Exact(prefix) };
        middle.retain(|part| !part.is_empty());
        Like::Stars { prefix, middle, suffix }
    }

    /// Whether the whole text fits. Taking the first place for each middle part is right: later ones only leave less.
    pub(super) fn fits(&self, text: &str) -> bool {
        match self {
            Like::Exact(whole) => text == whole,
            Like::Stars { prefix, middle, suffix } => {
                let Some(mut rest) = text.strip_prefix(prefix.as_str()).and_then(|t| t.strip_suffix(suffix.as_str()))
                else {
                    return false;
                };
                for part in middle {
                    let Some((_, after)) = rest.split_once(part.as_str()) else { return false };
                    rest = after;
                }
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Like;

    #[test]
    fn a_star_is_any_run_of_characters() {
        for (pattern, text, fits) in [
            ("ab", "ab", true),
            ("ab", "abc", false),
            ("ab*", "ab", true),
            ("ab*", "abc", true),
            ("*b", "ab", true),
            ("*", "", true),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("*é*", "caféx", true),
            ("a**c", "abc", true),
        ] {
            assert_eq!(Like::new(pattern).fits(text), fits, "{pattern} on {text}");
        }
    }
}
