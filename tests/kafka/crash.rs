//! Exactly once, whatever happens to the program or the broker: killed at random, stopped and overtaken, cut off.

use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rdkafka::producer::{BaseProducer, Producer};

use crate::broker::Broker;
use crate::engine::{Deployment, pass};
use crate::load::{DONE_AT_US, Item, PARTITIONS, Random, load, truth};
use crate::program::check;
use crate::topic::{self, PATIENCE};

/// How often the program is killed.
const KILLS: usize = 20;

/// A seed of its own for each run, printed with the test; `SEED=n` repeats one.
fn seed(test: &str) -> u64 {
    let given = std::env::var("SEED").ok().and_then(|text| text.parse().ok());
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
    let seed = given.unwrap_or_else(now);
    println!("{test}: SEED={seed}");
    seed
}

/// Writes a load bit by bit while a test goes on.
struct Writer {
    allowed: Sender<usize>,
    thread: JoinHandle<()>,
}

impl Writer {
    fn start(broker: &Broker, topic: &str, items: Vec<Item>) -> Writer {
        let producer: BaseProducer = broker.config().set("enable.idempotence", "true").create().unwrap();
        let (allowed, allowances) = channel::<usize>();
        let topic = topic.to_owned();
        let thread = std::thread::spawn(move || {
            let mut left = &items[..];
            for allowance in allowances {
                let (now, later) = left.split_at(allowance.min(left.len()));
                for bit in now.chunks(BIT) {
                    bit.iter().for_each(|item| topic::send(&producer, &topic, item.put(), None));
                    producer.poll(BIT_EVERY);
                }
                left = later;
            }
            left.iter().for_each(|item| topic::send(&producer, &topic, item.put(), None));
            producer.flush(4 * PATIENCE).unwrap();
        });
        Writer { allowed, thread }
    }

    /// So many more, over the next second or so.
    fn go_on(&self, events: usize) {
        self.allowed.send(events).unwrap();
    }

    /// Writes what is left at once.
    fn finish(self) {
        drop(self.allowed);
        self.thread.join().unwrap();
    }
}

/// So many events every so often.
const BIT: usize = 20;
const BIT_EVERY: Duration = Duration::from_millis(20);

/// The deployment has committed what an unharmed one commits, and what the load's truth says.
fn equals_unharmed(broker: &Broker, deployment: &Deployment<'_>, input: &str, items: &[Item]) {
    let alerts = deployment.alerts();
    check(deployment, &alerts, &truth(items));
    let unharmed = Deployment::new(broker, &format!("{input}-unharmed"), input);
    unharmed.run_through(1, DONE_AT_US);
    assert_eq!(alerts, unharmed.alerts());
    for side in ["dead", "late"] {
        assert_eq!(deployment.origins(side), unharmed.origins(side), "{side}");
    }
}

#[test]
fn killed_at_random_it_loses_and_doubles_nothing() {
    let (broker, input) = (Broker::shared(), "crash-killed");
    let mut random = Random::new(seed(input));
    topic::create(broker, input, PARTITIONS, &[]);
    let items = load(random.below(u64::MAX), 20_000);
    let writer = Writer::start(broker, input, items.clone());
    let deployment = Deployment::new(broker, input, input);
    for kill in 0..KILLS {
        writer.go_on(items.len() / (KILLS + 2));
        let mut engine = deployment.start(1 + kill % 3);
        // Half of the kills come any time after the start of the process, half while it is at work.
        if random.below(2) == 0 {
            engine.wait_to_start();
        }
        pass(Duration::from_millis(random.below(700)));
        assert!(engine.is_running(), "{}", engine.said());
        engine.kill();
    }
    writer.finish();
    deployment.run_through(2, DONE_AT_US);
    equals_unharmed(broker, &deployment, input, &items);
}

#[test]
fn a_stopped_one_that_was_overtaken_writes_nothing_more() {
    let (broker, input) = (Broker::shared(), "crash-zombie");
    let mut random = Random::new(seed(input));
    topic::create(broker, input, PARTITIONS, &[]);
    let items = load(random.below(u64::MAX), 10_000);
    let writer = Writer::start(broker, input, items.clone());
    let deployment = Deployment::new(broker, input, input);
    writer.go_on(5_000);
    let mut zombie = deployment.start(1);
    deployment.wait_until(&mut zombie, |progress| progress["generation"] == 1);
    pass(Duration::from_millis(random.below(500)));
    zombie.signal(libc::SIGSTOP);
    let mut successor = deployment.start(1);
    deployment.wait_until(&mut successor, |progress| progress["generation"] == 2);
    zombie.signal(libc::SIGCONT);
    let status = zombie.wait(PATIENCE);
    assert_eq!(status.code(), Some(3), "{}", zombie.said());
    assert!(zombie.said().contains("younger"), "{}", zombie.said());
    writer.finish();
    deployment.wait_for(&mut successor, DONE_AT_US);
    successor.terminate();
    assert!(deployment.progress().iter().all(|progress| progress["generation"] == 2));
    equals_unharmed(broker, &deployment, input, &items);
}

#[test]
fn a_broker_that_is_stopped_and_started_again_costs_nothing_but_time() {
    let (broker, input) = (Broker::own(), "crash-broker");
    let mut random = Random::new(seed(input));
    topic::create(&broker, input, PARTITIONS, &[]);
    let items = load(random.below(u64::MAX), 10_000);
    let writer = Writer::start(&broker, input, items.clone());
    let deployment = Deployment::new(&broker, input, input);
    let mut engine = deployment.start(2);
    engine.wait_to_start();
    for _ in 0..2 {
        writer.go_on(3_000);
        pass(Duration::from_millis(300 + random.below(700)));
        // The broker goes with the program's transaction open, and not while it ends one: it would forget the end.
        engine.signal(libc::SIGSTOP);
        pass(Duration::from_millis(500));
        broker.settle();
        broker.stop();
        engine.signal(libc::SIGCONT);
        pass(Duration::from_millis(random.below(1000)));
        broker.start();
    }
    writer.finish();
    deployment.wait_for(&mut engine, DONE_AT_US);
    engine.terminate();
    equals_unharmed(&broker, &deployment, input, &items);
}

#[test]
fn told_to_end_under_load_it_ends_well_and_goes_on_where_it_was() {
    let (broker, input) = (Broker::shared(), "crash-told");
    let mut random = Random::new(seed(input));
    topic::create(broker, input, PARTITIONS, &[]);
    let items = load(random.below(u64::MAX), 6_000);
    let writer = Writer::start(broker, input, items.clone());
    let deployment = Deployment::new(broker, input, input);
    for _ in 0..3 {
        writer.go_on(1_500);
        let mut engine = deployment.start(1);
        engine.wait_to_start();
        pass(Duration::from_millis(random.below(500)));
        engine.terminate();
    }
    writer.finish();
    deployment.run_through(1, DONE_AT_US);
    equals_unharmed(broker, &deployment, input, &items);
}
