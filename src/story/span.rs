//! Spans of time and numbers of times as a script writes them: `30s`, `20s..2m`, `3`, `"3..5"`. Both ends are included.

use fastrand::Rng;
use serde::Deserialize;
use tripline_query_lang::duration::parse_us;

/// A span of time, or any between two, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Span {
    /// The shortest.
    pub from_us: i64,
    /// The longest.
    pub to_us: i64,
}

impl Span {
    /// Exactly so long.
    pub fn exactly(us: i64) -> Span {
        Span { from_us: us, to_us: us }
    }

    /// One of them.
    pub fn draw(self, rng: &mut Rng) -> i64 {
        rng.i64(self.from_us..=self.to_us)
    }
}

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no span of time: expected `30s`, or `20s..2m`");
        let (from, to) = text.split_once("..").unwrap_or((&text, &text));
        let (from_us, to_us) = (parse_us(from).ok_or_else(wrong)?, parse_us(to).ok_or_else(wrong)?);
        if from_us <= to_us { Ok(Span { from_us, to_us }) } else { Err(wrong()) }
    }
}

/// How often, or any number between two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "toml::Value")]
pub struct Times {
    from: usize,
    to: usize,
}

impl Times {
    /// Just once.
    pub const ONCE: Times = Times { from: 1, to: 1 };

    /// One of them.
    pub fn draw(self, rng: &mut Rng) -> usize {
        rng.usize(self.from..=self.to)
    }
}

impl TryFrom<toml::Value> for Times {
    type Error = String;

    fn try_from(value: toml::Value) -> Result<Self, String> {
        let wrong = || format!("`{value}` is no number of times: expected `3`, or `\"3..5\"`");
        let read = |text: &str| text.trim().parse::<usize>().ok();
        let (from, to) = match &value {
            toml::Value::Integer(number) => {
                let times = usize::try_from(*number).map_err(|_| wrong())?;
                (times, times)
            }
            toml::Value::String(text) => {
                let (from, to) = text.split_once("..").ok_or_else(wrong)?;
                (read(from).ok_or_else(wrong)?, read(to).ok_or_else(wrong)?)
            }
            _ => return Err(wrong()),
        };
        if from <= to { Ok(Times { from, to }) } else { Err(wrong()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(text: &str) -> Result<Span, String> {
        Span::try_from(text.to_owned())
    }

    #[test]
    fn spans_and_times() {
        assert_eq!(span("30s"), Ok(Span::exactly(30_000_000)));
        assert_eq!(span("20s..2m"), Ok(Span { from_us: 20_000_000, to_us: 120_000_000 }));
        for wrong in ["", "30", "2m..20s", "1s..", "1.5s", "99999999999999d"] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Times::try_from(toml::Value::Integer(3)), Ok(Times { from: 3, to: 3 }));
        assert_eq!(Times::try_from(toml::Value::String("3..5".to_owned())), Ok(Times { from: 3, to: 5 }));
        assert!(Times::try_from(toml::Value::String("5..3".to_owned())).is_err());
    }
}
