//! Names: every item of every file by its name, in order of declaration. Items may stand in any order.

mod mentions;
mod overrides;

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use crate::Source;
use crate::ast::{self, ItemKind, Name};
use crate::diagnostics::codes::names;
use crate::diagnostics::{Code, Diagnostic};
use crate::plan::{self, FieldId, StreamId, TableId};
use crate::span::Span;
use crate::value::{Type, Value};
pub(crate) use mentions::views as views_looked_up;
pub(crate) use overrides::{Override, parse as parse_overrides};

/// An item and where it stands.
pub(crate) struct Found<'a, T> {
    /// The source, by position.
    pub file: usize,
    /// The whole item.
    pub span: Span,
    /// The item.
    pub node: &'a T,
}

/// A rule, derive or view, and where it stands: what they have in common.
#[derive(Clone, Copy)]
pub(crate) struct Maker<'a> {
    /// The source, by position.
    pub file: usize,
    /// Its name.
    pub name: &'a Name,
    /// `by ...`
    pub by: Option<&'a ast::Keys>,
    /// What it looks for.
    pub body: &'a ast::Body,
    /// Which of them.
    pub kind: MakerKind<'a>,
}

/// A rule, a derive or a view.
#[derive(Clone, Copy)]
pub(crate) enum MakerKind<'a> {
    /// `rule`
    Rule(&'a ast::Rule),
    /// `derive`
    Derive(&'a ast::Derive),
    /// `view`
    View(&'a ast::View),
}

/// What a name of the namespace of streams means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entity {
    /// A stream, by position.
    Stream(StreamId),
    /// A table, by position.
    Table(TableId),
    /// A rule or derive, by position among all as written.
    Rule(usize),
    /// A view, by position among the same.
    View(usize),
}

/// A param with the value in force.
#[derive(Clone, Debug)]
pub(crate) struct ParamValue {
    /// Its type; [`Type::Null`] when its value could not be read.
    pub ty: Type,
    /// Its value.
    pub value: Value,
}

/// All items by name, and all that there is to say about them.
pub(crate) struct World<'a> {
    /// The texts, for messages.
    pub sources: &'a [Source],
    /// Streams, in order of declaration.
    pub streams: Vec<Found<'a, ast::Stream>>,
    /// Their meaning, by [`StreamId`]; filled before any expression is typed. Behind them the derived streams that are read,
    /// each filled before its readers are looked at.
    pub plan_streams: Vec<plan::Stream>,
    /// Tables, in order of declaration.
    pub tables: Vec<Found<'a, ast::Table>>,
    /// Their meaning, by [`TableId`]; filled before any expression is typed.
    pub plan_tables: Vec<plan::Table>,
    /// List params that change while the rules run, by name; filled with the tables.
    pub changing: HashMap<&'a str, TableId>,
    /// By rule: its derived stream, if any rule reads it.
    pub derived: Vec<Option<StreamId>>,
    /// By rule: another reads it, or looks things up in it.
    pub used: Vec<bool>,
    /// By rule: it could not be made out, which was reported.
    pub failed: Vec<bool>,
    /// Params, in order of declaration.
    pub params: Vec<Found<'a, ast::Param>>,
    /// Their values, by name; filled before streams and rules are typed.
    pub param_values: HashMap<&'a str, ParamValue>,
    /// Lets, by name.
    pub lets: HashMap<&'a str, Found<'a, ast::Let>>,
    /// By rule: the table of a view.
    pub views: Vec<Option<TableId>>,
    /// Rules, derives and views, in order of declaration.
    pub rules: Vec<Maker<'a>>,
    /// Tests, in order of declaration.
    pub tests: Vec<Found<'a, ast::Test>>,
    entities: HashMap<&'a str, Entity>,
    diagnostics: RefCell<Vec<Diagnostic>>,
    /// Params and lets that something reads, and tables.
    mentioned: RefCell<BTreeSet<(Namespace, String)>>,
}

/// What a name is looked for among.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Namespace {
    /// Params and lets.
    Values,
    /// Tables.
    Tables,
}

impl<'a> World<'a> {
    /// Collects the items of all files, which come in order of declaration with their positions among the sources.
    pub fn collect(sources: &'a [Source], files: &'a [(usize, ast::File)]) -> World<'a> {
        let mut world = World {
            sources,
            streams: Vec::new(),
            plan_streams: Vec::new(),
            tables: Vec::new(),
            plan_tables: Vec::new(),
            changing: HashMap::new(),
            derived: Vec::new(),
            used: Vec::new(),
            failed: Vec::new(),
            params: Vec::new(),
            param_values: HashMap::new(),
            lets: HashMap::new(),
            views: Vec::new(),
            rules: Vec::new(),
            tests: Vec::new(),
            entities: HashMap::new(),
            diagnostics: RefCell::new(Vec::new()),
            mentioned: RefCell::default(),
        };
        let mut places = Places::default();
        for (file, tree) in files {
            for item in &tree.items {
                world.add(*file, item, &mut places);
            }
        }
        world
    }

    fn add(&mut self, file: usize, item: &'a ast::Item, places: &mut Places<'a>) {
        let span = item.span;
        match &item.node {
            ItemKind::Stream(node) => {
                let entity = Entity::Stream(StreamId(self.streams.len() as u32));
                if self.is_new(file, &node.name, &mut places.entities) {
                    self.entities.insert(&node.name.text, entity);
                    self.streams.push(Found { file, span, node });
                }
            }
            ItemKind::Rule(node) => {
                let (name, by, body) = (&node.name, node.by.as_ref(), &node.body);
                self.add_maker(Maker { file, name, by, body, kind: MakerKind::Rule(node) }, places);
            }
            ItemKind::Derive(node) => {
                let (name, by, body) = (&node.name, node.by.as_ref(), &node.body);
                self.add_maker(Maker { file, name, by, body, kind: MakerKind::Derive(node) }, places);
            }
            ItemKind::Table(node) => {
                let entity = Entity::Table(TableId(self.tables.len() as u32));
                if self.is_new(file, &node.name, &mut places.entities) {
                    self.entities.insert(&node.name.text, entity);
                    self.tables.push(Found { file, span, node });
                }
            }
            ItemKind::View(node) => {
                let (name, by, body) = (&node.name, node.by.as_ref(), &node.body);
                self.add_maker(Maker { file, name, by, body, kind: MakerKind::View(node) }, places);
            }
            ItemKind::Param(node) => {
                self.check_value_name(file, &node.name);
                if self.is_new(file, &node.name, &mut places.values) {
                    self.params.push(Found { file, span, node });
                }
            }
            ItemKind::Let(node) => {
                self.check_value_name(file, &node.name);
                if self.is_new(file, &node.name, &mut places.values) {
                    self.lets.insert(&node.name.text, Found { file, span, node });
                }
            }
            ItemKind::Test(node) => self.tests.push(Found { file, span, node }),
            ItemKind::Error => {}
        }
    }

    fn add_maker(&mut self, maker: Maker<'a>, places: &mut Places<'a>) {
        if self.is_new(maker.file, maker.name, &mut places.entities) {
            let position = self.rules.len();
            let is_view = matches!(maker.kind, MakerKind::View(_));
            let entity = if is_view { Entity::View(position) } else { Entity::Rule(position) };
            self.entities.insert(&maker.name.text, entity);
            self.rules.push(maker);
        }
    }

    fn check_value_name(&self, file: usize, name: &Name) {
        if name.text == "at" {
            self.report(reserved_at(file, name));
        }
    }

    /// Whether the name is not taken; reports it if it is.
    fn is_new(&self, file: usize, name: &'a Name, places: &mut HashMap<&'a str, (usize, Span)>) -> bool {
        match places.get(name.text.as_str()) {
            None => {
                places.insert(&name.text, (file, name.span));
                true
            }
            Some((other, span)) => {
                let message = format!("`{}` is declared twice", name.text);
                let twice = Diagnostic::new(names::DUPLICATE, file, name.span, message);
                self.report(if *other == file {
                    twice.related(*span, "declared here first")
                } else {
                    twice.label(format!("declared in {} first", self.sources[*other].name))
                });
                false
            }
        }
    }

    /// Notes something to say.
    pub fn report(&self, diagnostic: Diagnostic) {
        self.diagnostics.borrow_mut().push(diagnostic);
    }

    /// Notes that something reads what has this name.
    pub fn mention(&self, among: Namespace, name: &str) {
        self.mentioned.borrow_mut().insert((among, name.to_owned()));
    }

    /// Whether something reads it.
    pub fn is_mentioned(&self, among: Namespace, name: &str) -> bool {
        self.mentioned.borrow().contains(&(among, name.to_owned()))
    }

    /// Notes a plain fact at a place.
    pub fn fault(&self, code: Code, file: usize, span: Span, message: impl Into<String>) {
        self.report(Diagnostic::new(code, file, span, message));
    }

    /// How many errors were noted so far: nothing new means that what was looked at is right.
    pub fn error_count(&self) -> usize {
        self.diagnostics.borrow().iter().filter(|diagnostic| diagnostic.code.is_error()).count()
    }

    /// The value, unless looking for it found errors; then none, and they are forgotten.
    pub fn quietly<T>(&self, look: impl FnOnce() -> Option<T>) -> Option<T> {
        let before = self.diagnostics.borrow().len();
        let value = look();
        let mut diagnostics = self.diagnostics.borrow_mut();
        let is_right = diagnostics.len() == before;
        diagnostics.truncate(before);
        value.filter(|_| is_right)
    }

    /// Everything that was noted.
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.diagnostics.into_inner()
    }

    /// What a name stands for among streams, rules, tables, derives and views.
    pub fn entity(&self, name: &str) -> Option<Entity> {
        self.entities.get(name).copied()
    }

    /// The names of all streams, those of rules and derives among them.
    pub fn stream_names(&self) -> impl Iterator<Item = &str> {
        let makes = |maker: &&Maker<'_>| !matches!(maker.kind, MakerKind::View(_));
        let rules = self.rules.iter().filter(makes).map(|rule| rule.name.text.as_str());
        self.streams.iter().map(|stream| stream.node.name.text.as_str()).chain(rules)
    }

    /// The names of all tables from outside.
    pub fn table_names(&self) -> impl Iterator<Item = &str> {
        self.tables.iter().map(|table| table.node.name.text.as_str())
    }

    /// The names of all that rows are looked up in: tables and views.
    pub fn looked_up_names(&self) -> impl Iterator<Item = &str> {
        let is_view = |maker: &&Maker<'_>| matches!(maker.kind, MakerKind::View(_));
        let views = self.rules.iter().filter(is_view).map(|view| view.name.text.as_str());
        self.table_names().chain(views)
    }

    /// The table or view of this name, as a table.
    pub fn looked_up(&self, name: &str) -> Option<TableId> {
        match self.entity(name)? {
            Entity::Table(id) => Some(id),
            Entity::View(view) => self.views.get(view).copied().flatten(),
            Entity::Stream(_) | Entity::Rule(_) => None,
        }
    }

    /// A table's meaning.
    pub fn table(&self, id: TableId) -> &plan::Table {
        &self.plan_tables[id.index()]
    }

    /// A stream's meaning.
    pub fn stream(&self, id: StreamId) -> &plan::Stream {
        &self.plan_streams[id.index()]
    }

    /// A field of a stream by name.
    pub fn field(&self, stream: StreamId, name: &str) -> Option<(FieldId, &plan::Field)> {
        let fields = &self.stream(stream).fields;
        let position = fields.iter().position(|field| field.name == name)?;
        Some((FieldId(position as u32), &fields[position]))
    }

    /// What stands at a place, for messages; long texts are cut.
    pub fn text(&self, file: usize, span: Span) -> String {
        const SHOWN: usize = 40;
        let text = self.sources.get(file).map_or("", |source| span.text(&source.text));
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if words.chars().count() <= SHOWN {
            return words;
        }
        words.chars().take(SHOWN - 3).chain("...".chars()).collect()
    }
}

/// Where the names of each namespace were declared first.
#[derive(Default)]
struct Places<'a> {
    entities: HashMap<&'a str, (usize, Span)>,
    values: HashMap<&'a str, (usize, Span)>,
}

/// `at` always means the event's time.
pub(crate) fn reserved_at(file: usize, name: &Name) -> Diagnostic {
    Diagnostic::new(names::RESERVED_AT, file, name.span, "`at` always means the event's time")
        .hint("choose another name")
}
