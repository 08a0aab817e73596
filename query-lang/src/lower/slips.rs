//! Names and texts that differ in one letter: two sinks, two steps or `with` fields of a rule, two texts that a field is
//! compared with.

use std::collections::BTreeMap;

use crate::ast::{self, BinaryOp, Body, ExprKind, Node};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::warnings::ONE_LETTER_OFF;
use crate::diagnostics::similar::distance;
use crate::resolve::{MakerKind, World};
use crate::span::Span;
use crate::types::looped::children;

/// Shorter ones are not looked at: `DE` and `DK` are both meant.
const LETTERS_MIN: usize = 5;
/// Of more different texts in one place a slip cannot be told.
const DIFFERENT_MAX: usize = 100;

/// Says what is one letter off something else.
pub(super) fn warn(world: &World<'_>) {
    let mut sinks = Said::default();
    let mut texts: BTreeMap<(&str, &str), Said<'_>> = BTreeMap::new();
    for maker in &world.rules {
        let file = maker.file;
        let (mut steps, mut fields) = (Said::default(), Said::default());
        match maker.kind {
            MakerKind::Rule(rule) => {
                if let Some(alert) = &rule.alert {
                    alert.to.iter().for_each(|sink| sinks.add(&sink.text, file, sink.span));
                    alert.with.iter().for_each(|(name, _)| fields.add(&name.text, file, name.span));
                }
            }
            MakerKind::Derive(ast::Derive { emit, .. }) | MakerKind::View(ast::View { emit, .. }) => {
                for one in emit {
                    if let ast::Emit::Field(name) | ast::Emit::Named(name, _) = one {
                        fields.add(&name.text, file, name.span);
                    }
                }
            }
        }
        match maker.body {
            Body::Threshold(threshold) => {
                for on in &threshold.on {
                    on.filter.iter().for_each(|filter| compared(&on.stream.text, filter, file, &mut texts));
                }
            }
            Body::Pattern(pattern) => {
                elements(&pattern.seq, file, &mut steps, &mut texts);
                for absent in &pattern.without {
                    absent.filter.iter().for_each(|filter| compared(&absent.stream.text, filter, file, &mut texts));
                }
            }
            Body::Error(_) => {}
        }
        steps.report(world, "step");
        fields.report(world, "field");
    }
    sinks.report(world, "sink");
    texts.values().for_each(|said| said.report(world, "text"));
}

fn elements<'a>(
    seq: &'a [ast::Element],
    file: usize,
    steps: &mut Said<'a>,
    texts: &mut BTreeMap<(&'a str, &'a str), Said<'a>>,
) {
    for element in seq {
        match &element.node {
            Node::Step(step) => {
                step.name.iter().for_each(|name| steps.add(&name.text, file, name.span));
                step.filter.iter().for_each(|filter| compared(&step.stream.text, filter, file, texts));
            }
            Node::No(absent) => {
                absent.filter.iter().for_each(|filter| compared(&absent.stream.text, filter, file, texts));
            }
            Node::Group(group) => elements(&group.members, file, steps, texts),
            Node::Sub(sub) => elements(&sub.seq, file, steps, texts),
        }
    }
}

/// Collects the texts that a field of the stream is compared with.
fn compared<'a>(stream: &'a str, tree: &'a ast::Expr, file: usize, texts: &mut BTreeMap<(&'a str, &'a str), Said<'a>>) {
    let (item, against): (_, Vec<&ast::Expr>) = match &tree.node {
        ExprKind::Binary(BinaryOp::Equal | BinaryOp::NotEqual, left, right) => match (&left.node, &right.node) {
            (ExprKind::Name(_), _) => (left, vec![right]),
            _ => (right, vec![left]),
        },
        ExprKind::In { item, list, .. } => match &list.node {
            ExprKind::List(items) => (item, items.iter().collect()),
            _ => (item, Vec::new()),
        },
        _ => return children(tree).into_iter().for_each(|child| compared(stream, child, file, texts)),
    };
    let ExprKind::Name(field) = &item.node else { return };
    for one in against {
        if let ExprKind::Text(text) = &one.node {
            texts.entry((stream, field)).or_default().add(text, file, one.span);
        }
    }
}

/// Names or texts of one kind, with the places where each stands.
#[derive(Default)]
struct Said<'a>(BTreeMap<&'a str, Vec<(usize, Span)>>);

impl<'a> Said<'a> {
    fn add(&mut self, text: &'a str, file: usize, span: Span) {
        self.0.entry(text).or_default().push((file, span));
    }

    /// Of two that are near, the rarer one is the slip; of equally frequent ones the one that stands later.
    fn report(&self, world: &World<'_>, what: &str) {
        if self.0.len() > DIFFERENT_MAX {
            return;
        }
        let all: Vec<_> = self.0.iter().collect();
        for (position, (one, of_one)) in all.iter().enumerate() {
            for (other, of_other) in &all[position + 1..] {
                if !is_slip(one, other) {
                    continue;
                }
                let one_is_rarer = (of_one.len(), of_other.first()) < (of_other.len(), of_one.first());
                let (slip, meant, at) = if one_is_rarer { (one, other, of_one) } else { (other, one, of_other) };
                let Some((file, span)) = at.first() else { continue };
                let message = format!("the {what} `{slip}` is one letter off `{meant}`");
                let warning = Diagnostic::new(ONE_LETTER_OFF, *file, *span, message);
                world.report(warning.hint(format!("did you mean `{meant}`?")));
            }
        }
    }
}

/// They differ in one letter, and not in a digit or at the end: `payment1` and `payment2`, `login` and `logins` are meant.
fn is_slip(one: &str, other: &str) -> bool {
    let letters = |text: &str| text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    let long_enough = one.chars().count().min(other.chars().count()) >= LETTERS_MIN;
    let is_prefix = one.starts_with(other) || other.starts_with(one);
    long_enough && !is_prefix && letters(one) != letters(other) && distance(one, other) == 1
}

#[cfg(test)]
mod tests {
    use super::is_slip;

    #[test]
    fn one_letter_is_a_slip_and_a_number_is_none() {
        assert!(is_slip("approved", "aproved") && is_slip("approved", "Approved") && is_slip("slcak", "slack"));
        for (one, other) in [("step1", "step2"), ("login", "logins"), ("DE", "DK"), ("paid", "void"), ("same", "same")]
        {
            assert!(!is_slip(one, other), "{one} {other}");
        }
    }
}
