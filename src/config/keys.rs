//! Every section and key of `tripline.toml`, declared once.

/// A section's keys.
#[derive(Debug)]
pub struct Section {
    /// `[engine]`, `[source.STREAM]`.
    pub header: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Its keys; empty: the names are not fixed here.
    pub keys: &'static [Key],
}

impl Section {
    /// What stands before the dot: `engine`, `source`.
    pub fn name(&self) -> &'static str {
        let name = self.header.trim_matches(['[', ']']);
        name.split_once('.').map_or(name, |(name, _)| name)
    }
}

/// A key.
#[derive(Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What its value is: type, unit, default.
    pub value: &'static str,
    /// What it does.
    pub about: &'static str,
}

const fn key(name: &'static str, value: &'static str, about: &'static str) -> Key {
    Key { name, value, about }
}

/// `[kafka.NAME]`
pub const KAFKA: Section = Section {
    header: "[kafka.NAME]",
    about: "A Kafka cluster under a name of yours. Client settings pass through by their librdkafka names, from an \
            allow-list; `env:NAME` and `file:PATH` keep secrets out of the file.",
    keys: &[],
};

/// `[source.STREAM]`
pub const SOURCE: Section = Section {
    header: "[source.STREAM]",
    about: "Where the events of a stream come from: a topic, or files.",
    keys: &[
        key("kafka", "text: a `[kafka.NAME]`", "the cluster that has the topic"),
        key("topic", "text", "the topic to read; it must exist"),
        key("file", "text or list of texts", "files to read instead of a topic; `-` is standard input, for one stream"),
        key("format", "`json` or `csv`; default by the file's ending, else `json`", "how records are written"),
    ],
};

/// `[table.NAME]`
pub const TABLE: Section = Section {
    header: "[table.NAME]",
    about: "Where the rows of a table come from: a compacted topic, or a file. A table that rules need is read up to what is \
            there before any event is.",
    keys: &[
        key("kafka", "text: a `[kafka.NAME]`", "the cluster that has the topic"),
        key("topic", "text", "the topic to read: a record is a row, one without a value takes its key's row away"),
        key("file", "text", "a file to read instead of a topic; it is read again when it changes"),
        key("format", "`json` or `csv`; default by the file's ending, else `json`", "how rows are written"),
        key(
            "history",
            "text; default FILE`.history` where alerts go to Kafka, else none",
            "where the changes of the file are kept, so that a restart finds them as they came",
        ),
    ],
};

/// `[sink.NAME]`
pub const SINK: Section = Section {
    header: "[sink.NAME]",
    about: "Where alerts go. `alerts` is the sink of every rule that names none.",
    keys: PLACE,
};

/// `[dead_letters]`
pub const DEAD_LETTERS: Section = Section {
    header: "[dead_letters]",
    about: "Where records go that cannot be decoded, with their original bytes and the reason. Without it they are counted, and the \
            end of a run says the first of each kind.",
    keys: PLACE,
};

/// `[late]`
pub const LATE: Section =
    Section { header: "[late]", about: "Where late and quarantined events go. Left out: only counted.", keys: PLACE };

const PLACE: &[Key] = &[
    key("kafka", "text: a `[kafka.NAME]`", "the cluster that has the topic"),
    key("topic", "text", "the topic to write; it must exist"),
    key("file", "text", "a file of JSON Lines instead of a topic; written anew by each run"),
    key("terminal", "bool", "show alerts on standard output instead"),
];

/// `[engine]`
pub const ENGINE: Section = Section {
    header: "[engine]",
    about: "How the engine runs.",
    keys: &[
        key("workers", "int, 1 to 256; default 1", "worker threads; the alerts are the same for any number"),
        key(
            "name",
            "text; default `tripline`",
            "prefix of transactional ids and of the progress topic `NAME-progress`",
        ),
        key("rules", "list of texts", "rule files and folders of them, `*` allowed, relative to this file"),
        key("tick", "duration; default `5ms`", "how long the engine gathers input before it moves on"),
        key(
            "commit_every",
            "duration; default `5ms`",
            "the shortest time between two transactions of alerts; without alerts, progress is committed once a second",
        ),
    ],
};

/// `[param.NAME]`
pub const PARAM: Section = Section {
    header: "[param.NAME]",
    about: "Where the items of a list `param` come from that changes while the rules run. What the rule file says only gives \
            its type; rules ask `x in NAME`.",
    keys: &[
        key("kafka", "text: a `[kafka.NAME]`", "the cluster that has the topic"),
        key(
            "topic",
            "text",
            "a compacted topic: key and value of a record are an item; without a value it leaves the list",
        ),
        key(
            "file",
            "text",
            "a file to read instead, an item a line, blanks around it left out; it is read again when it changes",
        ),
        key("history", "text; default as for a table", "where the changes of the file are kept"),
    ],
};

/// `[params]`
pub const PARAMS: Section = Section {
    header: "[params]",
    about: "Values that override `param` items of the rules, by name: as a rule file writes them, lists also as lists.",
    keys: &[],
};

/// All sections in the order of the reference page.
pub const SECTIONS: &[&Section] = &[&KAFKA, &SOURCE, &TABLE, &SINK, &DEAD_LETTERS, &LATE, &ENGINE, &PARAMS, &PARAM];

/// The reference page, docs/reference/config.md; with the client settings that are passed on and refused.
pub fn reference(settings: &[(&str, Vec<&str>)]) -> String {
    let mut page = String::from(
        "# tripline.toml\n\n<!-- Generated from src/config/keys.rs: UPDATE=1 cargo test config_reference -->\n\nUnknown keys are \
         errors. All faults are reported at once, before anything starts, with exit code 2: those of this file, of the values of \
         params, of files that are missing or would be written over, and what the rules lack. Paths are relative to the file.\n\
         [running.md](running.md) says how records and files are written, and how a run is watched and stopped.\n",
    );
    for section in SECTIONS {
        page.push_str(&format!("\n## `{}`\n\n{}\n", section.header, section.about));
        if !section.keys.is_empty() {
            page.push_str("\n| key | value | what it does |\n|---|---|---|\n");
        }
        for Key { name, value, about } in section.keys {
            page.push_str(&format!("| `{name}` | {value} | {about} |\n"));
        }
        if section.header == KAFKA.header {
            for (heading, names) in settings {
                page.push_str(&format!("\n{heading}: `{}`\n", names.join("`, `")));
            }
        }
    }
    page
}
