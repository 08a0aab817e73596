//! The demo's sink: shows alerts when they are committed, and keeps who was caught.

use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use tripline_connectors::terminal::alert_line;
use tripline_engine::io::{AlertRecord, Cause, CommitError, Progress, SideRecord, SinkError, TransactionalSink};

use super::latency::Latency;

/// Who was caught: rule and key's value, in order of commit.
pub type Caught = Arc<Mutex<Vec<(String, String)>>>;

/// Shows and keeps alerts.
pub struct DemoSink {
    /// One JSON object a line instead of a coloured line.
    pub json: bool,
    /// Who was caught.
    pub caught: Caught,
    /// Takes the time of each alert.
    pub latency: Arc<Latency>,
    /// Alerts of the open transaction.
    pub open: Vec<AlertRecord>,
    /// The last committed progress.
    pub progress: Option<Progress>,
}

impl DemoSink {
    fn show(&self, alert: &AlertRecord) -> std::io::Result<()> {
        let mut out = anstream::stdout();
        if self.json {
            out.write_all(&alert.body)?;
            writeln!(out)
        } else {
            writeln!(out, "{}", alert_line(alert))
        }
    }

    fn keep(&self, alert: &AlertRecord) {
        if let Cause::Event { topic, partition, offset, .. } = &alert.position.cause {
            self.latency.committed(topic, *partition, *offset);
        }
        let mut caught = self.caught.lock().unwrap_or_else(PoisonError::into_inner);
        caught.push((alert.rule.clone(), only_value(&alert.key)));
    }
}

/// The value of a key of one part, from its JSON object.
fn only_value(key: &[u8]) -> String {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(key).unwrap_or_default();
    object.values().next().and_then(|value| value.as_str()).unwrap_or_default().to_owned()
}

impl TransactionalSink for DemoSink {
    fn recover(&mut self) -> Result<Option<Progress>, SinkError> {
        self.open.clear();
        Ok(self.progress.clone())
    }

    fn begin(&mut self) -> Result<(), SinkError> {
        self.open.clear();
        Ok(())
    }

    fn alert(&mut self, alert: &AlertRecord) -> Result<(), SinkError> {
        self.open.push(alert.clone());
        Ok(())
    }

    fn side(&mut self, _record: &SideRecord) -> Result<(), SinkError> {
        Ok(())
    }

    fn commit(&mut self, progress: &Progress) -> Result<(), CommitError> {
        for alert in &std::mem::take(&mut self.open) {
            self.keep(alert);
            self.show(alert).map_err(|e| SinkError::Failed(format!("cannot write to standard output: {e}")))?;
        }
        self.progress = Some(progress.clone());
        Ok(())
    }
}
