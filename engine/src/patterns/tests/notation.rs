//! The tiny notation: patterns over letters to plans, streams to offers, matches to text.

use std::collections::HashMap;
use std::sync::Arc;

use tripline_query_lang::plan::{
    Absent, Alert, Body, Branching, Element, Field, FieldId, Group, GroupKind, Limits, Link, Node, Pattern, Plan,
    Quant, Rule, Runs, Severity, Skip, Step, StepId, StepInfo, StepKey, Stream, StreamId, Sub, Within,
};
use tripline_query_lang::value::Type;

use crate::event::{Batch, BatchBuilder, PartitionId};
use crate::patterns::{KeyState, Machine, Match, Offer, Taken};

const SECOND: i64 = 1_000_000;

/// Asserts what a pattern finds in a stream, at the end of which the input is finished.
#[track_caller]
pub(super) fn finds(pattern: &str, events: &str, matches: &str) {
    let expected: Vec<String> = matches.split('|').map(|m| m.trim().to_owned()).filter(|m| !m.is_empty()).collect();
    for by_runs in [true, false] {
        for interrupted in [false, true] {
            let found = find(pattern, events, by_runs, interrupted);
            let how = format!("by runs: {by_runs}, read back after each event: {interrupted}");
            assert_eq!(found, expected, "\n  {how}\n  pattern {pattern}\n  events  {events}");
        }
    }
}

/// What a pattern finds in a stream. `.` in it moves the watermark: `a0 .7 b8`. With `interrupted` the
/// state is written out and read back after each event.
pub(super) fn find(pattern: &str, events: &str, by_runs: bool, interrupted: bool) -> Vec<String> {
    let plan = plan(pattern);
    let compile = if by_runs { Machine::by_runs } else { Machine::new };
    let Ok(machine) = compile(&plan, &plan.rules[0]) else { return Vec::new() };
    let mut state = KeyState::default();
    let mut found = Vec::new();
    for event in events.split_whitespace() {
        if interrupted {
            state = read_back(&machine, &state);
        }
        let digits = event.find(|c: char| c.is_ascii_digit()).expect("an event has a time");
        let (letters, at) = event.split_at(digits);
        let at_us = at.parse::<i64>().expect("a time is a number") * SECOND;
        if letters == "." {
            machine.advance(&mut state, at_us, &mut found);
            continue;
        }
        let streams: Vec<StreamId> = letters.chars().map(stream_of).collect();
        let batch = Arc::new(one_event(&plan, streams[0], at_us));
        let plays = |(bit, role): (usize, &crate::patterns::Role)| u64::from(streams.contains(&role.stream)) << bit;
        let roles = machine.roles().iter().enumerate().map(plays).fold(0, |a, b| a | b);
        machine.event(
            &mut state,
            Offer { batch: &batch, row: 0, roles, histories: &[], keys: &[], tables: None },
            &mut found,
        );
    }
    if pattern.starts_with("within") && !pattern.contains("events") && !pattern.contains("next no") {
        machine.advance(&mut state, i64::MAX - 1, &mut found);
        assert_eq!(machine.open_runs(&state), 0, "nothing outlives its time: {pattern} on {events}");
    }
    machine.finish(&mut state, &mut found);
    assert_eq!(machine.open_runs(&state), 0, "nothing is left");
    assert_eq!(machine.next_deadline(&state), None, "no timer is left");
    found.iter().flat_map(texts).collect()
}

/// The state as it is read back from its bytes; also looks at what is read from damaged ones.
fn read_back(machine: &Machine, state: &KeyState) -> KeyState {
    let mut bytes = Vec::new();
    machine.write(state, &mut bytes);
    // Long states say no more about damage than short ones, and there are many of them.
    let tried = if bytes.len() < 200 { bytes.len() } else { 0 };
    for end in 0..tried {
        assert!(machine.read(&mut &bytes[..end]).is_err(), "cut at {end}");
    }
    for at in 0..tried {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        let _ = machine.read(&mut &damaged[..]);
    }
    let mut rest = &bytes[..];
    let back = machine.read(&mut rest).expect("what was written is read");
    assert!(rest.is_empty(), "all is read");
    let mut again = Vec::new();
    machine.write(&back, &mut again);
    assert_eq!(again, bytes, "equal state is equal bytes");
    let has_seldom = !state.runs.is_empty() || !state.leading.is_empty() || state.incomplete;
    assert_eq!(back.rest.is_some(), has_seldom, "nothing is allocated for what is not there");
    back
}

/// A match, or all that it stands for.
fn texts(found: &Match) -> Vec<String> {
    let Some(all) = &found.all else { return vec![text(found, &found.taken, found.incomplete)] };
    let mut texts = Vec::new();
    all.each(|taken| texts.push(text(found, &taken, found.incomplete && texts.is_empty())));
    assert_eq!(texts.len() as u64, all.count());
    texts
}

fn text(found: &Match, taken: &[(StepId, Taken)], incomplete: bool) -> String {
    let letter = |stream: StreamId| char::from(b'a' + stream.0 as u8);
    let event = |(_, event): &(StepId, Taken)| {
        let place = event.coordinates();
        format!("{}{}", letter(place.partition.stream), place.at_us / SECOND)
    };
    let events: Vec<String> = taken.iter().map(event).collect();
    let mark = if incomplete { "!" } else { "" };
    format!("{} @{}{mark}", events.join(" "), found.at_us / SECOND).trim().to_owned()
}

fn stream_of(letter: char) -> StreamId {
    StreamId(u32::from(letter) - u32::from('a'))
}

fn one_event(plan: &Plan, stream: StreamId, at_us: i64) -> Batch {
    let mut builder = BatchBuilder::new(&plan.streams[stream.index()], &[true]);
    builder.columns[0].push_i64(at_us);
    builder.end_row(at_us, 0);
    builder.finish(PartitionId { stream, topic: "t".into(), partition: 0 })
}

/// A plan with a stream per letter, and the pattern as its rule.
pub(super) fn plan(pattern: &str) -> Plan {
    let field = Field { name: "at".into(), ty: Type::Time, optional: false, path: Vec::new(), time_unit: None };
    let stream = |letter: u8| Stream {
        name: char::from(letter).into(),
        fields: vec![field.clone()],
        timed_by: FieldId(0),
        late_us: 0,
        ahead_us: None,
        idle_us: None,
        unique: None,
        origin: Default::default(),
    };
    let alert = Alert { every_event: false, severity: Severity::Low, template: Vec::new(), to: Vec::new() };
    let rule = Rule {
        name: "r".into(),
        key_table: None,
        fingerprint: 0,
        metadata: Vec::new(),
        keys: Vec::new(),
        body: Body::Pattern(Reader::new(pattern).pattern()),
        histories: Vec::new(),
        fields: Vec::new(),
        having: None,
        alert: Some(alert),
        suppress: None,
        repeat_us: None,
        resolve: None,
        emits: None,
        keeps: None,
    };
    Plan { streams: (b'a'..=b'z').map(stream).collect(), rules: vec![rule], ..Plan::default() }
}

/// Reads section 5's grammar over one-letter streams and whole seconds.
struct Reader {
    words: Vec<String>,
    at: usize,
    steps: Vec<StepInfo>,
    names: HashMap<String, StepId>,
}

impl Reader {
    fn new(text: &str) -> Reader {
        let mut words: Vec<String> = Vec::new();
        for c in text.chars() {
            match c {
                ' ' => words.push(String::new()),
                '(' | ')' | ',' | '{' | '}' | '?' | '*' | '+' => words.extend([c.to_string(), String::new()]),
                c => match words.last_mut() {
                    Some(word) if !word.is_empty() && word.chars().all(|c| c.is_alphanumeric()) => word.push(c),
                    _ => words.push(c.to_string()),
                },
            }
        }
        words.retain(|word| !word.is_empty());
        Reader { words, at: 0, steps: Vec::new(), names: HashMap::new() }
    }

    fn pattern(mut self) -> Pattern {
        let mut within = Some(Within::Forever);
        let mut runs = Runs::Max(100_000);
        let mut skip = Skip::PastLast;
        if self.takes("within") {
            let n = self.number();
            let events = self.takes("events");
            within = Some(if events { Within::Events(n) } else { Within::Time(i64::from(n) * SECOND) });
        }
        if self.takes("runs") {
            runs = if self.takes("latest") { Runs::Latest } else { Runs::Max(self.number()) };
        }
        self.takes("match");
        let seq = self.seq();
        let mut without = Vec::new();
        while self.takes("without") {
            without.push(self.absent());
        }
        if self.takes("skip") {
            skip = match self.word().as_str() {
                "none" => Skip::None,
                "next" => Skip::ToNext,
                "first" => Skip::ToFirst(self.step_named()),
                "last" => Skip::ToLast(self.step_named()),
                other => panic!("skip {other}"),
            };
        }
        assert_eq!(self.at, self.words.len(), "unread: {:?}", &self.words[self.at..]);
        Pattern { steps: self.steps, seq, within, runs, without, skip }
    }

    fn step_named(&mut self) -> StepId {
        let name = self.word();
        self.names[&name]
    }

    fn peek(&self) -> &str {
        self.words.get(self.at).map_or("", String::as_str)
    }

    fn word(&mut self) -> String {
        self.at += 1;
        self.words[self.at - 1].clone()
    }

    fn takes(&mut self, word: &str) -> bool {
        let found = self.peek() == word;
        self.at += usize::from(found);
        found
    }

    fn number(&mut self) -> u32 {
        let word = self.word();
        word.parse().unwrap_or_else(|_| panic!("a number, not {word}"))
    }

    fn seconds(&mut self, word: &str) -> Option<i64> {
        self.takes(word).then(|| i64::from(self.number()) * SECOND)
    }

    fn seq(&mut self) -> Vec<Element> {
        let mut elements = vec![self.element(Link::Start)];
        loop {
            let link = if self.takes("then") {
                if self.peek() == "each" {
                    self.at += 1;
                    Link::ThenEach
                } else {
                    Link::Then
                }
            } else if self.takes("next") {
                Link::Next
            } else {
                return elements;
            };
            elements.push(self.element(link));
        }
    }

    fn element(&mut self, link: Link) -> Element {
        let node = if self.takes("no") {
            Node::No(self.absent())
        } else if self.takes("(") {
            let seq = self.seq();
            assert!(self.takes(")"));
            let quant = self.quant();
            Node::Sub(Sub { seq, quant, limits: self.limits() })
        } else if self.words.get(self.at + 1).is_some_and(|word| word == "of") {
            let kind = self.word();
            self.at += 2;
            let mut members = vec![self.element(Link::Start)];
            while self.takes(",") {
                members.push(self.element(Link::Start));
            }
            assert!(self.takes(")"));
            let kind = match kind.as_str() {
                "any" => GroupKind::AnyOf,
                "all" => GroupKind::Of(members.len() as u32),
                n => GroupKind::Of(n.parse().expect("a number of members")),
            };
            Node::Group(Group { kind, members, limits: self.limits() })
        } else {
            let name = self.word();
            let id = StepId(self.steps.len() as u32);
            self.steps.push(StepInfo {
                name: name.clone(),
                stream: stream_of(name.chars().next().expect("a letter")),
                is_loop: false,
                may_be_empty: false,
                key: StepKey::Own(Vec::new()),
                filter: None,
            });
            self.names.entry(name).or_insert(id);
            let quant = self.quant();
            Node::Step(Step { id, quant, limits: self.limits() })
        };
        Element { link, node }
    }

    fn absent(&mut self) -> Absent {
        let stream = stream_of(self.word().chars().next().expect("a letter"));
        let hold_us = self.seconds("for");
        Absent { stream, key: StepKey::Own(Vec::new()), hold_us, filter: None }
    }

    fn quant(&mut self) -> Option<Quant> {
        let (min, max) = if self.takes("?") {
            (0, Some(1))
        } else if self.takes("*") {
            (0, None)
        } else if self.takes("+") {
            (1, None)
        } else if self.takes("{") {
            let min = self.number();
            let max = if !self.takes(",") {
                Some(min)
            } else if self.peek() == "}" {
                None
            } else {
                Some(self.number())
            };
            assert!(self.takes("}"));
            (min, max)
        } else {
            return None;
        };
        let greedy = self.takes("greedy");
        let branching = if self.takes("each") { Branching::Each } else { Branching::One };
        Some(Quant { min, max, greedy, branching, consecutive: self.takes("consecutive") })
    }

    fn limits(&mut self) -> Limits {
        let mut limits = Limits::default();
        loop {
            if let Some(over) = self.seconds("over") {
                limits.over_us = Some(over);
            } else if let Some(within) = self.seconds("within") {
                limits.within_us = Some(within);
            } else if self.takes("limit") {
                limits.limit = Some(self.number());
            } else {
                return limits;
            }
        }
    }
}
