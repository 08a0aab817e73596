//! Conditions written in the language: names resolved, missing operators spelled out.

use std::collections::BTreeMap;

use super::fields::{Fields, Kind, quoted};
use super::notation::Expr;

/// How a variable of the source stands in the rule.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its steps in the order in which they take events. More than one where a loop had to be written out.
    pub steps: Vec<Step>,
}

/// A step of the rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// It may take more than one event.
    pub is_loop: bool,
    /// It may take none.
    pub may_be_empty: bool,
    /// It stands in another rule, whose alert this step has taken.
    pub via: Option<String>,
}

/// What a condition is about.
pub struct Scope<'a> {
    /// The attributes.
    pub fields: &'a Fields,
    /// The variables that stand before, and the one at hand.
    pub variables: &'a BTreeMap<String, Variable>,
    /// The variable at hand.
    pub own: Option<&'a str>,
    /// The step at hand, where the variable has several.
    pub own_step: Option<&'a str>,
    /// `a.x` is of the last event of `a`, the one at hand included (else of the first).
    pub rows: bool,
    /// How text is compared.
    pub lowered: bool,
}

type Printed = Result<String, String>;

impl Scope<'_> {
    /// The condition as text.
    pub fn print(&self, expr: &Expr) -> Printed {
        self.at(expr, 0)
    }

    /// A value that is compared with others.
    pub fn print_compared(&self, expr: &Expr) -> Printed {
        self.compared(expr, 0)
    }

    /// `strength` is that of the operator around: a weaker one inside gets brackets.
    fn at(&self, expr: &Expr, strength: u8) -> Printed {
        let (text, own) = match expr {
            Expr::Null => ("null".to_string(), 9),
            Expr::Bool(value) => (value.to_string(), 9),
            Expr::Number(digits) => (digits.clone(), 9),
            Expr::Text(text) => (self.text(text), 9),
            Expr::Name(name) => (self.attribute(name)?, 9),
            Expr::Member(of, name) => (self.member(of, name)?, 9),
            Expr::Index(list, index) => self.index(list, index)?,
            Expr::Call(name, args) => (self.call(name, args)?, 9),
            Expr::Not(inner) => (format!("not {}", self.at(inner, 3)?), 3),
            Expr::Negate(inner) => (format!("-{}", self.at(inner, 8)?), 8),
            Expr::Binary(op, left, right) => self.binary(op, left, right)?,
            Expr::In(item, list, negated) => {
                let list = list.iter().map(|x| self.at(x, 0)).collect::<Result<Vec<_>, _>>()?.join(", ");
                let not = if *negated { "not " } else { "" };
                (format!("{} {not}in [{list}]", self.compared(item, 5)?), 4)
            }
            Expr::IsNull(inner, negated) => {
                let not = if *negated { "not " } else { "" };
                (format!("{} is {not}null", self.at(inner, 5)?), 4)
            }
            Expr::Between(item, low, high, negated) => {
                let not = if *negated { "not " } else { "" };
                let (item, low, high) = (self.compared(item, 5)?, self.compared(low, 5)?, self.compared(high, 5)?);
                (format!("{item} {not}between {low} and {high}"), 4)
            }
        };
        Ok(if own < strength { format!("({text})") } else { text })
    }

    fn text(&self, text: &str) -> String {
        let text = if self.lowered { text.to_lowercase() } else { text.to_string() };
        let escape = |c: char| match c {
            '"' => "\\\"".to_string(),
            '\\' => "\\\\".to_string(),
            '\n' => "\\n".to_string(),
            c => c.to_string(),
        };
        format!("\"{}\"", text.chars().map(escape).collect::<String>())
    }

    /// A side of a comparison: text is lowered where the source compares without case.
    fn compared(&self, expr: &Expr, strength: u8) -> Printed {
        if self.lowered && self.kind(expr) == Some(Kind::Text) && !matches!(expr, Expr::Text(_)) {
            return Ok(format!("lower({})", self.at(expr, 0)?));
        }
        self.at(expr, strength)
    }

    fn binary(&self, op: &str, left: &Expr, right: &Expr) -> Result<(String, u8), String> {
        let both = |strength: u8| Ok::<_, String>((self.at(left, strength)?, self.at(right, strength + 1)?));
        let compare = || Ok::<_, String>((self.compared(left, 5)?, self.compared(right, 5)?));
        Ok(match op {
            "or" => {
                let (left, right) = both(1)?;
                (format!("{left} or {right}"), 1)
            }
            "and" => {
                let (left, right) = both(2)?;
                (format!("{left} and {right}"), 2)
            }
            "+" | "-" => {
                let (left, right) = both(6)?;
                (format!("{left} {op} {right}"), 6)
            }
            "/" if self.kind(left) == Some(Kind::Int) && self.kind(right) == Some(Kind::Int) => {
                (format!("trunc({} / {})", self.at(left, 7)?, self.at(right, 8)?), 9)
            }
            "*" | "/" | "%" => {
                let (left, right) = both(7)?;
                (format!("{left} {op} {right}"), 7)
            }
            "||" => (format!("concat({}, {})", self.at(left, 0)?, self.at(right, 0)?), 9),
            _ => {
                let (left, right) = compare()?;
                (format!("{left} {op} {right}"), 4)
            }
        })
    }

    /// The type of a value, where it can be seen.
    fn kind(&self, expr: &Expr) -> Option<Kind> {
        match expr {
            Expr::Bool(_) | Expr::Not(_) | Expr::In(..) | Expr::IsNull(..) | Expr::Between(..) => Some(Kind::Bool),
            Expr::Number(digits) => Some(if digits.contains('.') { Kind::Float } else { Kind::Int }),
            Expr::Text(_) => Some(Kind::Text),
            Expr::Name(name) | Expr::Member(_, name) => self.fields.kind(name),
            Expr::Index(list, _) => match self.kind(list) {
                Some(Kind::Texts) => Some(Kind::Text),
                _ => None,
            },
            Expr::Negate(inner) => self.kind(inner),
            Expr::Binary("+" | "-" | "*" | "/" | "%", left, right) => match (self.kind(left)?, self.kind(right)?) {
                (Kind::Int, Kind::Int) => Some(Kind::Int),
                _ => Some(Kind::Float),
            },
            Expr::Binary("||", ..) => Some(Kind::Text),
            Expr::Binary(..) => Some(Kind::Bool),
            Expr::Call(name, args) => match name.as_str() {
                "lower" | "upper" | "concat" | "string" => Some(Kind::Text),
                "length" | "count" => Some(Kind::Int),
                "avg" => Some(Kind::Float),
                "add" | "subtract" | "multiply" | "divide" | "modulo" => {
                    let kinds: Option<Vec<Kind>> = args.iter().map(|a| self.kind(a)).collect();
                    Some(if kinds?.iter().all(|k| *k == Kind::Int) { Kind::Int } else { Kind::Float })
                }
                "sum" | "min" | "max" | "abs" | "first" | "last" | "prev" | "next" => self.kind(args.first()?),
                _ => Some(Kind::Bool),
            },
            Expr::Null => None,
        }
    }

    fn attribute(&self, name: &str) -> Printed {
        match self.fields.kind(name) {
            Some(_) => Ok(quoted(name)),
            None => Err(format!("attribute {name} has no type that the events agree on")),
        }
    }

    /// `a.x`, `first(a).x`, `last(a, n).x`, `a[n].x`.
    fn member(&self, of: &Expr, name: &str) -> Printed {
        let field = self.attribute(name)?;
        match of {
            Expr::Name(variable) if self.own == Some(variable) && self.rows => Ok(field),
            Expr::Name(variable) if self.rows => self.end(variable, &field, "last"),
            Expr::Name(variable) => self.end(variable, &field, "first"),
            Expr::Call(end, args) if matches!(end.as_str(), "first" | "last") => match args.as_slice() {
                [Expr::Name(variable)] => self.end(variable, &field, end),
                [Expr::Name(_), Expr::Number(n)] if n == "0" => {
                    self.member(&Expr::Call(end.clone(), vec![args[0].clone()]), name)
                }
                _ => Err(format!("{end} of another place than the end")),
            },
            Expr::Index(variable, index) => match (&**variable, &**index) {
                (Expr::Name(variable), Expr::Number(n)) if n == "0" => self.end(variable, &field, "first"),
                _ => Err("an event of a loop by its number".to_string()),
            },
            _ => Err("a member of something that is no variable".to_string()),
        }
    }

    /// A field of the first or last event of a variable.
    fn end(&self, variable: &str, field: &str, end: &str) -> Printed {
        let steps = self.steps(variable)?;
        let one = |step: &Step| {
            if let Some(via) = &step.via {
                return format!("{via}.{}_{}", step.name, field.trim_matches('`'));
            }
            if step.is_loop { format!("{end}({}.{field})", step.name) } else { format!("{}.{field}", step.name) }
        };
        let mut candidates: Vec<String> = Vec::new();
        let ordered: Vec<&Step> = if end == "first" { steps.iter().collect() } else { steps.iter().rev().collect() };
        for step in ordered {
            candidates.push(one(step));
            if !step.may_be_empty {
                break;
            }
        }
        match candidates.as_slice() {
            [] => Err(format!("variable {variable} before it has taken an event")),
            [only] => Ok(only.clone()),
            several => Ok(format!("coalesce({})", several.join(", "))),
        }
    }

    /// The steps of a variable that may have taken events when the step at hand is judged.
    fn steps(&self, variable: &str) -> Result<Vec<Step>, String> {
        let steps =
            &self.variables.get(variable).ok_or_else(|| format!("variable {variable} is not known here"))?.steps;
        if self.own != Some(variable) {
            return Ok(steps.clone());
        }
        let here = steps.iter().position(|s| Some(s.name.as_str()) == self.own_step).unwrap_or(0);
        Ok(steps
            .iter()
            .take(here + 1)
            .filter(|s| s.is_loop || Some(s.name.as_str()) != self.own_step)
            .cloned()
            .collect())
    }

    fn index(&self, list: &Expr, index: &Expr) -> Result<(String, u8), String> {
        match list {
            Expr::Name(name) if self.fields.kind(name).is_some() => {
                Ok((format!("{}[{}]", quoted(name), self.at(index, 0)?), 9))
            }
            _ => Err("an index into something that is no attribute".to_string()),
        }
    }

    fn call(&self, name: &str, args: &[Expr]) -> Printed {
        let list = |scope: &Self| {
            Ok::<_, String>(args.iter().map(|a| scope.at(a, 0)).collect::<Result<Vec<_>, _>>()?.join(", "))
        };
        match (name, args) {
            ("count", [Expr::Name(variable)]) => self.count(variable),
            ("sum" | "avg" | "min" | "max", [Expr::Member(of, field)]) => match &**of {
                Expr::Name(variable) => self.aggregate(name, variable, field),
                _ => Err(format!("{name} over something that is no variable")),
            },
            ("prev", [Expr::Name(_) | Expr::Member(..), ..]) if self.rows => self.prev(args),
            ("last", [Expr::Name(field)]) if self.rows => self.attribute(field),
            ("first" | "last", [Expr::Member(of, field)]) if self.rows => match &**of {
                Expr::Name(variable) => self.navigated(name, variable, field),
                _ => Err(format!("{name} of something that is no variable")),
            },
            ("wildcard" | "like", [item, patterns @ ..]) => self.wildcard(item, patterns),
            ("array_contains", [list, items @ ..]) if !items.is_empty() => {
                let any = items.iter().map(|item| self.list_has(list, item)).collect::<Result<Vec<_>, _>>()?;
                Ok(format!("({})", any.join(" or ")))
            }
            ("add", [a, b]) => self.at(&Expr::Binary("+", Box::new(a.clone()), Box::new(b.clone())), 9),
            ("subtract", [a, b]) => self.at(&Expr::Binary("-", Box::new(a.clone()), Box::new(b.clone())), 9),
            ("multiply", [a, b]) => self.at(&Expr::Binary("*", Box::new(a.clone()), Box::new(b.clone())), 9),
            ("divide", [a, b]) => self.at(&Expr::Binary("/", Box::new(a.clone()), Box::new(b.clone())), 9),
            ("modulo", [a, b]) => self.at(&Expr::Binary("%", Box::new(a.clone()), Box::new(b.clone())), 9),
            ("contains" | "starts_with" | "ends_with", [a, b]) => {
                Ok(format!("{name}({}, {})", self.compared(a, 0)?, self.compared(b, 0)?))
            }
            ("string", [a]) => Ok(format!("text({})", self.at(a, 0)?)),
            ("concat", _) | ("length" | "lower" | "upper" | "abs", [_]) => Ok(format!("{name}({})", list(self)?)),
            _ => Err(format!("function {name} is not in the language's library with this meaning")),
        }
    }

    /// `first(A.x)`, `last(A.x)` of a row pattern: the row at hand is among those of its own label.
    fn navigated(&self, end: &str, variable: &str, field: &str) -> Printed {
        let attribute = self.attribute(field)?;
        if self.own != Some(variable) {
            return self.end(variable, &attribute, end);
        }
        match (end, self.steps(variable)?.is_empty()) {
            ("last", _) | (_, true) => Ok(attribute),
            _ => Ok(format!("coalesce({}, {attribute})", self.end(variable, &attribute, "first")?)),
        }
    }

    fn count(&self, variable: &str) -> Printed {
        let part = |step: &Step| match (step.is_loop, step.may_be_empty) {
            (false, false) => "1".to_string(),
            (false, true) => format!("(if {}.at is null then 0 else 1)", step.name),
            (true, _) => format!("count({})", step.name),
        };
        let parts: Vec<String> = self.steps(variable)?.iter().map(part).collect();
        Ok(if parts.is_empty() { "0".to_string() } else { format!("({})", parts.join(" + ")) })
    }

    /// A sum or another aggregate of what a variable has taken so far. In a row pattern the event at hand counts.
    fn aggregate(&self, function: &str, variable: &str, field: &str) -> Printed {
        let field_text = self.attribute(field)?;
        let steps = self.steps(variable)?;
        let with_own = self.rows && self.own == Some(variable);
        match (function, steps.as_slice()) {
            ("sum", _) => {
                let part = |step: &Step| match step.is_loop {
                    true => format!("sum({}.{field_text})", step.name),
                    false => format!("coalesce({}.{field_text}, 0)", step.name),
                };
                let mut parts: Vec<String> = steps.iter().map(part).collect();
                if with_own {
                    parts.push(format!("coalesce({field_text}, 0)"));
                }
                Ok(if parts.is_empty() { "0".to_string() } else { format!("({})", parts.join(" + ")) })
            }
            ("min" | "max", _) if !steps.iter().any(|step| step.via.is_some()) && !steps.is_empty() => {
                let part = |step: &Step| match step.is_loop {
                    true => format!("{function}({}.{field_text})", step.name),
                    false => format!("{}.{field_text}", step.name),
                };
                let own = with_own.then(|| field_text.clone());
                let all = steps.iter().map(part).chain(own);
                let joined = all.reduce(|a, b| format!("{function}(coalesce({a}, {b}), coalesce({b}, {a}))"));
                joined.ok_or_else(|| format!("{function} of nothing"))
            }
            (_, [step]) if !with_own && step.is_loop => Ok(format!("{function}({}.{field_text})", step.name)),
            (_, [step]) if !with_own => Ok(format!("{}.{field_text}", step.name)),
            _ => Err(format!("{function} over several steps, or with the event at hand")),
        }
    }

    /// `prev(x, n)` of the event at hand is its partition's row before.
    fn prev(&self, args: &[Expr]) -> Printed {
        let field = match &args[0] {
            Expr::Name(name) => name,
            Expr::Member(of, name) => match &**of {
                Expr::Name(variable) if self.own == Some(variable) => name,
                _ => return Err("prev of another variable".to_string()),
            },
            _ => return Err("prev of something that is no attribute".to_string()),
        };
        let field = self.attribute(field)?;
        match args.get(1) {
            None => Ok(format!("prev({field})")),
            Some(Expr::Number(n)) if n == "1" => Ok(format!("prev({field})")),
            Some(Expr::Number(n)) if n != "0" => Ok(format!("prev({field}, {n})")),
            Some(_) => Err("prev by something that is no positive number".to_string()),
        }
    }

    /// Whether an item is in a list: item by item where text is compared without case.
    fn list_has(&self, list: &Expr, item: &Expr) -> Printed {
        let (item, list) = (self.compared(item, 5)?, self.at(list, 9)?);
        if !self.lowered {
            return Ok(format!("({item} in {list})"));
        }
        let one = |place: usize| format!("lower({list}[{place}]) == {item}");
        let any: Vec<String> = (0..self.fields.longest().max(1)).map(one).collect();
        Ok(format!("(({}) is true)", any.join(" or ")))
    }

    /// `wildcard(s, p, ..)`: `*` is any run of characters, `?` any single one.
    fn wildcard(&self, item: &Expr, patterns: &[Expr]) -> Printed {
        let item = self.compared(item, 5)?;
        let one = |pattern: &Expr| match pattern {
            Expr::Text(text) if !text.contains('?') => Ok(format!("{item} like {}", self.text(text))),
            Expr::Text(text) => {
                let escape = |c: char| match c {
                    '*' => ".*".to_string(),
                    '?' => ".".to_string(),
                    c if c.is_alphanumeric() => c.to_string(),
                    c => format!("\\{c}"),
                };
                let text = if self.lowered { text.to_lowercase() } else { text.clone() };
                let regex: String = text.chars().map(escape).collect();
                Ok(format!("{item} matches {}", Scope { lowered: false, ..*self }.text(&format!("(?s)^{regex}$"))))
            }
            _ => Err("a wildcard that is not written out".to_string()),
        };
        let all = patterns.iter().map(one).collect::<Result<Vec<_>, String>>()?;
        Ok(format!("({})", all.join(" or ")))
    }
}
