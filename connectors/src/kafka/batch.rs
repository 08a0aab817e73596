//! Consuming many records by one call into librdkafka, without a copy: three times as fast as one call a record.
//!
//! Invariants of the unsafe calls: the queue belongs to the consumer, which the [`BatchQueue`] keeps alive; every message that
//! a call hands out is destroyed once, by [`Taken`], after it was visited, also when the visitor panics; what a [`Message`]
//! lends lives no longer than its visit; what lies behind a value is looked at where a record of the broker's own form is there.

use std::ffi::{CStr, CString, c_void};
use std::ptr;
use std::slice;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::types::{RDKafkaMessage, RDKafkaRespErr};
use rdkafka_sys as sys;
use tripline_engine::io::{Headers, Visitor};

use super::talk::Talk;

/// Messages of one call at most.
const CALL_MAX: usize = 1024;

/// The number of a record's headers where there are none.
const NO_HEADERS: u8 = 0;

/// Memory that is there as a whole, or not.
const PAGE: usize = 4096;

/// The queue of a consumer with assigned partitions.
pub(super) struct BatchQueue {
    consumer: BaseConsumer<Talk>,
    queue: *mut sys::rd_kafka_queue_t,
    taken: Vec<*mut RDKafkaMessage>,
}

// SAFETY: librdkafka's handles may be used from any thread; `taken` is empty between calls.
unsafe impl Send for BatchQueue {}

impl BatchQueue {
    /// `None` when the consumer has no queue (no group's name was given).
    pub(super) fn new(consumer: BaseConsumer<Talk>) -> Option<Self> {
        // SAFETY: the client's pointer is valid while the consumer lives.
        let queue = unsafe { sys::rd_kafka_queue_get_consumer(consumer.client().native_ptr()) };
        (!queue.is_null()).then(|| BatchQueue { consumer, queue, taken: Vec::with_capacity(CALL_MAX) })
    }

    pub(super) fn consumer(&self) -> &BaseConsumer<Talk> {
        &self.consumer
    }

    /// Visits up to `max` messages, waiting for the first; gives their number.
    pub(super) fn visit(&mut self, max: usize, wait: Duration, visit: &mut dyn FnMut(Message<'_>)) -> usize {
        // A call waits until it has all that it may take, so what is there is taken first, and only one waited for.
        match self.call(max, Duration::ZERO, visit) {
            0 if !wait.is_zero() => match self.call(1, wait, visit) {
                0 => 0,
                found => found + self.call(max.saturating_sub(found), Duration::ZERO, visit),
            },
            found => found,
        }
    }

    /// The offset after the last record of an assigned partition, as far as the client has heard; no request is made.
    pub(super) fn end_of(&self, topic: &str, partition: i32) -> Option<i64> {
        let topic = CString::new(topic).ok()?;
        let (mut low, mut high) = (-1, -1);
        // SAFETY: the client's pointer is valid while the consumer lives; the name is a C string, and both numbers are set here.
        let found = unsafe {
            let client = self.consumer.client().native_ptr();
            sys::rd_kafka_get_watermark_offsets(client, topic.as_ptr(), partition, &raw mut low, &raw mut high)
        };
        (found == RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0).then_some(high)
    }

    fn call(&mut self, max: usize, wait: Duration, visit: &mut dyn FnMut(Message<'_>)) -> usize {
        let max = max.min(CALL_MAX);
        let wait_ms = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
        self.taken.clear();
        self.taken.reserve(max);
        // SAFETY: the queue is valid, and there is room for `max` pointers, of which the first `found` are set by the call.
        unsafe {
            let found = sys::rd_kafka_consume_batch_queue(self.queue, wait_ms, self.taken.as_mut_ptr(), max);
            self.taken.set_len(usize::try_from(found).unwrap_or(0).min(max));
        }
        let taken = Taken(&mut self.taken);
        for message in taken.0.iter() {
            // SAFETY: the message was handed out by the call above and is destroyed when `taken` is dropped.
            visit(Message(unsafe { &**message }));
        }
        taken.0.len()
    }
}

impl Drop for BatchQueue {
    fn drop(&mut self) {
        // SAFETY: the reference was got by `new`, and the consumer, a field, is dropped after this.
        unsafe { sys::rd_kafka_queue_destroy(self.queue) }
    }
}

/// Messages of one call, destroyed together.
struct Taken<'a>(&'a mut Vec<*mut RDKafkaMessage>);

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        for message in self.0.drain(..) {
            // SAFETY: each was handed out once and is drained here once.
            unsafe { sys::rd_kafka_message_destroy(message) }
        }
    }
}

/// A message in librdkafka's memory.
pub(super) struct Message<'a>(&'a RDKafkaMessage);

impl Message<'_> {
    /// What it reports instead of a record.
    pub(super) fn fault(&self) -> Option<(RDKafkaErrorCode, String)> {
        if self.0.err == RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
            return None;
        }
        let why = self.value().map(|text| String::from_utf8_lossy(text).into_owned()).unwrap_or_default();
        Some((self.0.err.into(), why))
    }

    pub(super) fn partition(&self) -> i32 {
        self.0.partition
    }

    pub(super) fn offset(&self) -> i64 {
        self.0.offset
    }

    pub(super) fn value(&self) -> Option<&[u8]> {
        // SAFETY: librdkafka gives a pointer and the length of what stands there, or null.
        unsafe { bytes(self.0.payload, self.0.len) }
    }

    pub(super) fn key(&self) -> Option<&[u8]> {
        // SAFETY: as for the value.
        unsafe { bytes(self.0.key, self.0.key_len) }
    }

    /// Certainly so; not said of every message without headers.
    ///
    /// Asked for headers, librdkafka makes a reader of them with four allocations, also where there are none: a quarter of what
    /// a record takes of the thread that reads (`benches run q2-kafka`).
    fn has_no_headers(&self) -> bool {
        let Some(value) = self.value().filter(|value| !value.is_empty()) else { return false };
        let end = value.as_ptr_range().end;
        // SAFETY: the message is valid; the call only reads it.
        let epoch = unsafe { sys::rd_kafka_message_leader_epoch(self.0) };
        if epoch < 0 || end.addr().is_multiple_of(PAGE) {
            return false;
        }
        // SAFETY: only records of Kafka's form 2 know their leader's epoch. Their values are lent where they were received or
        // unpacked, and behind the value of each stands the number of its headers, of a byte at least. Where a broken record
        // ends with its value, the byte is still of the value's last page, and whatever it says, there are no headers.
        unsafe { *end == NO_HEADERS }
    }

    /// Milliseconds since the epoch.
    pub(super) fn timestamp_ms(&self) -> Option<i64> {
        let mut kind = sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        // SAFETY: the message is valid; the call only reads it.
        let time = unsafe { sys::rd_kafka_message_timestamp(self.0, &raw mut kind) };
        let there = kind != sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        (there && time >= 0).then_some(time)
    }
}

impl Headers for Message<'_> {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        if self.has_no_headers() {
            return;
        }
        let mut list = ptr::null_mut();
        // SAFETY: the message is valid; names are C strings and values as long as said, both alive with the message. The call
        // parses headers in place, which it may: nothing else looks at them.
        unsafe {
            let message = ptr::from_ref(self.0);
            if sys::rd_kafka_message_headers(message, &raw mut list) != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
                return;
            }
            let (mut name, mut value, mut len) = (ptr::null(), ptr::null::<c_void>(), 0);
            for index in 0.. {
                if sys::rd_kafka_header_get_all(list, index, &raw mut name, &raw mut value, &raw mut len)
                    != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR
                    || visitor(&CStr::from_ptr(name).to_string_lossy(), bytes(value, len)).is_break()
                {
                    return;
                }
            }
        }
    }
}

/// # Safety
/// `start` is null, or `len` bytes stand there and live as long as the result.
unsafe fn bytes<'a>(start: *const c_void, len: usize) -> Option<&'a [u8]> {
    // SAFETY: as the caller promises.
    (!start.is_null()).then(|| unsafe { slice::from_raw_parts(start.cast::<u8>(), len) })
}
