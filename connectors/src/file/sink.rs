//! Alerts and side records to files and the terminal. A file is written anew by each run; within it, whole lines of whole
//! transactions.

use std::collections::BTreeMap;
use std::path::PathBuf;

use tripline_engine::io::{AlertRecord, CommitError, Progress, SideKind, SideRecord, SinkError, TransactionalSink};

use super::output::Output;
use super::side;
use crate::terminal::Terminal;

/// A place on this machine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LocalPlace {
    /// A file of JSON Lines; `-` is standard output.
    File(PathBuf),
    /// Coloured lines on standard output.
    Terminal,
}

/// What goes where.
#[derive(Clone, Debug, Default)]
pub struct LocalPlaces {
    /// Alerts of rules that name no sink; `None`: nowhere.
    pub alerts: Option<LocalPlace>,
    /// Alerts of rules that name this sink.
    pub named: BTreeMap<String, LocalPlace>,
    /// Undecodable records.
    pub dead_letters: Option<LocalPlace>,
    /// Late and quarantined events.
    pub late: Option<LocalPlace>,
}

/// The sink.
pub struct LocalSink {
    places: LocalPlaces,
    /// Each place once.
    outputs: BTreeMap<LocalPlace, Writer>,
    progress: Option<Progress>,
}

enum Writer {
    File(Output),
    Terminal(Terminal),
}

impl LocalSink {
    /// A sink for these places; files are made at [`TransactionalSink::recover`].
    pub fn new(places: LocalPlaces) -> Self {
        LocalSink { places, outputs: BTreeMap::new(), progress: None }
    }

    fn all_places(&self) -> impl Iterator<Item = &LocalPlace> {
        let LocalPlaces { alerts, named, dead_letters, late } = &self.places;
        alerts.iter().chain(named.values()).chain(dead_letters).chain(late)
    }

    fn rollback(&mut self) {
        for writer in self.outputs.values_mut() {
            match writer {
                Writer::File(output) => output.rollback(),
                Writer::Terminal(terminal) => terminal.rollback(),
            }
        }
    }
}

impl Writer {
    fn open(place: &LocalPlace) -> Result<Self, SinkError> {
        match place {
            LocalPlace::Terminal => Ok(Writer::Terminal(Terminal::default())),
            LocalPlace::File(path) => match Output::create(path) {
                Ok(output) => Ok(Writer::File(output)),
                Err(error) => Err(SinkError::Configuration(format!("cannot create `{}`: {error}", path.display()))),
            },
        }
    }
}

impl TransactionalSink for LocalSink {
    fn recover(&mut self) -> Result<Option<Progress>, SinkError> {
        if self.outputs.is_empty() {
            let open = |place: &LocalPlace| Ok((place.clone(), Writer::open(place)?));
            self.outputs = self
                .all_places()
                .collect::<std::collections::BTreeSet<_>>()
                .into_iter()
                .map(open)
                .collect::<Result<_, SinkError>>()?;
        }
        self.rollback();
        Ok(self.progress.clone())
    }

    fn begin(&mut self) -> Result<(), SinkError> {
        self.rollback();
        Ok(())
    }

    fn alert(&mut self, alert: &AlertRecord) -> Result<(), SinkError> {
        let LocalPlaces { alerts, named, .. } = &self.places;
        let mut places: Vec<&LocalPlace> = match alert.to.as_slice() {
            [] => alerts.iter().collect(),
            names => names.iter().filter_map(|name| named.get(name)).collect(),
        };
        places.sort();
        places.dedup();
        for place in places {
            match self.outputs.get_mut(place) {
                Some(Writer::File(output)) => output.line(&alert.body),
                Some(Writer::Terminal(terminal)) => terminal.alert(alert),
                None => {}
            }
        }
        Ok(())
    }

    fn side(&mut self, record: &SideRecord) -> Result<(), SinkError> {
        let place = match record.kind {
            SideKind::DeadLetter(_) => &self.places.dead_letters,
            SideKind::Late { .. } | SideKind::Quarantined { .. } => &self.places.late,
        };
        match place.as_ref().and_then(|place| self.outputs.get_mut(place)) {
            Some(Writer::File(output)) => output.line(&side::line(record)),
            Some(Writer::Terminal(terminal)) => terminal.text(&side::line(record)),
            None => {}
        }
        Ok(())
    }

    fn commit(&mut self, progress: &Progress) -> Result<(), CommitError> {
        for writer in self.outputs.values_mut() {
            let written = match writer {
                Writer::File(output) => output.commit(),
                Writer::Terminal(terminal) => terminal.commit(),
            };
            written.map_err(SinkError::Failed)?;
        }
        self.progress = Some(progress.clone());
        Ok(())
    }
}
