//! A container for timely whose items are few and fat, and its exchange between the workers of one process.

use std::io::Write;

use timely::Accountable;
use timely::bytes::arc::Bytes;
use timely::communication::Push;
use timely::dataflow::channels::pact::DistributorPact;
use timely::dataflow::channels::pushers::exchange::Distributor;
use timely::dataflow::channels::{ContainerBytes, Message};
use timely::progress::Stamp;

/// An item that knows where it goes.
pub trait Addressed {
    /// The worker, from 0.
    fn worker(&self) -> usize;
}

/// Few items, each of them fat.
#[derive(Clone)]
pub struct Fat<T>(pub Vec<T>);

impl<T> Default for Fat<T> {
    fn default() -> Self {
        Fat(Vec::new())
    }
}

impl<T> Accountable for Fat<T> {
    fn record_count(&self) -> i64 {
        self.0.len() as i64
    }
}

/// Items never leave the process: the workers' channels are typed, and these are not called.
impl<T> ContainerBytes for Fat<T> {
    fn from_bytes(_bytes: Bytes) -> Self {
        unreachable!("workers of one process pass items by pointer")
    }

    fn length_in_bytes(&self) -> usize {
        unreachable!("workers of one process pass items by pointer")
    }

    fn into_bytes<W: Write>(&self, _writer: &mut W) {
        unreachable!("workers of one process pass items by pointer")
    }
}

/// Sends every item to its worker at once: none is held back to fill a container.
pub struct ByWorker;

/// The exchange by [`Addressed::worker`].
pub fn by_worker() -> DistributorPact<impl FnOnce(usize) -> ByWorker> {
    DistributorPact(|_peers| ByWorker)
}

impl<T: Addressed> Distributor<Fat<T>> for ByWorker {
    fn partition<S: Clone, P: Push<Message<S, Fat<T>>>>(
        &mut self,
        container: &mut Fat<T>,
        stamp: &Stamp<S>,
        pushers: &mut [P],
    ) {
        let mut shares: Vec<Fat<T>> = pushers.iter().map(|_| Fat::default()).collect();
        for item in container.0.drain(..) {
            let worker = item.worker();
            shares[worker].0.push(item);
        }
        for (mut share, pusher) in shares.into_iter().zip(pushers) {
            if !share.0.is_empty() {
                Message::push_at(&mut share, stamp.clone(), pusher);
            }
        }
    }

    fn flush<S: Clone, P: Push<Message<S, Fat<T>>>>(&mut self, _stamp: &Stamp<S>, _pushers: &mut [P]) {}
}
