//! `test`: lines with absolute times, values of the fields' types, expectations of known rules.

use crate::ast::{self, Name, TestLineKind};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::{names, types as codes};
use crate::plan::{Expect, ExpectKind, Field, FieldId, Rule, RuleId, StreamId, TableId, Test, TestLine, TestRow};
use crate::resolve::{Entity, Found, World};
use crate::types::check::describe;
use crate::types::constant;
use crate::value::{Type, Value};

use super::rule;

/// 2026-01-01T00:00Z, which tests call `0s`, in microseconds.
const BEGIN_US: i64 = 1_767_225_600_000_000;

/// A test's meaning; what was reported is left out. `rules` are by position, `None` where there were errors.
pub(super) fn lower<'a>(world: &World<'a>, found: &Found<'a, ast::Test>, rules: &[Option<Rule>]) -> Test {
    let file = found.file;
    let mut test = Test {
        title: found.node.title.text.clone(),
        file,
        span: found.span,
        params: Vec::new(),
        lines: Vec::new(),
        rows: Vec::new(),
        end_us: None,
        expects: Vec::new(),
    };
    for line in &found.node.lines {
        let span = line.span;
        match &line.kind {
            TestLineKind::Event { stream, fields, at, arriving } => {
                let at_us = moment(world, file, at);
                let arriving_us = arriving.as_ref().and_then(|arriving| moment(world, file, arriving));
                if let Some(Entity::Table(table)) = world.entity(&stream.text) {
                    if let Some(arriving) = arriving {
                        let fault = Diagnostic::new(names::UNKNOWN, file, arriving.span, "a row has one time");
                        world.report(fault.hint("a row holds from its `at` on"));
                    }
                    let fields = row(world, file, table, stream, fields);
                    test.rows.extend(fields.zip(at_us).map(|(fields, at_us)| TestRow { table, fields, at_us, span }));
                } else if let Some((stream, fields)) = event(world, file, stream, fields)
                    && let Some(at_us) = at_us
                {
                    test.lines.push(TestLine { stream, fields, at_us, arriving_us, span });
                }
            }
            TestLineKind::Param(param) => test.params.extend(self::param(world, file, param)),
            TestLineKind::End(at) => {
                if test.end_us.is_some() {
                    world.fault(names::DUPLICATE, file, span, "the test ends twice");
                }
                test.end_us = moment(world, file, at);
            }
            TestLineKind::Expect { rule, fields, at, resolved } => {
                let at_us = at.as_ref().and_then(|at| moment(world, file, at));
                if let Some((id, rule)) = self::rule(world, file, rule, rules) {
                    let fields = rule.map(|rule| expected(world, file, rule, fields)).unwrap_or_default();
                    let kind = ExpectKind::Alert { rule: id, fields, at_us, resolved: *resolved };
                    test.expects.push(Expect { kind, span });
                }
            }
            TestLineKind::ExpectNo(rule) => {
                if let Some((id, _)) = self::rule(world, file, rule, rules) {
                    test.expects.push(Expect { kind: ExpectKind::No(id), span });
                }
            }
            TestLineKind::ExpectNothingElse => {
                test.expects.push(Expect { kind: ExpectKind::NothingElse, span });
            }
        }
    }
    test
}

/// A point in time: since the begin, or `time("...")`.
fn moment<'a>(world: &World<'a>, file: usize, tree: &'a ast::Expr) -> Option<i64> {
    let (value, ty) = constant::value(world, file, tree, "a point in time")?;
    let us = match value {
        Value::Duration(us) => BEGIN_US.checked_add(us),
        Value::Time(us) => Some(us),
        _ => {
            if ty != Type::Null {
                let message = format!("`{}` is {}, not a point in time", world.text(file, tree.span), describe(&ty));
                let fault = Diagnostic::new(codes::EXPECTED, file, tree.span, message);
                world.report(fault.hint("write `at 90s`, counted from 2026-01-01T00:00Z, or `at time(\"...\")`"));
            }
            return None;
        }
    };
    if us.is_none() {
        world.fault(codes::RANGE, file, tree.span, "this point in time is too far away");
    }
    us
}

type Fields = Vec<(FieldId, Value)>;

fn event<'a>(
    world: &World<'a>,
    file: usize,
    name: &Name,
    fields: &'a [(Name, ast::Expr)],
) -> Option<(StreamId, Fields)> {
    if let Some(Entity::Rule(_)) = world.entity(&name.text) {
        let message = format!("the events of `{}` are made by its rule", name.text);
        let fault = Diagnostic::new(names::MADE, file, name.span, message);
        world.report(fault.hint("give the events that it reads, of streams that are declared by `stream`"));
        return None;
    }
    let id = rule::stream(world, file, name)?;
    let stream = world.stream(id);
    let is_time = |field: FieldId| field == stream.timed_by;
    Some((id, values(world, file, (&name.text, &stream.fields), fields, is_time)))
}

/// A row of a table, if it has a key.
fn row<'a>(
    world: &World<'a>,
    file: usize,
    id: TableId,
    name: &Name,
    fields: &'a [(Name, ast::Expr)],
) -> Option<Fields> {
    let table = world.table(id);
    let given = values(world, file, (&name.text, &table.fields), fields, |_| false);
    let missing = table.keys.iter().find(|key| !given.iter().any(|(field, _)| field == *key));
    let Some(missing) = missing.and_then(|key| table.fields.get(key.index())) else { return Some(given) };
    let message = format!("a row of `{}` has to say its `{}`", name.text, missing.name);
    world.report(Diagnostic::new(names::MISSING, file, name.span, message).label("it is part of the key"));
    None
}

/// The values of the fields that are given; a time cannot be.
fn values<'a>(
    world: &World<'a>,
    file: usize,
    (owner, known): (&str, &[Field]),
    fields: &'a [(Name, ast::Expr)],
    is_time: impl Fn(FieldId) -> bool,
) -> Fields {
    let mut values: Fields = Vec::new();
    for (field, tree) in fields {
        let Some(position) = known.iter().position(|known| known.name == field.text) else {
            let message = format!("`{owner}` has no field `{}`", field.text);
            let fault = Diagnostic::new(names::UNKNOWN_FIELD, file, field.span, message);
            world.report(fault.did_you_mean(&field.text, known.iter().map(|field| field.name.as_str())));
            continue;
        };
        let id = FieldId(position as u32);
        if is_time(id) {
            let message = format!("`{}` is the event's time", field.text);
            let fault = Diagnostic::new(names::DUPLICATE, file, field.span, message);
            world.report(fault.hint("it stands behind the event: `... at 90s`"));
            continue;
        }
        if values.iter().any(|(other, _)| *other == id) {
            world.fault(names::DUPLICATE, file, field.span, format!("`{}` is given twice", field.text));
        }
        match constant::value_of(world, file, tree, &known[position].ty, "a value in a test") {
            // As if left out.
            None | Some(Value::Null) => {}
            Some(value) => values.push((id, value)),
        }
    }
    values
}

fn param<'a>(world: &World<'a>, file: usize, param: &'a ast::Param) -> Option<(String, Value)> {
    let name = &param.name;
    let Some(declared) = world.param_values.get(name.text.as_str()) else {
        let names = world.params.iter().map(|param| param.node.name.text.as_str());
        let fault =
            Diagnostic::new(names::UNKNOWN_PARAM, file, name.span, format!("no param is called `{}`", name.text));
        world.report(fault.did_you_mean(&name.text, names));
        return None;
    };
    let value = match declared.ty {
        // A decimal may have other digits after the point than declared.
        Type::Decimal(_) => match constant::value(world, file, &param.value, "a param")? {
            (value, Type::Decimal(_)) => value,
            _ => constant::value_of(world, file, &param.value, &declared.ty, "a param")?,
        },
        _ => constant::value_of(world, file, &param.value, &declared.ty, "a param")?,
    };
    Some((name.text.clone(), value))
}

/// The rule of this name, and its meaning where it has one.
fn rule<'r>(
    world: &World<'_>,
    file: usize,
    name: &Name,
    rules: &'r [Option<Rule>],
) -> Option<(RuleId, Option<&'r Rule>)> {
    match world.entity(&name.text) {
        Some(Entity::Rule(position)) => Some((RuleId(position as u32), rules.get(position).and_then(Option::as_ref))),
        _ => {
            let fault =
                Diagnostic::new(names::UNKNOWN_RULE, file, name.span, format!("no rule is called `{}`", name.text));
            let rules = world.rules.iter().map(|rule| rule.name.text.as_str());
            world.report(fault.did_you_mean(&name.text, rules));
            None
        }
    }
}

/// Key parts and `with` fields that an alert must have.
fn expected<'a>(world: &World<'a>, file: usize, rule: &Rule, fields: &'a [(Name, ast::Expr)]) -> Vec<(String, Value)> {
    let with = rule.fields.iter().map(|with| (with.name.as_str(), &with.expr.ty));
    let known: Vec<_> = rule.keys.iter().map(|key| (key.name.as_str(), &key.ty)).chain(with).collect();
    let mut values: Vec<(String, Value)> = Vec::new();
    for (name, tree) in fields {
        let Some((_, ty)) = known.iter().find(|(known, _)| *known == name.text) else {
            let message = format!("alerts of `{}` have no field `{}`", rule.name, name.text);
            let fault = Diagnostic::new(names::UNKNOWN_FIELD, file, name.span, message);
            let fault = fault.label("an expectation names parts of the key and `with` fields");
            world.report(fault.did_you_mean(&name.text, known.iter().map(|(known, _)| *known)));
            continue;
        };
        if values.iter().any(|(other, _)| *other == name.text) {
            world.fault(names::DUPLICATE, file, name.span, format!("`{}` is given twice", name.text));
        }
        if let Some(value) = constant::value_of(world, file, tree, ty, "a value in a test") {
            values.push((name.text.clone(), value));
        }
    }
    values
}
