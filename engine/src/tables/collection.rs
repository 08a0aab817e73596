//! One table as an arranged collection over event time: (key, row) pairs, each from a time to a time.

use differential_dataflow::operators::arrange::TraceAgent;
use differential_dataflow::operators::arrange::upsert::arrange_from_upsert;
use differential_dataflow::trace::cursor::cursor_list;
use differential_dataflow::trace::implementations::{ValBuilder, ValSpine};
use differential_dataflow::trace::{Cursor, TraceReader};
use timely::container::CapacityContainerBuilder;
use timely::dataflow::InputHandle;
use timely::dataflow::ProbeHandle;
use timely::dataflow::operators::{Input, Probe};
use timely::progress::Antichain;
use timely::worker::Worker;

type Spine = ValSpine<Vec<u8>, Vec<u8>, i64, isize>;
type Builder = ValBuilder<Vec<u8>, Vec<u8>, i64, isize>;

/// A key, its new row if it has one, and from when on.
pub(super) type Upsert = (Vec<u8>, Option<Vec<u8>>, i64);

/// See the module's text.
pub(super) struct Collection {
    input: InputHandle<i64, CapacityContainerBuilder<Vec<Upsert>>>,
    probe: ProbeHandle<i64>,
    trace: TraceAgent<Spine>,
}

/// What was found for a key at a time, and the stretch of time, its end excluded, for which it is the same.
pub(super) struct Found {
    pub row: Option<Vec<u8>>,
    pub from_us: i64,
    pub until_us: i64,
}

impl Collection {
    /// Empty.
    pub fn new(worker: &mut Worker) -> Collection {
        let mut input = InputHandle::new();
        let probe = ProbeHandle::new();
        let trace = worker.dataflow(|scope| {
            let upserts = scope.input_from(&mut input);
            let arranged = arrange_from_upsert::<Builder, Spine, Vec<u8>, Vec<u8>>(upserts, "table");
            arranged.stream.probe_with(&probe);
            arranged.trace
        });
        Collection { input, probe, trace }
    }

    /// Puts changes in that all lie before this time, each key at most once at a time.
    pub fn put(&mut self, mut upserts: Vec<Upsert>, until_us: i64, worker: &mut Worker) {
        self.input.send_batch(&mut upserts);
        self.input.advance_to(until_us);
        self.input.flush();
        while self.probe.less_than(&until_us) {
            worker.step();
        }
        // Only the whole of the changes is ever read, so all of them may be merged.
        self.trace.set_physical_compaction(Antichain::from_elem(until_us).borrow());
    }

    /// No look-up will ask for an earlier time than this.
    pub fn compact(&mut self, before_us: i64) {
        self.trace.set_logical_compaction(Antichain::from_elem(before_us).borrow());
    }

    /// The row of the key at this time.
    pub fn look_up(&mut self, key: &[u8], at_us: i64) -> Found {
        let mut found = Found { row: None, from_us: i64::MIN, until_us: i64::MAX };
        let (mut cursor, storage) = cursor_list(self.batches());
        let key = key.to_vec();
        cursor.seek_key(&storage, &key);
        if cursor.get_key(&storage) != Some(&key) {
            return found;
        }
        while let Some(row) = cursor.get_val(&storage) {
            let mut count = 0;
            cursor.map_times(&storage, |time, diff| {
                if *time <= at_us {
                    count += *diff;
                    found.from_us = found.from_us.max(*time);
                } else {
                    found.until_us = found.until_us.min(*time);
                }
            });
            if count > 0 {
                found.row = Some(row.clone());
            }
            cursor.step_val(&storage);
        }
        found
    }

    fn batches(&mut self) -> Vec<<TraceAgent<Spine> as TraceReader>::Batch> {
        self.trace.batches_through(Antichain::new().borrow()).unwrap_or_default()
    }

    /// How many comings and goings of rows are kept.
    #[cfg(test)]
    pub fn kept(&mut self) -> usize {
        let (mut cursor, storage) = cursor_list(self.batches());
        cursor.to_vec(&storage, |_| (), |_| ()).iter().map(|(_, times)| times.len()).sum()
    }
}
