//! From text to a checked [`Config`], or to all its faults at once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use tripline_query_lang::diagnostics::nearest;
use tripline_query_lang::duration::parse_us;
use tripline_query_lang::value::Value;

use super::keys::{self, Section};
use super::secret::{self, Environment, Secret};
use super::{Config, Engine, Fault, Faults, Format, Origin, Place, TableOrigin, Whence};
use crate::testing::notation;

type Entry<'a> = Spanned<DeValue<'a>>;

/// Reads a configuration that has to be right. `file` is its name for messages; paths in it are relative to `folder`.
/// `stray_settings` names the client settings that may not be passed on, each with the reason.
pub fn read(
    file: &str,
    text: &str,
    folder: &Path,
    environment: &dyn Environment,
    stray_settings: &dyn Fn(&str) -> Option<String>,
) -> Result<Config, Faults> {
    match read_in_part(file, text, folder, environment, stray_settings) {
        (Some(config), faults) if faults.faults.is_empty() => Ok(config),
        (_, faults) => Err(faults),
    }
}

/// The same; gives what of it is right, and all that is wrong. `None`: it is not TOML at all.
pub fn read_in_part(
    file: &str,
    text: &str,
    folder: &Path,
    environment: &dyn Environment,
    stray_settings: &dyn Fn(&str) -> Option<String>,
) -> (Option<Config>, Faults) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader { text, folder, environment, faults: Vec::new(), whence: BTreeMap::new() };
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        reader.fault_at(at, Fault::Syntax(error.message().to_owned()));
    }
    if !reader.faults.is_empty() {
        return (None, Faults { file: file.to_owned(), faults: reader.faults });
    }
    let mut config = reader.config(table.get_ref(), stray_settings);
    (config.file, config.whence) = (file.to_owned(), reader.whence);
    let mut faults = reader.faults;
    faults.sort_by_key(|(line, _)| *line);
    (Some(config), Faults { file: file.to_owned(), faults })
}

struct Reader<'a> {
    text: &'a str,
    folder: &'a Path,
    environment: &'a dyn Environment,
    faults: Vec<(usize, Fault)>,
    whence: BTreeMap<String, Whence>,
}

/// One section while it is read: its name for messages, its place, its entries.
struct Open<'t, 'a> {
    name: String,
    at: usize,
    table: &'t DeTable<'a>,
}

impl<'a> Open<'_, 'a> {
    fn get(&self, key: &str) -> Option<&Entry<'a>> {
        self.table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }
}

impl Reader<'_> {
    fn fault_at(&mut self, at: usize, fault: Fault) {
        self.faults.push((self.line(at), fault));
    }

    fn line(&self, at: usize) -> usize {
        self.text.as_bytes()[..at.min(self.text.len())].iter().filter(|b| **b == b'\n').count() + 1
    }

    fn stands(&mut self, section: &str, at: usize) {
        self.whence.insert(section.to_owned(), Whence::Line(self.line(at)));
    }

    fn config(&mut self, table: &DeTable<'_>, stray_settings: &dyn Fn(&str) -> Option<String>) -> Config {
        let mut config = Config::default();
        for (name, value) in table.iter() {
            let at = name.span().start;
            match &**name.get_ref() {
                "kafka" => self.each(name.get_ref(), value, |r, name, open| {
                    if let Some(settings) = r.client(&open, stray_settings) {
                        config.kafka.insert(name, settings);
                    }
                }),
                "source" => self.each(name.get_ref(), value, |r, name, open| {
                    if let Some(origin) = r.origin(&open) {
                        config.sources.insert(name, origin);
                    }
                }),
                "table" => self.each(name.get_ref(), value, |r, name, open| {
                    if let Some(origin) = r.table_origin(&keys::TABLE, &open) {
                        config.tables.insert(name, origin);
                    }
                }),
                "param" => self.each(name.get_ref(), value, |r, name, open| {
                    if let Some(origin) = r.table_origin(&keys::PARAM, &open) {
                        config.lists.insert(name, origin);
                    }
                }),
                "sink" => self.each(name.get_ref(), value, |r, name, open| {
                    if let Some(place) = r.place(&keys::SINK, &open) {
                        config.sinks.insert(name, place);
                    }
                }),
                "dead_letters" => config.dead_letters = self.single(at, name.get_ref(), value, &keys::DEAD_LETTERS),
                "late" => config.late = self.single(at, name.get_ref(), value, &keys::LATE),
                "engine" => {
                    if let Some(open) = self.open("[engine]".to_owned(), at, value) {
                        config.engine = self.engine(&open);
                    }
                }
                "params" => {
                    if let Some(open) = self.open("[params]".to_owned(), at, value) {
                        config.params = self.params(&open);
                    }
                }
                unknown => {
                    let valid = keys::SECTIONS.iter().map(|section| section.name().to_owned()).collect();
                    self.fault_at(
                        at,
                        Fault::UnknownKey { key: unknown.to_owned(), section: "the file".to_owned(), valid },
                    );
                }
            }
        }
        self.clients_exist(table);
        config
    }

    /// A table of tables: `[source.payment]`.
    fn each<'t, 'a>(
        &mut self,
        kind: &str,
        value: &'t Entry<'a>,
        mut take: impl FnMut(&mut Self, String, Open<'t, 'a>),
    ) {
        let Some(open) = self.open(format!("[{kind}]"), value.span().start, value) else { return };
        for (name, value) in open.table.iter() {
            let section = format!("[{kind}.{}]", name.get_ref());
            if let Some(open) = self.open(section, name.span().start, value) {
                take(self, name.get_ref().to_string(), open);
            }
        }
    }

    fn single(&mut self, at: usize, name: &str, value: &Entry<'_>, section: &Section) -> Option<Place> {
        let open = self.open(format!("[{name}]"), at, value)?;
        self.place(section, &open)
    }

    fn open<'t, 'a>(&mut self, name: String, at: usize, value: &'t Entry<'a>) -> Option<Open<'t, 'a>> {
        self.stands(name.trim_matches(['[', ']']), at);
        match value.get_ref().as_table() {
            Some(table) => Some(Open { name, at, table }),
            None => {
                let (key, section) = (name.trim_matches(['[', ']']).to_owned(), "the file".to_owned());
                let found = shown(value);
                self.fault_at(at, Fault::WrongValue { section, key, found, expected: "a section".to_owned() });
                None
            }
        }
    }

    /// Every key must be one of the section's.
    fn only_known(&mut self, open: &Open<'_, '_>, section: &Section) {
        for (name, _) in open.table.iter() {
            if !section.keys.iter().any(|key| key.name == name.get_ref()) {
                let valid = section.keys.iter().map(|key| key.name.to_owned()).collect();
                let (key, section) = (name.get_ref().to_string(), open.name.clone());
                self.fault_at(name.span().start, Fault::UnknownKey { key, section, valid });
            }
        }
    }

    fn wrong(&mut self, open: &Open<'_, '_>, key: &str, value: &Entry<'_>, expected: &str) {
        let (section, key, found) = (open.name.clone(), key.to_owned(), shown(value));
        self.fault_at(value.span().start, Fault::WrongValue { section, key, found, expected: expected.to_owned() });
    }

    fn text(&mut self, open: &Open<'_, '_>, key: &str) -> Option<String> {
        let value = open.get(key)?;
        let text = value.get_ref().as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        if text.is_none() {
            self.wrong(open, key, value, "a text that is not empty");
        }
        text
    }

    fn texts(&mut self, open: &Open<'_, '_>, key: &str) -> Option<Vec<String>> {
        let value = open.get(key)?;
        let texts = match value.get_ref() {
            DeValue::Array(items) => items.iter().map(|i| i.get_ref().as_str().map(str::to_owned)).collect(),
            one => one.as_str().map(|text| vec![text.to_owned()]),
        };
        if texts.is_none() {
            self.wrong(open, key, value, "a text, or a list of texts");
        }
        texts
    }

    /// The settings of a client; none when any of them is wrong.
    fn client(
        &mut self,
        open: &Open<'_, '_>,
        stray: &dyn Fn(&str) -> Option<String>,
    ) -> Option<BTreeMap<String, Secret>> {
        let faults = self.faults.len();
        let mut settings = BTreeMap::new();
        for (name, value) in open.table.iter() {
            let key = name.get_ref().to_string();
            if let Some(why) = stray(&key) {
                self.fault_at(name.span().start, Fault::Reference { section: open.name.clone(), key, why });
                continue;
            }
            let Some(text) = scalar(value) else {
                self.wrong(open, &key, value, "a text, a number, true or false");
                continue;
            };
            match secret::resolve(&key, &text, self.environment) {
                Ok(setting) => drop(settings.insert(key, setting)),
                Err(why) => {
                    let section = open.name.clone();
                    self.fault_at(value.span().start, Fault::Reference { section, key, why });
                }
            }
        }
        if open.get("bootstrap.servers").is_none() {
            let why = "the brokers' addresses, `host:port,host:port`";
            self.fault_at(open.at, Fault::Missing { section: open.name.clone(), key: "bootstrap.servers", why });
        }
        (self.faults.len() == faults).then_some(settings)
    }

    fn origin(&mut self, open: &Open<'_, '_>) -> Option<Origin> {
        self.only_known(open, &keys::SOURCE);
        let format = self.format(open);
        let files = self.texts(open, "file");
        if let Some(paths) = files {
            if open.get("kafka").is_some() || open.get("topic").is_some() {
                let fault = Fault::Both { section: open.name.clone(), one: "file", other: "topic" };
                self.fault_at(open.at, fault);
            }
            let format = format.unwrap_or_else(|| Format::of_paths(&paths));
            return Some(Origin::Files { paths: paths.iter().map(|p| self.path(p)).collect(), format });
        }
        let (client, topic) = self.topic(open, "where its events come from; or `file`")?;
        if format == Some(Format::Csv) {
            let section = open.name.clone();
            let (found, expected) = ("`csv`".to_owned(), "`json`: a topic's records are JSON".to_owned());
            self.fault_at(open.at, Fault::WrongValue { section, key: "format".to_owned(), found, expected });
        }
        Some(Origin::Kafka { client, topic })
    }

    fn table_origin(&mut self, section: &Section, open: &Open<'_, '_>) -> Option<TableOrigin> {
        self.only_known(open, section);
        let format = self.format(open);
        let history = self.text(open, "history").map(|path| self.path(&path));
        let Some(path) = self.text(open, "file") else {
            let (client, topic) = self.topic(open, "where its rows come from; or `file`")?;
            for (key, is_there) in [("history", history.is_some()), ("format", format == Some(Format::Csv))] {
                if is_there {
                    let fault = Fault::Both { section: open.name.clone(), one: "topic", other: key };
                    self.fault_at(open.at, fault);
                }
            }
            return Some(TableOrigin::Kafka { client, topic });
        };
        if open.get("kafka").is_some() || open.get("topic").is_some() {
            self.fault_at(open.at, Fault::Both { section: open.name.clone(), one: "file", other: "topic" });
        }
        let format = format.unwrap_or_else(|| Format::of_paths(&[&path]));
        Some(TableOrigin::File { path: self.path(&path), format, history })
    }

    fn format(&mut self, open: &Open<'_, '_>) -> Option<Format> {
        match self.text(open, "format")?.as_str() {
            "json" => Some(Format::Json),
            "csv" => Some(Format::Csv),
            _ => {
                if let Some(value) = open.get("format") {
                    self.wrong(open, "format", value, "`json` or `csv`");
                }
                None
            }
        }
    }

    fn topic(&mut self, open: &Open<'_, '_>, why: &'static str) -> Option<(String, String)> {
        let (client, topic) = (self.text(open, "kafka"), self.text(open, "topic"));
        for key in ["kafka", "topic"] {
            if open.get(key).is_none() {
                self.fault_at(open.at, Fault::Missing { section: open.name.clone(), key, why });
            }
        }
        client.zip(topic)
    }

    fn place(&mut self, section: &Section, open: &Open<'_, '_>) -> Option<Place> {
        self.only_known(open, section);
        let ways = ["topic", "file", "terminal"];
        let said: Vec<&'static str> = ways.into_iter().filter(|way| open.get(way).is_some()).collect();
        if let [one, other, ..] = said[..] {
            self.fault_at(open.at, Fault::Both { section: open.name.clone(), one, other });
            return None;
        }
        if let Some(path) = self.text(open, "file") {
            return Some(Place::File(self.path(&path)));
        }
        if let Some(value) = open.get("terminal") {
            if value.get_ref().as_bool() != Some(true) {
                self.wrong(open, "terminal", value, "true");
            }
            return Some(Place::Terminal);
        }
        let (client, topic) = self.topic(open, "where to write; or `file`, or `terminal = true`")?;
        Some(Place::Kafka { client, topic })
    }

    fn engine(&mut self, open: &Open<'_, '_>) -> Engine {
        self.only_known(open, &keys::ENGINE);
        let mut engine = Engine::default();
        if let Some(value) = open.get("workers") {
            let number = value.get_ref().as_integer().and_then(|i| usize::from_str_radix(i.as_str(), i.radix()).ok());
            match number.filter(|n| (1..=256).contains(n)) {
                Some(workers) => engine.workers = workers,
                None => self.wrong(open, "workers", value, "a whole number from 1 to 256"),
            }
        }
        if let Some(name) = self.text(open, "name") {
            if name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)) && name.len() <= 200 {
                engine.name = name;
            } else if let Some(value) = open.get("name") {
                self.wrong(open, "name", value, "letters, digits, `.`, `_` and `-`, as topics are named");
            }
        }
        if let Some(value) = open.get("rules") {
            self.stands("engine.rules", value.span().start);
        }
        engine.rules = self.texts(open, "rules").unwrap_or_default();
        engine.tick = self.duration(open, "tick", engine.tick);
        engine.commit_every = self.duration(open, "commit_every", engine.commit_every);
        engine
    }

    fn duration(&mut self, open: &Open<'_, '_>, key: &str, default: std::time::Duration) -> std::time::Duration {
        let Some(value) = open.get(key) else { return default };
        let limits = std::time::Duration::from_millis(1)..=std::time::Duration::from_secs(60);
        let micros = value.get_ref().as_str().and_then(parse_us).and_then(|us| u64::try_from(us).ok());
        match micros.map(std::time::Duration::from_micros).filter(|duration| limits.contains(duration)) {
            Some(duration) => duration,
            None => {
                self.wrong(open, key, value, "a duration from `1ms` to `60s`");
                default
            }
        }
    }

    fn params(&mut self, open: &Open<'_, '_>) -> Vec<(String, String)> {
        let mut params = Vec::new();
        for (name, value) in open.table.iter() {
            match list(value).or_else(|| scalar(value)) {
                Some(text) => {
                    self.stands(&format!("params.{}", name.get_ref()), name.span().start);
                    params.push((name.get_ref().to_string(), text));
                }
                None => self.wrong(open, name.get_ref(), value, "a literal of the rule language"),
            }
        }
        params
    }

    /// Every `kafka = "NAME"` names a `[kafka.NAME]`.
    fn clients_exist(&mut self, table: &DeTable<'_>) {
        let named = |open: &Entry<'_>| -> Option<(String, usize)> {
            let client = open.get_ref().get("kafka")?;
            Some((client.get_ref().as_str()?.to_owned(), client.span().start))
        };
        let mut uses: Vec<(String, String, usize)> = Vec::new();
        for (kind, value) in table.iter() {
            match &**kind.get_ref() {
                "source" | "table" | "param" | "sink" => {
                    for (name, value) in value.get_ref().as_table().into_iter().flatten() {
                        let section = format!("[{}.{}]", kind.get_ref(), name.get_ref());
                        uses.extend(named(value).map(|(client, at)| (section, client, at)));
                    }
                }
                "dead_letters" | "late" => {
                    uses.extend(named(value).map(|(client, at)| (format!("[{}]", kind.get_ref()), client, at)));
                }
                _ => {}
            }
        }
        for (section, client, at) in uses {
            if !self.whence.contains_key(&format!("kafka.{client}")) {
                let known = || self.whence.keys().filter_map(|section| section.strip_prefix("kafka."));
                let near = nearest(&client, known());
                let why = match known().map(|name| format!("[kafka.{name}]")).collect::<Vec<_>>() {
                    _ if near.is_some() => {
                        let near = near.unwrap_or_default();
                        format!("there is no section [kafka.{client}]; did you mean `{near}`?")
                    }
                    known if known.is_empty() => format!("there is no section [kafka.{client}]"),
                    known => format!("there is no section [kafka.{client}]; there is {}", known.join(", ")),
                };
                self.fault_at(at, Fault::Reference { section, key: "kafka".to_owned(), why });
            }
        }
    }

    fn path(&self, text: &str) -> PathBuf {
        if text == "-" { PathBuf::from(text) } else { self.folder.join(text) }
    }
}

/// A text, number or truth value as the text that a client setting or a param takes.
fn scalar(value: &Entry<'_>) -> Option<String> {
    match value.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.as_str().to_owned()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(on) => Some(on.to_string()),
        _ => None,
    }
}

/// A list of texts, numbers or truth values as a rule file writes it.
fn list(value: &Entry<'_>) -> Option<String> {
    let DeValue::Array(items) = value.get_ref() else { return None };
    let item = |item: &Entry<'_>| match item.get_ref() {
        DeValue::String(text) => Some(notation(&Value::Text(text.as_ref().into()))),
        _ => scalar(item),
    };
    let items: Option<Vec<String>> = items.iter().map(item).collect();
    Some(format!("[{}]", items?.join(", ")))
}

/// A value as a message shows it; texts may be secrets, so only short ones of fixed-value keys get here quoted.
fn shown(value: &Entry<'_>) -> String {
    match value.get_ref() {
        DeValue::String(text) if text.chars().count() <= 40 => format!("`{text}`"),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a section".to_owned(),
        _ => scalar(value).map_or_else(|| value.get_ref().type_str().to_owned(), |text| format!("`{text}`")),
    }
}
