//! An alert as a sink takes it.

use super::{Alert, AlertState};
use crate::io::AlertRecord;
use tripline_query_lang::plan::{Plan, Severity};

impl Alert {
    /// What tells this alert from all others: its id, with what it says later behind it.
    fn occurrence(&self, plan: &Plan) -> String {
        let id = self.id(plan);
        match self.state {
            AlertState::Firing => id,
            AlertState::Repeated(count) => format!("{id}-{count}"),
            AlertState::Resolved => format!("{id}-resolved"),
        }
    }

    /// The record to be written; links to traces are added by who has the events' headers.
    pub fn record(&self, plan: &Plan) -> AlertRecord {
        let rule = plan.rules.get(self.rule.index());
        AlertRecord {
            position: self.position.clone(),
            rule: rule.map(|rule| rule.name.clone()).unwrap_or_default(),
            id: self.occurrence(plan),
            to: rule.and_then(|rule| Some(rule.alert.as_ref()?.to.clone())).unwrap_or_default(),
            key: self.key_json(plan).into_bytes(),
            body: self.json(plan).into_bytes(),
            at_us: self.at_us,
            severity: rule.map_or(Severity::Info, |rule| rule.severity()),
            links: Vec::new(),
        }
    }
}
