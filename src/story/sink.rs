//! A sink that hands each alert to somebody when it is committed, and keeps nothing but its progress.

use tripline_engine::io::{AlertRecord, CommitError, Progress, SideRecord, SinkError, TransactionalSink};

/// Whom to tell of an alert.
type Watch = Box<dyn FnMut(&AlertRecord) -> std::io::Result<()> + Send>;

/// Hands alerts over when they are committed.
pub struct WatchedSink {
    watch: Watch,
    /// Alerts of the open transaction.
    open: Vec<AlertRecord>,
    /// The last committed progress.
    progress: Option<Progress>,
}

impl WatchedSink {
    /// Each committed alert goes to `watch`; an error of its ends the run.
    pub fn new(watch: impl FnMut(&AlertRecord) -> std::io::Result<()> + Send + 'static) -> Self {
        WatchedSink { watch: Box::new(watch), open: Vec::new(), progress: None }
    }
}

impl TransactionalSink for WatchedSink {
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
            let told = (self.watch)(alert);
            told.map_err(|e| SinkError::Failed(format!("cannot write to standard output: {e}")))?;
        }
        self.progress = Some(progress.clone());
        Ok(())
    }
}
