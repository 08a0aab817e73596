//! Values as a script writes them, and what is drawn of them.
//!
//! | written | drawn |
//! |---|---|
//! | `"approved"`, `12`, `true` | just this |
//! | `"501.00..1900.00"` | a number between the two |
//! | `"{card}"`, `"{user.home}"` | a member of the cast, what it has |
//! | `"p-{id}"`, `"branch-{1..30}"` | a text with a new id in it, or with a number between the two |
//! | `["DE", "FR"]` | one of them |
//! | `{ pick = ["approved", "declined"], odds = [39, 1] }` | one of them, the first 39 times as often |
//! | `{ median = 24.00, spread = 1.1, max = 499.99 }` | a number about the median, skewed as amounts of money are (log-normal) |
//! | `{ mean = "{device.level}", dev = 0.4, rise = 8.0 }` | a number about the mean (normal), which rises by so much to the event's last repetition |
//! | `{ lat = 52.5, lon = 13.4 }` | a place |

use fastrand::Rng;
use serde::Deserialize;

/// A way to come to a value.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "toml::Value")]
pub enum Draw {
    /// Always this.
    Just(Drawn),
    /// A text put together of parts; a single part keeps its type.
    Text(Vec<Part>),
    /// Any number between the two.
    Between(f64, f64),
    /// One of them, by odds.
    Pick(Vec<(f64, Draw)>),
    /// Log-normal, cut off at both ends.
    Skewed {
        /// Half lie below.
        median: f64,
        /// Standard deviation of the logarithm.
        spread: f64,
        /// Nothing below.
        min: f64,
        /// Nothing above.
        max: f64,
    },
    /// Normal.
    About {
        /// The middle.
        mean: Box<Draw>,
        /// Standard deviation.
        dev: f64,
        /// How far the middle has risen at the event's last repetition.
        rise: f64,
    },
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// As it stands.
    Plain(String),
    /// `{id}`: twelve hex digits that nothing else has.
    Id,
    /// `{1..30}`: a number between the two.
    Number(u32, u32),
    /// `{card}`, or `{card#2}` for another one.
    Member(Role),
    /// `{user.home}`.
    Has(Role, String),
}

/// Who in a scene: of which pool, and which of several.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Role {
    /// The pool.
    pub pool: String,
    /// 1, or what stands behind `#`.
    pub number: usize,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Drawn {
    /// True or false.
    Bool(bool),
    /// Any number; how many digits are written is the field's affair.
    Number(f64),
    /// A text.
    Text(String),
    /// A place.
    Point {
        /// Degrees north.
        lat: f64,
        /// Degrees east.
        lon: f64,
    },
}

impl Drawn {
    /// As it stands in a text.
    pub fn into_text(self) -> String {
        match self {
            Drawn::Bool(x) => x.to_string(),
            Drawn::Number(x) => x.to_string(),
            Drawn::Text(x) => x,
            Drawn::Point { lat, lon } => format!("{lat},{lon}"),
        }
    }
}

/// What a draw looks at.
pub trait Surroundings {
    /// The member's name.
    fn name(&mut self, role: &Role) -> Result<String, String>;
    /// What the member has under this name.
    fn has(&mut self, role: &Role, what: &str) -> Result<Drawn, String>;
    /// Chance.
    fn rng(&mut self) -> &mut Rng;
    /// How far the event's repetitions have come, 0 to 1.
    fn progress(&self) -> f64;
}

impl Draw {
    /// Draws a value.
    pub fn draw(&self, around: &mut dyn Surroundings) -> Result<Drawn, String> {
        match self {
            Draw::Just(value) => Ok(value.clone()),
            Draw::Text(parts) => text(parts, around),
            Draw::Between(from, to) => Ok(Drawn::Number(from + (to - from) * around.rng().f64())),
            Draw::Pick(ways) => {
                let all: f64 = ways.iter().map(|(odds, _)| odds).sum();
                let mut left = around.rng().f64() * all;
                let chosen = ways.iter().find(|(odds, _)| {
                    left -= odds;
                    left < 0.0
                });
                let (_, way) = chosen.or(ways.last()).ok_or("there is nothing to pick from")?;
                way.draw(around)
            }
            Draw::Skewed { median, spread, min, max } => {
                let number = median * (spread * normal(around.rng())).exp();
                Ok(Drawn::Number(number.clamp(*min, *max)))
            }
            Draw::About { mean, dev, rise } => match mean.draw(around)? {
                Drawn::Number(mean) => Ok(Drawn::Number(mean + rise * around.progress() + dev * normal(around.rng()))),
                other => Err(format!("a mean is a number, not {other:?}")),
            },
        }
    }
}

fn text(parts: &[Part], around: &mut dyn Surroundings) -> Result<Drawn, String> {
    let mut one = |part: &Part| match part {
        Part::Plain(text) => Ok(Drawn::Text(text.clone())),
        Part::Id => Ok(Drawn::Text(format!("{:012x}", around.rng().u64(..1 << 48)))),
        Part::Number(from, to) => Ok(Drawn::Text(around.rng().u32(*from..=*to).to_string())),
        Part::Member(role) => around.name(role).map(Drawn::Text),
        Part::Has(role, what) => around.has(role, what),
    };
    match parts {
        [part] => one(part),
        _ => parts.iter().map(|part| one(part).map(Drawn::into_text)).collect::<Result<String, _>>().map(Drawn::Text),
    }
}

/// Box-Muller; the logarithm's argument is kept off zero.
fn normal(rng: &mut Rng) -> f64 {
    (-2.0 * rng.f64().max(1e-12).ln()).sqrt() * (std::f64::consts::TAU * rng.f64()).cos()
}

impl TryFrom<toml::Value> for Draw {
    type Error = String;

    fn try_from(value: toml::Value) -> Result<Self, String> {
        match value {
            toml::Value::String(text) => from_text(&text),
            toml::Value::Boolean(x) => Ok(Draw::Just(Drawn::Bool(x))),
            toml::Value::Array(ways) => pick(ways, None),
            toml::Value::Table(table) => from_table(table),
            other => number(&other).map(|x| Draw::Just(Drawn::Number(x))),
        }
    }
}

fn number(value: &toml::Value) -> Result<f64, String> {
    match value {
        toml::Value::Integer(x) => Ok(*x as f64),
        toml::Value::Float(x) => Ok(*x),
        other => Err(format!("`{other}` is no number")),
    }
}

fn pick(ways: Vec<toml::Value>, odds: Option<Vec<f64>>) -> Result<Draw, String> {
    let odds = odds.unwrap_or_else(|| vec![1.0; ways.len()]);
    if ways.is_empty() || odds.len() != ways.len() {
        return Err(format!("{} values to pick from and {} odds: expected as many", ways.len(), odds.len()));
    }
    let ways = odds.into_iter().zip(ways).map(|(odds, way)| Ok((odds, Draw::try_from(way)?)));
    ways.collect::<Result<_, String>>().map(Draw::Pick)
}

fn from_text(text: &str) -> Result<Draw, String> {
    let ends = text.split_once("..").and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    if let Some((from, to)) = ends {
        return Ok(Draw::Between(from, to));
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((plain, behind)) = rest.split_once('{') {
        let (inside, behind) = behind.split_once('}').ok_or_else(|| format!("`{text}`: a `{{` without its `}}`"))?;
        if !plain.is_empty() {
            parts.push(Part::Plain(plain.to_owned()));
        }
        parts.push(part(inside)?);
        rest = behind;
    }
    if !rest.is_empty() || parts.is_empty() {
        parts.push(Part::Plain(rest.to_owned()));
    }
    Ok(Draw::Text(parts))
}

fn part(inside: &str) -> Result<Part, String> {
    if inside == "id" {
        return Ok(Part::Id);
    }
    let ends = inside.split_once("..").and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    if let Some((from, to)) = ends.filter(|(from, to)| from <= to) {
        return Ok(Part::Number(from, to));
    }
    let (who, what) = inside.split_once('.').map_or((inside, None), |(who, what)| (who, Some(what)));
    let (pool, number) = who.split_once('#').unwrap_or((who, "1"));
    let number = number.parse().map_err(|_| format!("`{{{inside}}}`: behind `#` stands a number"))?;
    let role = Role { pool: pool.to_owned(), number };
    Ok(match what {
        None => Part::Member(role),
        Some(what) => Part::Has(role, what.to_owned()),
    })
}

fn from_table(mut table: toml::Table) -> Result<Draw, String> {
    let mut take = |name: &str| table.remove(name);
    let draw = if let Some(ways) = take("pick") {
        let odds = take("odds").map(|odds| odds.as_array().into_iter().flatten().map(number).collect());
        let ways = ways.as_array().cloned().unwrap_or_default();
        pick(ways, odds.transpose()?)?
    } else if let Some(median) = take("median") {
        let mut or = |name, default| take(name).map_or(Ok(default), |value| number(&value));
        Draw::Skewed {
            median: number(&median)?,
            spread: or("spread", 1.0)?,
            min: or("min", 0.0)?,
            max: or("max", f64::INFINITY)?,
        }
    } else if let Some(mean) = take("mean") {
        let mut or = |name| take(name).map_or(Ok(0.0), |value| number(&value));
        Draw::About { mean: Box::new(Draw::try_from(mean)?), dev: or("dev")?, rise: or("rise")? }
    } else if let (Some(lat), Some(lon)) = (take("lat"), take("lon")) {
        Draw::Just(Drawn::Point { lat: number(&lat)?, lon: number(&lon)? })
    } else {
        return Err(format!("`{table}` draws nothing: expected `pick`, `median`, `mean`, or `lat` and `lon`"));
    };
    match table.keys().next() {
        None => Ok(draw),
        Some(left) => Err(format!("`{left}` is not known here")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nobody(Rng, f64);

    impl Surroundings for Nobody {
        fn name(&mut self, role: &Role) -> Result<String, String> {
            Ok(format!("{}{}", role.pool, role.number))
        }

        fn has(&mut self, _role: &Role, _what: &str) -> Result<Drawn, String> {
            Ok(Drawn::Number(4.0))
        }

        fn rng(&mut self) -> &mut Rng {
            &mut self.0
        }

        fn progress(&self) -> f64 {
            self.1
        }
    }

    fn read(text: &str) -> Result<Draw, String> {
        let mut table: toml::Table = toml::from_str(&format!("x = {text}")).expect("TOML");
        Draw::try_from(table.remove("x").expect("just written"))
    }

    fn drawn(text: &str) -> Vec<Drawn> {
        let draw = read(text).expect("a draw");
        let mut around = Nobody(Rng::with_seed(1), 1.0);
        (0..200).map(|_| draw.draw(&mut around).expect("it draws")).collect()
    }

    fn numbers(text: &str) -> Vec<f64> {
        let number = |drawn| match drawn {
            Drawn::Number(x) => x,
            _ => f64::NAN,
        };
        drawn(text).into_iter().map(number).collect()
    }

    #[test]
    fn what_is_written_is_what_is_drawn() {
        let text = |x: &str| Drawn::Text(x.to_owned());
        assert_eq!(drawn(r#""approved""#)[0], text("approved"));
        assert_eq!(drawn(r#""""#)[0], text(""));
        assert_eq!(drawn(r#""of {card#2}""#)[0], text("of card2"));
        assert_eq!(drawn(r#""{card.level}""#)[0], Drawn::Number(4.0));
        assert_eq!(drawn("{ lat = 1.5, lon = 2 }")[0], Drawn::Point { lat: 1.5, lon: 2.0 });
        assert!(numbers(r#""1.00..2.00""#).iter().all(|x| (1.0..=2.0).contains(x)));
        assert!(numbers("{ median = 24.0, min = 20.0, max = 30.0 }").iter().all(|x| (20.0..=30.0).contains(x)));
        let risen = numbers(r#"{ mean = "{card.level}", rise = 3.0 }"#);
        assert!(risen.iter().all(|x| *x == 7.0), "{risen:?}");
    }

    #[test]
    fn odds_are_kept() {
        let often =
            drawn(r#"{ pick = ["a", "b"], odds = [9, 1] }"#).iter().filter(|x| **x == Drawn::Text("a".into())).count();
        assert!((165..196).contains(&often), "{often} of 200");
    }

    #[test]
    fn what_draws_nothing_is_said() {
        for (wrong, why) in [
            (r#"{ pick = ["a"], odds = [1, 2] }"#, "odds"),
            ("{ medain = 1.0 }", "draws nothing"),
            ("{ mean = 1.0, spread = 2.0 }", "`spread` is not known"),
            (r#""{card""#, "without its"),
            (r#""{card#x}""#, "number"),
            ("[]", "pick from"),
        ] {
            let said = read(wrong).expect_err(wrong);
            assert!(said.contains(why), "{wrong}: {said}");
        }
    }
}
