//! Flink CEP: every choice is followed, each step says how it relates to the one before.

use serde_json::{Map, Value};

use super::case::Case;
use super::flink_readings::readings;
use super::notation::Expr;
use super::rule::{LIMIT, Rule, Writer, disjoint, filter, quantifier, skip};

/// The word before a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    /// The first of the pattern or of a bracket.
    First,
    Next,
    Then,
    Each,
}

impl Word {
    fn of(contiguity: Option<&Value>) -> Result<Word, String> {
        match contiguity.and_then(Value::as_str) {
            Some("strict") => Ok(Word::Next),
            Some("next") | None => Ok(Word::Then),
            Some("any") => Ok(Word::Each),
            Some(other) => Err(format!("contiguity {other}")),
        }
    }

    fn text(self) -> &'static str {
        match self {
            Word::First => "",
            Word::Next => " next ",
            Word::Then => " then ",
            Word::Each => " then each ",
        }
    }

    /// A bracket's first step follows by the bracket's word; on its own it acts as `then`.
    fn between_rounds(self) -> Word {
        if self == Word::First { Word::Then } else { self }
    }
}

/// How often, in the source's terms.
#[derive(Clone, Copy)]
pub struct Quant {
    pub min: i64,
    pub max: Option<i64>,
    pub greedy: bool,
    pub optional: bool,
}

impl Quant {
    pub fn of(step: &Map<String, Value>) -> Quant {
        let Some(quant) = step.get("quant").and_then(Value::as_object) else {
            return Quant { min: 1, max: Some(1), greedy: false, optional: false };
        };
        let flag = |name: &str| quant.get(name).and_then(Value::as_bool).unwrap_or(false);
        let min = quant.get("min").and_then(Value::as_i64).unwrap_or(1);
        let max = quant.get("max").and_then(Value::as_i64);
        Quant { min: min.max(1), max, greedy: flag("greedy"), optional: flag("optional") || min == 0 }
    }

    fn is_once(self) -> bool {
        self.max == Some(1)
    }
}

/// What holds around a step.
#[derive(Clone, Copy)]
struct Around {
    is_loop: bool,
    may_be_empty: bool,
}

/// Writes the rules of a case.
pub fn rules(case: &Case, writer: &mut Writer<'_>) -> Result<Vec<Rule>, String> {
    if case.expect_error.is_some() {
        return Err("an error of the source's own engine".to_string());
    }
    if case.expect_timeouts.is_some() {
        return Err("partial matches that ran out of time are no output".to_string());
    }
    if case.tie_break.is_some() {
        return Err("events of equal time are ordered by where they lie in the log, not by an attribute".to_string());
    }
    let by: Vec<String> = case.partition_by.iter().map(|f| super::fields::quoted(f)).collect();
    let mut rules = Vec::new();
    for steps in readings(maps(&case.pattern)?, &case.skip)? {
        writer.variables.clear();
        let seq = sequence(&steps, Around { is_loop: false, may_be_empty: false }, None, case.within_ms, writer)?;
        rules.push(Rule {
            by: super::keys(&by),
            within_ms: case.within_ms.map(|ms| ms - 1),
            seq,
            skip: skip(&case.skip, writer)?,
            ..Rule::default()
        });
    }
    Ok(rules)
}

fn maps(steps: &[Value]) -> Result<Vec<Map<String, Value>>, String> {
    steps.iter().map(|step| step.as_object().cloned().ok_or("a step is not an object".to_string())).collect()
}

/// A sequence of steps; `first` is the word before its first one, none at the start of the pattern.
fn sequence(
    steps: &[Map<String, Value>],
    around: Around,
    first: Option<&[Expr]>,
    within_ms: Option<i64>,
    writer: &mut Writer<'_>,
) -> Result<String, String> {
    let mut text = String::new();
    // What the event that the next step takes must not be.
    let mut forbidden: Vec<Expr> = first.unwrap_or_default().to_vec();
    let mut negations: Vec<&Map<String, Value>> = Vec::new();
    // When the first event came.
    let mut begin: Option<String> = None;
    // What greedy loops directly before accept.
    let mut held: Vec<Option<Expr>> = Vec::new();
    for (position, step) in steps.iter().enumerate() {
        if is_negated(step) {
            negations.push(step);
            continue;
        }
        if text.is_empty() && !negations.is_empty() {
            return Err("a negation before the first step of a group".to_string());
        }
        for negation in negations.drain(..) {
            let strict = Word::of(negation.get("contiguity"))? == Word::Next;
            if negation.contains_key("within_prev_ms") {
                return Err("a negation in the middle with a window of its own".to_string());
            }
            let condition = writer.read(negation.get("cond").and_then(Value::as_str))?;
            if held.iter().any(|accepted| !disjoint(accepted.as_ref(), condition.as_ref())) {
                return Err("a negation behind a greedy loop that takes the event".to_string());
            }
            text.push_str(&no(condition.as_ref(), strict, None, writer)?);
            if !strict {
                forbidden.extend(condition.or(Some(Expr::Bool(true))));
            }
        }
        let word = if position == 0 { Word::First } else { Word::of(step.get("contiguity"))? };
        // At the end of a pattern `greedy` says nothing to the source.
        let is_last = first.is_none() && steps[position + 1..].iter().all(is_negated);
        let step = if is_last { &without_greedy(step) } else { step };
        text.push_str(&element(step, word, around, &std::mem::take(&mut forbidden), within_ms, writer)?);
        if position == 0 && !Quant::of(step).optional {
            begin = step.get("var").and_then(Value::as_str).and_then(|variable| writer.first_at(variable));
        }
        // Behind a greedy loop nothing that it accepts may be taken or passed over, also once it is full or broken off.
        let quant = Quant::of(step);
        if !quant.optional {
            held.clear();
        }
        if quant.greedy && step.contains_key("var") {
            held.push(writer.read(step.get("cond").and_then(Value::as_str))?);
        }
        let is_over = quant.max.is_some_and(|max| max > 1)
            || quant.max.is_none() && Word::of(step.get("inner_contiguity"))? == Word::Next;
        if quant.greedy && is_over && step.contains_key("var") && !step.contains_key("until") {
            let accepted = writer.read(step.get("cond").and_then(Value::as_str))?;
            text.push_str(&no(accepted.as_ref(), false, None, writer)?);
            forbidden.extend(accepted.or(Some(Expr::Bool(true))));
        }
    }
    for negation in negations {
        let strict = Word::of(negation.get("contiguity"))? == Word::Next;
        let own = negation.get("within_prev_ms").and_then(Value::as_i64);
        if !strict && own.is_none() && within_ms.is_none() {
            return Err("a negation at the end without a window".to_string());
        }
        if own.is_some() && within_ms.is_some() {
            return Err("two windows over one absence".to_string());
        }
        let condition = writer.read(negation.get("cond").and_then(Value::as_str))?;
        if strict && let Some(ms) = within_ms {
            // The event that completes the match must come in time.
            let begin = begin.as_deref().ok_or("a negation at the end behind what may be left out")?;
            let condition = condition.map_or(Ok("true".to_string()), |c| writer.print(&c, None))?;
            text.push_str(&format!(" next no ev where ({condition}) or at - {begin} >= {ms}ms"));
            continue;
        }
        text.push_str(&no(condition.as_ref(), strict, own, writer)?);
    }
    Ok(text)
}

pub fn is_negated(step: &Map<String, Value>) -> bool {
    step.get("negated").and_then(Value::as_bool) == Some(true)
}

fn without_greedy(step: &Map<String, Value>) -> Map<String, Value> {
    let mut step = step.clone();
    if let Some(Value::Object(quant)) = step.get_mut("quant") {
        quant.remove("greedy");
    }
    step
}

fn no(condition: Option<&Expr>, strict: bool, for_ms: Option<i64>, writer: &Writer<'_>) -> Result<String, String> {
    let word = if strict { " next no ev" } else { " then no ev" };
    let hold = for_ms.map_or(String::new(), |ms| format!(" for {}ms", ms - 1));
    let condition = condition.map(|c| writer.print(c, None)).transpose()?;
    Ok(format!("{word}{hold}{}", filter(&condition.into_iter().collect::<Vec<_>>())))
}

fn element(
    step: &Map<String, Value>,
    word: Word,
    around: Around,
    forbidden: &[Expr],
    within_ms: Option<i64>,
    writer: &mut Writer<'_>,
) -> Result<String, String> {
    let quant = Quant::of(step);
    let inner = Word::of(step.get("inner_contiguity"))?;
    let until = writer.read(step.get("until").and_then(Value::as_str))?;
    let rounds = Rounds { quant, inner, until, step, around, within_ms };
    // A loop whose rounds follow each other otherwise than its first follows what is before is written out.
    let alike = quant.is_once()
        || inner == word.between_rounds()
        || (inner == Word::Next && (step.contains_key("var") || is_strict(step)));
    let own_within = step.contains_key("inner_within_ms");
    let written_out = !quant.is_once() && (!alike || own_within);
    let bracketed = quant.optional && (written_out || quant.min > 1);
    if !written_out && !bracketed {
        return rounds.whole(word, forbidden, writer);
    }
    let inside = Rounds { around: Around { may_be_empty: around.may_be_empty || quant.optional, ..around }, ..rounds };
    let inside = Rounds { quant: Quant { optional: false, ..quant }, ..inside };
    if !bracketed {
        return inside.written_out(word, forbidden, writer);
    }
    let text = if written_out {
        inside.written_out(Word::First, forbidden, writer)?
    } else {
        // Inside of the bracket the loop's rounds would follow by the bracket's word all the same.
        inside.whole(Word::First, forbidden, writer)?
    };
    Ok(format!("{}({text})? each{LIMIT}", word.text()))
}

/// All that is inside of a group is joined strictly.
fn is_strict(step: &Map<String, Value>) -> bool {
    let Some(Value::Array(inner)) = step.get("group") else { return true };
    let strict = |s: &Value| s.get("contiguity").and_then(Value::as_str) == Some("strict");
    inner.iter().skip(1).all(strict)
        && inner.iter().filter_map(Value::as_object).all(|s| is_strict(s) && Quant::of(s).is_once())
}

/// A step or group and how often.
struct Rounds<'s> {
    step: &'s Map<String, Value>,
    quant: Quant,
    inner: Word,
    until: Option<Expr>,
    around: Around,
    within_ms: Option<i64>,
}

impl Rounds<'_> {
    /// The first round and all others, each with its own word before it.
    fn written_out(&self, word: Word, forbidden: &[Expr], writer: &mut Writer<'_>) -> Result<String, String> {
        let once = Quant { min: 1, max: Some(1), greedy: false, optional: false };
        let first = self.part(word, once, forbidden, None, writer)?;
        let max = self.quant.max.map(|max| max - 1);
        if max == Some(0) {
            return Ok(first);
        }
        let others = Quant { min: self.quant.min - 1, max, ..self.quant };
        let consecutive = Rounds { inner: self.inner, ..self.clone_with(others) };
        let Some(until) = &self.until else {
            return Ok(first + &consecutive.part(self.inner, others, &[], None, writer)?);
        };
        // The end of the loop is looked for from its first round on.
        let no_end = no(Some(until), false, None, writer)?;
        let mut text = first;
        let single = Quant { min: 1, max: Some(1), ..others };
        for _ in 0..others.min {
            text.push_str(&no_end);
            text.push_str(&consecutive.part(self.inner, single, &[], None, writer)?);
        }
        let left = others.max.map(|max| max - others.min);
        if left == Some(0) {
            return Ok(text);
        }
        let some = Quant { min: 1, max: left, ..others };
        let rest = consecutive.part(self.inner, some, &[], Some(until), writer)?;
        let greedy = if self.quant.greedy { " greedy" } else { "" };
        Ok(format!("{text} then ({}{rest})?{greedy} each{LIMIT}", no_end.trim_start_matches(" then ")))
    }

    fn clone_with(&self, quant: Quant) -> Self {
        Rounds {
            step: self.step,
            quant,
            inner: self.inner,
            until: self.until.clone(),
            around: self.around,
            within_ms: self.within_ms,
        }
    }

    /// As one loop.
    fn whole(&self, word: Word, forbidden: &[Expr], writer: &mut Writer<'_>) -> Result<String, String> {
        self.part(word, self.quant, forbidden, self.until.as_ref(), writer)
    }

    fn part(
        &self,
        word: Word,
        quant: Quant,
        forbidden: &[Expr],
        until: Option<&Expr>,
        writer: &mut Writer<'_>,
    ) -> Result<String, String> {
        let min = if quant.optional || quant.min == 0 { 0 } else { quant.min };
        let times = quantifier(min, quant.max);
        let has_choice = quant.max != Some(min);
        let consecutive = self.inner == Word::Next && quant.max != Some(1) && word != Word::Next;
        let mut words = String::new();
        if has_choice {
            words.push_str(if quant.greedy { " greedy each" } else { " each" });
        }
        if consecutive {
            words.push_str(" consecutive");
        }
        let mut limits = String::new();
        let own = if quant.is_once() || word != self.inner { "within_prev_ms" } else { "inner_within_ms" };
        let own = self.step.get(own).or_else(|| self.step.get("within_prev_ms"));
        if let Some(ms) = own.and_then(Value::as_i64) {
            let _ = std::fmt::Write::write_fmt(&mut limits, format_args!(" within {}ms", ms - 1));
        }
        if let Some(until) = until {
            let until = writer.print(until, None)?;
            let _ = std::fmt::Write::write_fmt(&mut limits, format_args!(" until {until}"));
        }
        if has_choice || word == Word::Each {
            limits.push_str(LIMIT);
        }
        let around = Around {
            is_loop: self.around.is_loop || quant.max != Some(1),
            may_be_empty: self.around.may_be_empty || min == 0,
        };
        if let Some(Value::Array(group)) = self.step.get("group") {
            let inside = sequence(&maps(group)?, around, Some(forbidden), self.within_ms, writer)?;
            return Ok(format!("{}({inside}){times}{words}{limits}", word.text()));
        }
        let Some(variable) = self.step.get("var").and_then(Value::as_str) else {
            return Err("a step that is neither a variable nor a group".to_string());
        };
        let name = writer.step(variable, around.is_loop, around.may_be_empty);
        let condition = writer.read(self.step.get("cond").and_then(Value::as_str))?;
        let mut conditions = Vec::new();
        if let Some(condition) = &condition {
            conditions.push(writer.print(condition, Some((variable, &name)))?);
        }
        // An event that ends the loop is not taken by it, as its first neither.
        for other in forbidden.iter().chain(&self.until) {
            if !disjoint(condition.as_ref(), Some(other)) {
                conditions.push(format!("({}) is not true", writer.print(other, None)?));
            }
        }
        Ok(format!("{}{name}: ev{times}{words}{limits}{}", word.text(), filter(&conditions)))
    }
}
