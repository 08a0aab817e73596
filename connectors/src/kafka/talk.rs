//! What librdkafka says while it works: kept as the cause of a failure, and passed on as notices, not too often.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::ProducerContext;

/// Takes what a person may want to know.
pub(super) type Notice = Arc<dyn Fn(&str) + Send + Sync>;

/// The same trouble is told at most so often.
const NOTICE_EVERY: Duration = Duration::from_secs(10);

/// The context of one client.
pub(super) struct Talk {
    notice: Notice,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    cause: Option<String>,
    denied: Option<String>,
    undelivered: Option<(RDKafkaErrorCode, String)>,
    told: Option<(String, Instant)>,
}

impl Talk {
    pub(super) fn new(notice: Notice) -> Self {
        Talk { notice, heard: Mutex::default() }
    }

    /// The newest trouble, in librdkafka's words, with the broker's address.
    pub(super) fn cause(&self) -> Option<String> {
        self.heard().cause.clone()
    }

    /// The broker refused who we say we are.
    pub(super) fn denied(&self) -> Option<String> {
        self.heard().denied.clone()
    }

    /// The first record since the last call that the broker did not take.
    pub(super) fn take_undelivered(&self) -> Option<(RDKafkaErrorCode, String)> {
        self.heard().undelivered.take()
    }

    /// Forgets the cause: it works again.
    pub(super) fn works(&self) {
        let mut heard = self.heard();
        (heard.cause, heard.told) = (None, None);
    }

    /// Tells a person, unless the same has been told just now.
    pub(super) fn tell(&self, text: &str) {
        let mut heard = self.heard();
        let told = heard.told.as_ref().is_some_and(|(last, at)| last == text && at.elapsed() < NOTICE_EVERY);
        if !told {
            heard.told = Some((text.to_owned(), Instant::now()));
            drop(heard);
            (self.notice)(text);
        }
    }

    fn heard(&self) -> std::sync::MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, text: &str) {
        let cause = cleaned(text);
        let mut heard = self.heard();
        if cause.to_lowercase().contains("authentication") {
            heard.denied = Some(cause.clone());
        }
        heard.cause = Some(cause);
    }
}

/// Without the name of a thread, and without how long it took.
fn cleaned(text: &str) -> String {
    let text = match (text.strip_prefix("[thrd:"), text.find("]: ")) {
        (Some(_), Some(at)) => &text[at + 3..],
        _ => text,
    };
    let end = text.find(" (after ").unwrap_or(text.len());
    text[..end].replace("/bootstrap", "").trim().to_owned()
}

impl ClientContext for Talk {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        let trouble = matches!(
            level,
            RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical | RDKafkaLogLevel::Error
        );
        if (trouble || facility == "FAIL") && !message.contains("brokers are down") {
            self.hear(message);
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::AllBrokersDown) => {}
            Some(RDKafkaErrorCode::Authentication) => self.hear(&format!("authentication failed: {reason}")),
            _ => self.hear(reason),
        }
    }
}

impl ConsumerContext for Talk {}

impl ProducerContext for Talk {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, message)) = result {
            use rdkafka::Message;
            let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
            // What is purged with its transaction says nothing.
            if !matches!(code, RDKafkaErrorCode::PurgeQueue | RDKafkaErrorCode::PurgeInflight) {
                self.heard()
                    .undelivered
                    .get_or_insert_with(|| (code, format!("to topic `{}`: {error}", message.topic())));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_short() {
        let text = "[thrd:127.0.0.1:1/bootstrap]: 127.0.0.1:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection \
                    refused (after 0ms in state CONNECT, 1 identical error(s) suppressed)";
        assert_eq!(cleaned(text), "127.0.0.1:1: Connect to ipv4#127.0.0.1:1 failed: Connection refused");
    }
}
