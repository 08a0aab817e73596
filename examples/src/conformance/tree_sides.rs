//! Esper and Siddhi: sides of a node. All of them, one of them, none of them meanwhile; and what is repeated.

use serde_json::Value;

use super::notation::Expr;
use super::rule::{Writer, disjoint, filter, quantifier};
use super::tree::{Filter, Tree, has_every, inner, is_event, list, waits};

type Text = Result<String, String>;

/// A filter of a part, and whether it has a condition beside its type.
pub struct Role {
    /// All that it asks for.
    pub whole: Expr,
    has_condition: bool,
}

impl Tree {
    /// One of the sides; the first event that completes one decides.
    pub fn or(&mut self, members: &[Value], word: &str, writer: &mut Writer<'_>) -> Text {
        let begins = |m: &Value| is_event(m) || !self.is_esper && !self.again && waits(m);
        if word.is_empty() && !self.begun && !members.iter().all(begins) {
            // The first event of a run says which alternatives it follows.
            return Err("alternatives of more than an event at the start".to_string());
        }
        let mut members: Vec<&Value> = members.iter().collect();
        if self.is_esper && members.iter().all(|m| is_event(m)) {
            // A filter with a condition is served before one without.
            members.sort_by_key(|m| m["filter"].get("cond").is_none_or(Value::is_null));
        }
        let texts: Vec<String> = members.iter().map(|member| self.beside(member, writer)).collect::<Result<_, _>>()?;
        Ok(format!("{word}any of ({})", texts.join(", ")))
    }

    /// All events that a part may take.
    pub fn roles(&mut self, node: &Value, writer: &mut Writer<'_>) -> Result<Vec<Role>, String> {
        let mut roles = Vec::new();
        if let Some(of) = inner(node, "filter") {
            let has_condition = of.get("cond").is_some_and(|c| !c.is_null());
            roles.push(Role { whole: self.filter(of, None, writer)?.whole, has_condition });
            return Ok(roles);
        }
        match node {
            Value::Object(map) => {
                for (name, inner) in map.iter().filter(|(name, _)| !matches!(name.as_str(), "not" | "absent")) {
                    if name != "until" || !inner.is_null() {
                        roles.extend(self.roles(inner, writer)?);
                    }
                }
            }
            Value::Array(nodes) => {
                for node in nodes {
                    roles.extend(self.roles(node, writer)?);
                }
            }
            _ => {}
        }
        Ok(roles)
    }

    /// All sides, in any order; what must not come meanwhile stands before them.
    pub fn and(&mut self, members: &[Value], word: &str, writer: &mut Writer<'_>) -> Text {
        if self.adjacent {
            return Err("sides in any order among adjacent events".to_string());
        }
        let sides: Vec<&Value> = members.iter().filter(|m| !is_absent(m)).collect();
        let absents: Vec<&Value> = members.iter().filter(|m| is_absent(m)).collect();
        if let ([side], [absent]) = (sides.as_slice(), absents.as_slice())
            && let Some(ms) = side.get("interval_ms").and_then(Value::as_i64)
        {
            if !self.begun {
                return Err("a timer from the start".to_string());
            }
            let read = self.absent(absent, writer)?;
            return Ok(format!("{word}no ev for {}ms{}", ms - 1, filter(&read.conditions)));
        }
        let added = self.everywhere.len();
        let text = self.meanwhile(members, word, writer);
        let whole = text.and_then(|text| self.all_sides(&sides, &text, word, writer));
        self.everywhere.truncate(added);
        whole
    }

    /// The text that keeps off what must not come before the sides are there.
    fn meanwhile(&mut self, members: &[Value], word: &str, writer: &mut Writer<'_>) -> Text {
        let mut text = String::new();
        for (place, absent) in members.iter().enumerate().filter(|(_, m)| is_absent(m)) {
            let read = self.absent(absent, writer)?;
            let at_start = word.is_empty() && !self.begun;
            self.keep_apart(members, place, &read, at_start && !self.again, writer)?;
            let is_alone = members.iter().filter(|m| !is_absent(m)).all(|m| inner(m, "filter").is_some());
            if at_start && self.again {
                // What came before is forgotten with the start.
                if !is_alone || members.len() > 2 || self.nested {
                    return Err("what must not have come since a start that comes again".to_string());
                }
            } else if at_start {
                self.everywhere.push(self.never(&read.conditions));
            } else {
                let word = if text.is_empty() { word } else { " then " };
                text.push_str(&format!("{word}no ev{}", filter(&read.conditions)));
            }
        }
        Ok(text)
    }

    /// An event that a side would take, but that must not come: which is served first. `ever`: it must never have come.
    pub fn keep_apart(
        &mut self,
        members: &[Value],
        place: usize,
        absent: &Filter,
        ever: bool,
        writer: &mut Writer<'_>,
    ) -> Result<(), String> {
        let node = inner(&members[place], "absent").or_else(|| members[place]["not"].get("filter"));
        let has_condition = node.is_some_and(|n| n.get("cond").is_some_and(|c| !c.is_null()));
        for (other, side) in members.iter().enumerate().filter(|(_, m)| !is_absent(m)) {
            let roles = self.roles(side, writer)?;
            let in_both = roles.iter().find(|role| !disjoint(Some(&role.whole), Some(&absent.whole)));
            let Some(role) = in_both else { continue };
            let absent_first = match (self.is_esper, has_condition, role.has_condition) {
                (true, true, false) => true,
                (true, false, true) => false,
                _ => place < other,
            };
            if inner(side, "filter").is_none() || ever && !absent_first {
                return Err("one event in two roles".to_string());
            }
            if absent_first && !ever {
                let condition = filter(&absent.conditions).replacen(" where ", "", 1);
                self.everywhere.push(format!("({condition}) is not true"));
            }
        }
        Ok(())
    }

    fn all_sides(&mut self, sides: &[&Value], text: &str, word: &str, writer: &mut Writer<'_>) -> Text {
        let word = if text.is_empty() { word } else { " then " };
        let mut before: Vec<Role> = Vec::new();
        for side in sides {
            let roles = self.roles(side, writer)?;
            let is_taken = |role: &Role| before.iter().any(|b| !disjoint(Some(&b.whole), Some(&role.whole)));
            if roles.iter().any(is_taken) {
                return Err("one event in two roles".to_string());
            }
            before.extend(roles);
        }
        let in_brackets = !text.is_empty() && !text.starts_with(' ');
        let sides: Vec<String> = sides.iter().map(|side| self.beside(side, writer)).collect::<Result<_, _>>()?;
        let whole = match sides.as_slice() {
            [only] => format!("{text}{word}{only}"),
            several => format!("{text}{word}all of ({})", several.join(", ")),
        };
        Ok(if in_brackets { format!("({whole})") } else { whole })
    }

    /// `every (x and not y)` of single events: each y only starts it anew, so each x that is no y.
    pub fn side_alone(&mut self, members: &[Value], writer: &mut Writer<'_>) -> Result<Option<String>, String> {
        let sides: Vec<&Value> = members.iter().filter(|m| !is_absent(m)).collect();
        let [side] = sides.as_slice() else { return Ok(None) };
        if inner(side, "filter").is_none() || inner(side, "quant").is_some() || members.len() < 2 {
            return Ok(None);
        }
        self.again = true;
        self.and(members, "", writer).map(Some)
    }

    fn absent(&mut self, node: &Value, writer: &mut Writer<'_>) -> Result<Filter, String> {
        match (inner(node, "absent"), inner(node, "not")) {
            (Some(of), _) => self.filter(of, None, writer),
            (None, Some(not)) => self.any_event(not, writer),
            _ => Err("a negation of more than an event".to_string()),
        }
    }

    /// A single event, or one of several.
    pub fn any_event(&mut self, node: &Value, writer: &mut Writer<'_>) -> Result<Filter, String> {
        if let Some(of) = inner(node, "filter") {
            return self.filter(of, None, writer);
        }
        let members = list(node, "or").filter(|members| members.iter().all(is_event));
        let members = members.ok_or("a negation of more than an event")?;
        let read = members.iter().map(|member| self.filter(&member["filter"], None, writer));
        let read: Vec<Filter> = read.collect::<Result<_, _>>()?;
        let any: Vec<String> = read.iter().map(|one| format!("({})", one.conditions.join(") and ("))).collect();
        let either = |a, b| Expr::Binary("or", Box::new(a), Box::new(b));
        let variable = read.first().map(|one| one.variable.clone()).unwrap_or_default();
        let whole = read.into_iter().map(|one| one.whole).reduce(either).unwrap_or(Expr::Bool(true));
        Ok(Filter { variable, conditions: vec![format!("({})", any.join(") or ("))], whole })
    }

    /// So many times, or until an event that ends it; that event counts for nothing else.
    pub fn repeat(&mut self, node: &Value, repeated: &Value, word: &str, writer: &mut Writer<'_>) -> Text {
        let min = node.get("min").and_then(Value::as_i64);
        let max = node.get("max").and_then(Value::as_i64);
        let until = match inner(node, "until").filter(|until| !until.is_null()) {
            None => None,
            Some(until) if until.get("interval_ms").is_some() => return Err("a timer from the start".to_string()),
            Some(until) if is_event(until) || list(until, "or").is_some_and(|m| m.iter().all(is_event)) => Some(until),
            Some(_) => return Err("until more than an event".to_string()),
        };
        if until.is_none() && (min != max || min.is_none()) {
            return Err("a repetition that is open without an end".to_string());
        }
        let added = self.everywhere.len();
        let mut ends = String::new();
        if let Some(until) = until {
            let read = self.any_event(until, writer)?;
            if word.is_empty() && !self.begun && !self.again {
                self.everywhere.push(self.never(&read.conditions));
            } else {
                let condition = filter(&read.conditions).replacen(" where ", "", 1);
                let condition = if condition.is_empty() { "true".to_string() } else { condition };
                self.everywhere.push(format!("({condition}) is not true"));
                if min.is_some_and(|min| min > 1) {
                    ends = format!(" until {condition}");
                }
            }
        }
        let times = (min.unwrap_or(0), max);
        let part = match inner(repeated, "filter") {
            Some(of) if times != (1, Some(1)) => self.step_times(of, word, times, &ends, writer),
            Some(of) => self.step(of, word, "", writer),
            None if has_every(repeated) => Err("every within a repetition".to_string()),
            None => self.member(repeated, writer).map(|m| format!("{word}({m}){}{ends}", quantifier(times.0, times.1))),
        };
        self.everywhere.truncate(added);
        let part = part?;
        Ok(match until {
            None => part,
            Some(until) => match inner(until, "filter") {
                Some(of) => part + &self.step(of, " then ", "", writer)?,
                None => part + &self.element(until, " then ", writer)?,
            },
        })
    }
}

/// What must not come, without a time of its own.
fn is_absent(node: &Value) -> bool {
    node.get("not").is_some() || node.get("absent").is_some_and(|a| a.get("for_ms").is_none_or(Value::is_null))
}
