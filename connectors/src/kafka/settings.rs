//! Which client settings a user may give, by their librdkafka names.

use tripline_query_lang::diagnostics::nearest;

/// What a setting is for: a consumer's are not handed to a producer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Any,
    Consumer,
    Producer,
}

/// Settings that are passed on.
const ALLOWED: &[(Kind, &[&str])] = &[
    (
        Kind::Any,
        &[
            "allow.auto.create.topics",
            "api.version.request",
            "api.version.request.timeout.ms",
            "bootstrap.servers",
            "broker.address.family",
            "broker.address.ttl",
            "client.dns.lookup",
            "client.id",
            "client.rack",
            "connections.max.idle.ms",
            "enable.ssl.certificate.verification",
            "metadata.broker.list",
            "metadata.max.age.ms",
            "receive.message.max.bytes",
            "reconnect.backoff.max.ms",
            "reconnect.backoff.ms",
            "retry.backoff.max.ms",
            "retry.backoff.ms",
            "sasl.mechanism",
            "sasl.mechanisms",
            "sasl.oauthbearer.client.id",
            "sasl.oauthbearer.client.secret",
            "sasl.oauthbearer.extensions",
            "sasl.oauthbearer.method",
            "sasl.oauthbearer.scope",
            "sasl.oauthbearer.token.endpoint.url",
            "sasl.password",
            "sasl.username",
            "security.protocol",
            "socket.connection.setup.timeout.ms",
            "socket.keepalive.enable",
            "socket.max.fails",
            "socket.nagle.disable",
            "socket.receive.buffer.bytes",
            "socket.send.buffer.bytes",
            "socket.timeout.ms",
            "ssl.ca.location",
            "ssl.ca.pem",
            "ssl.certificate.location",
            "ssl.certificate.pem",
            "ssl.cipher.suites",
            "ssl.crl.location",
            "ssl.curves.list",
            "ssl.endpoint.identification.algorithm",
            "ssl.key.location",
            "ssl.key.password",
            "ssl.key.pem",
            "ssl.keystore.location",
            "ssl.keystore.password",
            "ssl.sigalgs.list",
            "topic.metadata.refresh.interval.ms",
        ],
    ),
    (
        Kind::Consumer,
        &[
            "check.crcs",
            "fetch.error.backoff.ms",
            "fetch.max.bytes",
            "fetch.message.max.bytes",
            "fetch.min.bytes",
            "fetch.queue.backoff.ms",
            "fetch.wait.max.ms",
            "group.id",
            "max.partition.fetch.bytes",
            "queued.max.messages.kbytes",
            "queued.min.messages",
        ],
    ),
    (
        Kind::Producer,
        &[
            "batch.num.messages",
            "batch.size",
            "compression.codec",
            "compression.level",
            "compression.type",
            "delivery.timeout.ms",
            "linger.ms",
            "message.max.bytes",
            "message.timeout.ms",
            "queue.buffering.max.kbytes",
            "queue.buffering.max.messages",
            "queue.buffering.max.ms",
            "request.timeout.ms",
            "transaction.timeout.ms",
        ],
    ),
];

/// Settings that exactly-once delivery rests on.
const OURS: &[&str] = &[
    "acks",
    "auto.commit.interval.ms",
    "auto.offset.reset",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.idempotence",
    "enable.partition.eof",
    "isolation.level",
    "max.in.flight",
    "max.in.flight.requests.per.connection",
    "message.send.max.retries",
    "partitioner",
    "request.required.acks",
    "retries",
    "transactional.id",
];

/// Settings that run a program or load a library, or name a file for librdkafka to write.
const DANGEROUS: &[&str] = &[
    "offset.store.path",
    "plugin.library.paths",
    "sasl.kerberos.keytab",
    "sasl.kerberos.kinit.cmd",
    "ssl.engine.id",
    "ssl.engine.location",
    "ssl.providers",
];

/// All settings that this page of the reference lists: a heading, and the names under it.
pub fn settings() -> Vec<(&'static str, Vec<&'static str>)> {
    let heading = |kind: Kind| match kind {
        Kind::Any => "passed on to every client",
        Kind::Consumer => "passed on to what reads",
        Kind::Producer => "passed on to what writes",
    };
    let allowed = ALLOWED.iter().map(|(kind, names)| (heading(*kind), names.to_vec()));
    let refused = [
        ("refused: exactly-once delivery rests on them", OURS),
        ("refused: they run, load or write something", DANGEROUS),
    ];
    allowed.chain(refused.map(|(heading, names)| (heading, names.to_vec()))).collect()
}

/// What a setting that is passed on is for.
pub(super) fn kind(name: &str) -> Option<Kind> {
    ALLOWED.iter().find(|(_, names)| names.contains(&name)).map(|(kind, _)| *kind)
}

/// Why a setting is not passed on; `None`: it is.
pub fn refusal(name: &str) -> Option<String> {
    if kind(name).is_some() {
        return None;
    }
    if OURS.contains(&name) {
        return Some(format!("`{name}` is set by Tripline itself: exactly-once delivery rests on it"));
    }
    if DANGEROUS.contains(&name) {
        return Some(format!("`{name}` is not passed on: it names something to run, load or write"));
    }
    let known = ALLOWED.iter().flat_map(|(_, names)| names.iter().copied());
    Some(match nearest(name, known) {
        Some(near) => format!("there is no client setting `{name}`; did you mean `{near}`?"),
        None => format!("there is no client setting `{name}` that is passed on; see docs/reference/config.md"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_passed_on_or_refused_with_a_reason() {
        assert_eq!(refusal("bootstrap.servers"), None);
        assert_eq!(refusal("sasl.password"), None);
        let why = |name| refusal(name).unwrap_or_default();
        assert!(why("bootstrap.server").ends_with("did you mean `bootstrap.servers`?"));
        assert!(why("isolation.level").contains("set by Tripline itself"));
        assert!(why("plugin.library.paths").contains("not passed on"));
        assert!(why("sasl.kerberos.kinit.cmd").contains("not passed on"));
        assert!(why("nonsense").contains("no client setting `nonsense`"));
    }

    #[test]
    fn librdkafka_knows_every_setting() {
        use rdkafka::error::KafkaError;
        use rdkafka::types::RDKafkaConfRes::RD_KAFKA_CONF_UNKNOWN;
        for name in ALLOWED.iter().flat_map(|(_, names)| names.iter()) {
            // A value that does not fit is an error of another kind.
            let set = rdkafka::ClientConfig::new().set(*name, "1").create_native_config();
            let unknown = matches!(set, Err(KafkaError::ClientConfig(RD_KAFKA_CONF_UNKNOWN, ..)));
            assert!(!unknown, "{name}");
        }
    }
}
