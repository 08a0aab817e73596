//! Whether the same events could fill a pattern in two ways: a source reports each, a rule one.

use super::notation::Expr;
use super::rule::disjoint;

/// A part of a pattern.
pub struct Part {
    /// What one round is.
    pub inside: Inside,
    /// Rounds at least.
    pub min: i64,
    /// Rounds at most.
    pub max: Option<i64>,
    /// No round will do, too.
    pub optional: bool,
}

/// One round.
pub enum Inside {
    /// An event for which this holds.
    Event(Option<Expr>),
    /// One of these sequences; a bracket is the only one of its kind.
    OneOf(Vec<Vec<Part>>),
}

/// The longest sequence of events that is looked at, and how many of them.
const LONGEST: usize = 6;
const MOST: usize = 600;

/// Loops are looked at for a few rounds beyond their minimum.
pub fn is_ambiguous(parts: &[Part]) -> bool {
    let mut conditions = Vec::new();
    let words = words(parts, &mut conditions);
    let could_be_one = |a: &usize, b: &usize| a == b || !disjoint(conditions[*a], conditions[*b]);
    let alike = |a: &[usize], b: &[usize]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| could_be_one(a, b));
    words.iter().enumerate().any(|(i, a)| words[i + 1..].iter().any(|b| !a.is_empty() && alike(a, b)))
}

/// The orders in which parts may take events, as numbers of their conditions.
fn words<'p>(parts: &'p [Part], conditions: &mut Vec<Option<&'p Expr>>) -> Vec<Vec<usize>> {
    let mut words: Vec<Vec<usize>> = vec![Vec::new()];
    for part in parts {
        let once: Vec<Vec<usize>> = match &part.inside {
            Inside::OneOf(sequences) => {
                sequences.iter().flat_map(|sequence| self::words(sequence, conditions)).collect()
            }
            Inside::Event(condition) => {
                conditions.push(condition.as_ref());
                vec![vec![conditions.len() - 1]]
            }
        };
        let most = part.max.unwrap_or(i64::MAX).min(part.min + 3);
        let mut rounds: Vec<Vec<usize>> = Vec::new();
        if part.optional || part.min == 0 {
            rounds.push(Vec::new());
        }
        let mut so_far: Vec<Vec<usize>> = vec![Vec::new()];
        for round in 1..=most {
            so_far = joined(&so_far, &once);
            // A round that takes nothing ends the loop.
            so_far.retain(|word| !word.is_empty() || round < part.min);
            if round >= part.min {
                rounds.extend(so_far.iter().cloned());
            }
        }
        words = joined(&words, &rounds);
    }
    words
}

fn joined(before: &[Vec<usize>], behind: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let pairs = before.iter().flat_map(|a| behind.iter().map(move |b| [a.as_slice(), b].concat()));
    pairs.filter(|word| word.len() <= LONGEST).take(MOST).collect()
}
