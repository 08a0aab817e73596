//! `like` and `matches`.

use regex::Regex;

/// Whether the whole text fits the pattern: `*` stands for any run of characters, everything else for itself.
pub fn is_like(text: &str, pattern: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return text == pattern };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    let Some(mut text) = text.strip_prefix(start).and_then(|text| text.strip_suffix(end)) else { return false };
    for part in middle.split('*') {
        // The first place is the best one: it leaves the most for the parts behind.
        let Some(place) = text.find(part) else { return false };
        text = &text[place + part.len()..];
    }
    true
}

/// A `matches` pattern; the crate's limit on its size holds.
pub fn regex(pattern: &str) -> Result<Regex, regex::Error> {
    Regex::new(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        for (text, pattern, fits) in [
            ("abc", "abc", true),
            ("abc", "ab", false),
            ("abc", "ab*", true),
            ("abc", "*c", true),
            ("abc", "*", true),
            ("", "*", true),
            ("", "**", true),
            ("aba", "ab*ba", false),
            ("abba", "ab*ba", true),
            ("a-b-c", "a*b*c", true),
            ("a-c-b", "a*b*c", false),
            ("größe", "gr*ß*", true),
        ] {
            assert_eq!(is_like(text, pattern), fits, "{text} like {pattern}");
        }
    }
}
