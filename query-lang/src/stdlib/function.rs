//! What a scalar function is made of.

use super::Arg;
use crate::value::{Type, Value};

/// A function of the library.
#[derive(Debug)]
pub struct Function {
    /// Its name in rule files.
    pub name: &'static str,
    /// Where it stands in the reference.
    pub family: Family,
    /// What it gives, in one or two sentences.
    pub doc: &'static str,
    /// Its parameters. The last one of a function that takes any number of arguments stands for all further ones.
    pub params: &'static [Param],
    /// So many arguments at least.
    pub required: usize,
    /// The last parameter may be given any number of times.
    pub repeats: bool,
    /// What it gives.
    pub returns: Returns,
    /// A missing argument makes the value unknown, and `eval` never sees one.
    pub strict: bool,
    /// Calls with their values; each runs as a test.
    pub examples: &'static [Example],
    /// The value of arguments of the declared kinds.
    pub eval: fn(&[Arg<'_>]) -> Value,
}

impl Function {
    /// The value for these arguments; unknown when one that is needed is missing.
    pub fn call(&self, args: &[Arg<'_>]) -> Value {
        if self.strict && args.iter().any(|arg| matches!(arg, Arg::Null)) { Value::Null } else { (self.eval)(args) }
    }

    /// The parameter that the argument at this position fills.
    pub fn param(&self, position: usize) -> Option<&'static Param> {
        match self.params.get(position) {
            Some(param) => Some(param),
            None if self.repeats => self.params.last(),
            None => None,
        }
    }

    /// `round(x: number, digits: int constant?) -> number`
    pub fn signature(&self) -> String {
        let param = |(position, param): (usize, &Param)| {
            let optional = if position < self.required { "" } else { "?" };
            format!("{}: {}{optional}", param.name, param.kind.describe())
        };
        let params: Vec<_> = self.params.iter().enumerate().map(param).collect();
        let repeats = if self.repeats { ", ..." } else { "" };
        format!("{}({}{repeats}) -> {}", self.name, params.join(", "), self.returns.describe())
    }
}

/// Where a function stands in the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Texts.
    Text,
    /// Numbers.
    Number,
    /// Times and durations.
    Time,
    /// Places.
    Geo,
    /// Lists and missing values.
    Collection,
    /// Addresses.
    Network,
}

impl Family {
    /// As a heading.
    pub fn title(self) -> &'static str {
        match self {
            Family::Text => "Text",
            Family::Number => "Numbers",
            Family::Time => "Times and durations",
            Family::Geo => "Places",
            Family::Collection => "Lists and missing values",
            Family::Network => "Network addresses",
        }
    }
}

/// A parameter.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Its name, for the reference.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
}

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An int.
    Int,
    /// A number, converted to a float.
    Float,
    /// An int, decimal or float, as it is.
    Number,
    /// A text.
    Text,
    /// A time.
    Time,
    /// A duration.
    Duration,
    /// A place.
    Point,
    /// A list of anything.
    List,
    /// A text or a list.
    TextOrList,
    /// A number or a text.
    NumberOrText,
    /// Anything.
    Any,
    /// Anything of which all arguments of the function have the same type (numbers are converted).
    Same,
    /// As `Same`, with an order.
    SameOrdered,
    /// A constant int from 0 to 18: digits after the point.
    Digits,
    /// A constant text that names a time zone.
    Zone,
    /// A constant text that is a network: `10.0.0.0/8`.
    Network,
    /// A constant text that is a regular expression.
    Regex,
}

impl Kind {
    /// In the reference and in messages.
    pub fn describe(self) -> &'static str {
        match self {
            Kind::Int => "int",
            Kind::Float | Kind::Number => "number",
            Kind::Text => "text",
            Kind::Time => "time",
            Kind::Duration => "duration",
            Kind::Point => "point",
            Kind::List => "list",
            Kind::TextOrList => "text or list",
            Kind::NumberOrText => "number or text",
            Kind::Any => "any",
            Kind::Same => "any, all of one type",
            Kind::SameOrdered => "number, text, time or duration, all of one type",
            Kind::Digits => "constant int",
            Kind::Zone => "constant time zone",
            Kind::Network => "constant network",
            Kind::Regex => "constant regular expression",
        }
    }

    /// Takes only constants.
    pub fn is_constant(self) -> bool {
        matches!(self, Kind::Digits | Kind::Zone | Kind::Network | Kind::Regex)
    }
}

/// What a function gives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Returns {
    /// Always this.
    Type(&'static Type),
    /// A list of texts.
    Texts,
    /// The type of its first argument.
    First,
    /// The type that all arguments have.
    Same,
    /// The first argument's type; a decimal has as many digits as the second argument says (none: 0), if it had more.
    Rounded,
}

impl Returns {
    fn describe(self) -> String {
        match self {
            Returns::Type(ty) => ty.to_string(),
            Returns::Texts => "list of text".to_owned(),
            Returns::First => "the type of the first argument".to_owned(),
            Returns::Same => "the type of the arguments".to_owned(),
            Returns::Rounded => "number of the same type".to_owned(),
        }
    }
}

/// A call and its value, both in the language's notation.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// The call.
    pub call: &'static str,
    /// Its value as texts show it.
    pub shows: &'static str,
}
