//! What a rule of one sliding sum asks, at a glance: `on tx when sum(amount) over 10m > 500.00 alert every event`.
//!
//! An event is taken in and the sum compared with the constant, as integers of the column and of the state: no scene, no
//! formula and no value is made for it. Only where `when` holds does the rule go on as any other.

use super::rule::Seen;
use super::threshold::{Clause, HistoryBar};
use crate::event::Data;
use crate::history::{Glimpse, HistoryProgram, HistoryState};
use tripline_query_lang::plan::FieldId;

/// A rule of one clause without a further condition, one sliding sum or count, and a constant.
pub(super) struct Glance {
    /// What is added up; `None`: events are counted.
    field: Option<FieldId>,
}

impl Glance {
    /// What the rule asks, if it asks no more.
    pub fn of(on: &[Clause], histories: Option<&HistoryProgram>, bar: Option<&HistoryBar>) -> Option<Glance> {
        let ([clause], Some(_)) = (on, bar) else { return None };
        let field = match histories?.glimpse()? {
            Glimpse::Slot(slot) => Some((*clause.fields.get(slot as usize)?)?),
            Glimpse::Bare => None,
        };
        clause.is_whole().then_some(Glance { field })
    }

    /// Takes the event in; whether `when` holds. `None`: it has to be taken at length.
    #[inline]
    pub fn take(
        &self,
        histories: &HistoryProgram,
        bar: &HistoryBar,
        state: &mut HistoryState,
        seen: &Seen<'_>,
    ) -> Option<bool> {
        let value = match self.field {
            None => Some(0),
            Some(field) => {
                let column = seen.batch.column(field);
                match &column.data {
                    Data::Int(values) | Data::Decimal(values, _) => {
                        values.get(seen.row).copied().filter(|_| column.is_valid(seen.row))
                    }
                    _ => None,
                }
            }
        };
        let sum = histories.slide(state, seen.batch.at_us[seen.row], value)?;
        Some(bar.holds_for(sum))
    }
}
