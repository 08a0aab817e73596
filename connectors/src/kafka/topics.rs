//! What a topic is: its id and its partitions, by the DescribeTopics request, which the safe client does not offer.
//!
//! Invariants of the unsafe calls: every handle made here is destroyed here, once, after all that borrows from it; texts and
//! arrays that librdkafka hands out live as long as the event that they belong to, and are copied before it is destroyed.

use std::ffi::{CStr, CString, c_char};
use std::time::Duration;

use rdkafka::client::{Client, ClientContext};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::types::RDKafkaRespErr;
use rdkafka_sys as sys;

/// What the cluster says about a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Topic {
    /// Its identity; empty from brokers that give none.
    pub(super) id: String,
    /// Its partitions, ascending.
    pub(super) partitions: Vec<i32>,
}

/// The id of no topic.
const NO_ID: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// Asks the cluster; `None`: there is no such topic.
pub(super) fn describe<C: ClientContext>(
    client: &Client<C>,
    topic: &str,
    timeout: Duration,
) -> Result<Option<Topic>, String> {
    let name = CString::new(topic).map_err(|_| format!("`{topic:?}` is no topic's name"))?;
    let timeout_ms = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
    let mut names = [name.as_ptr().cast_mut()];
    let rk = client.native_ptr();
    // SAFETY: `rk` lives as long as `client`; `names` and `name` outlive the call that copies them; the guards destroy each
    // handle once, the event before the queue that it came from.
    unsafe {
        let queue = Guard(sys::rd_kafka_queue_new(rk), sys::rd_kafka_queue_destroy);
        let topics = sys::rd_kafka_TopicCollection_of_topic_names(names.as_mut_ptr().cast(), names.len());
        let topics = Guard(topics, sys::rd_kafka_TopicCollection_destroy);
        let options = sys::rd_kafka_AdminOptions_new(rk, sys::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS);
        let options = Guard(options, sys::rd_kafka_AdminOptions_destroy);
        let mut error = [0 as c_char; 256];
        let set =
            sys::rd_kafka_AdminOptions_set_request_timeout(options.0, timeout_ms, error.as_mut_ptr(), error.len());
        if set != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
            return Err(CStr::from_ptr(error.as_ptr()).to_string_lossy().into_owned());
        }
        sys::rd_kafka_DescribeTopics(rk, topics.0, options.0, queue.0);
        let event =
            Guard(sys::rd_kafka_queue_poll(queue.0, timeout_ms.saturating_add(1000)), sys::rd_kafka_event_destroy);
        if event.0.is_null() {
            return Err("no answer in time".to_owned());
        }
        if sys::rd_kafka_event_error(event.0) != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
            return Err(copied(sys::rd_kafka_event_error_string(event.0)));
        }
        let mut count = 0;
        let result = sys::rd_kafka_event_DescribeTopics_result(event.0);
        let found = sys::rd_kafka_DescribeTopics_result_topics(result, &raw mut count);
        if count == 0 || found.is_null() {
            return Ok(None);
        }
        read(*found)
    }
}

/// Copies a description.
///
/// # Safety
/// `description` comes from an event that is not destroyed yet.
unsafe fn read(description: *const sys::rd_kafka_TopicDescription_t) -> Result<Option<Topic>, String> {
    // SAFETY: as the caller promises; `count` entries stand at `partitions`.
    unsafe {
        let error = sys::rd_kafka_TopicDescription_error(description);
        match RDKafkaErrorCode::from(sys::rd_kafka_error_code(error)) {
            RDKafkaErrorCode::NoError => {}
            RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic => return Ok(None),
            code => return Err(code.to_string()),
        }
        let mut count = 0;
        let partitions = sys::rd_kafka_TopicDescription_partitions(description, &raw mut count);
        let number = |i| sys::rd_kafka_TopicPartitionInfo_partition(*partitions.add(i));
        let mut partitions: Vec<i32> = (0..count).map(number).collect();
        partitions.sort_unstable();
        let id = sys::rd_kafka_TopicDescription_topic_id(description);
        let id = if id.is_null() { String::new() } else { copied(sys::rd_kafka_Uuid_base64str(id)) };
        Ok(Some(Topic { id: if id == NO_ID { String::new() } else { id }, partitions }))
    }
}

/// # Safety
/// `text` is null or a C string.
unsafe fn copied(text: *const c_char) -> String {
    // SAFETY: as the caller promises.
    if text.is_null() { String::new() } else { unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned() }
}

/// Destroys a handle, unless it is null.
struct Guard<T>(*mut T, unsafe extern "C" fn(*mut T));

impl<T> Drop for Guard<T> {
    fn drop(&mut self) {
        if !self.0.is_null() {
            // SAFETY: the handle was made for this guard alone, and this is its destructor.
            unsafe { (self.1)(self.0) }
        }
    }
}
