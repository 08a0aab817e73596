//! A message by what of it changes from one combination to the next: the pieces that speak of one step stand together.
//!
//! ```text
//!  "{a.id} {b.id} {c.id}"       of a: "17 "      of b: "19 "      of c: "23"
//! ```

use std::ops::Range;

use super::voice::{Piece, Reads};
use crate::expr::Scene;
use crate::patterns::Said;
use tripline_query_lang::plan::StepId;

/// The parts of a message, in order.
pub(super) struct Wording {
    parts: Vec<Part>,
    /// By row: which parts speak of it.
    of_rows: Vec<Vec<usize>>,
    /// By row: the first part that is new where this row is the first that changes.
    behind: Vec<usize>,
    /// The parts that depend on more than a row.
    pub of_matches: Vec<usize>,
}

/// Pieces of the message that stand together.
type Part = Range<usize>;

/// What a part depends on.
#[derive(Clone, Copy, PartialEq)]
enum Of {
    /// What stands in a row.
    Row(usize),
    /// More.
    Match,
}

impl Wording {
    /// Of a message about these steps, a row each.
    pub fn new(template: &[Piece], steps: &[StepId]) -> Wording {
        let (last, mut parts) = (steps.len() - 1, Vec::<(Part, Option<Of>)>::new());
        for (index, piece) in template.iter().enumerate() {
            let row = |step| steps.iter().position(|of| *of == step);
            let of = match piece.reads() {
                Reads::Nothing => None,
                Reads::Step(step) => Some(row(step).map_or(Of::Match, Of::Row)),
                Reads::More => Some(Of::Match),
            };
            match parts.last_mut() {
                Some((pieces, before)) if before.is_none() || of.is_none() || *before == of => {
                    (pieces.end, *before) = (index + 1, before.or(of));
                }
                _ => parts.push((index..index + 1, of)),
            }
        }
        // What is always the same is said with the newest event.
        let (parts, of): (Vec<_>, Vec<_>) =
            parts.into_iter().map(|(pieces, of)| (pieces, of.unwrap_or(Of::Row(last)))).unzip();
        let those = |wanted| (0..parts.len()).filter(|part| of[*part] == wanted).collect::<Vec<_>>();
        // The first message is all new.
        let is_new = |of: &Of, row| row == 0 || *of == Of::Match || (row..last).any(|changed| *of == Of::Row(changed));
        let first_new = |row| of.iter().position(|of| is_new(of, row)).unwrap_or(parts.len());
        Wording {
            of_rows: (0..=last).map(|row| those(Of::Row(row))).collect(),
            behind: (0..=last).map(first_new).collect(),
            of_matches: those(Of::Match),
            parts,
        }
    }

    /// How many parts there are.
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    /// The parts that speak of a row.
    #[inline]
    pub fn of_row(&self, row: usize) -> &[usize] {
        &self.of_rows[row]
    }

    /// The first part that is new where a row is the first that changes.
    #[inline]
    pub fn behind(&self, row: usize) -> usize {
        self.behind[row]
    }

    /// What is said of the event that stands in a row of the scene.
    pub fn say(&self, row: usize, template: &[Piece], scene: &Scene<'_>) -> Said {
        let mut said = Said::default();
        for part in &self.of_rows[row] {
            said.push(|text| self.write(*part, template, scene, text));
        }
        said
    }

    /// Appends what a part says of a scene.
    pub fn write(&self, part: usize, template: &[Piece], scene: &Scene<'_>, out: &mut String) {
        template[self.parts[part].clone()].iter().for_each(|piece| piece.write(scene, out));
    }
}
