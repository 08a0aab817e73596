//! From the plan's tree to a graph: brackets become levels, words become the order and the kinds of ways.

use std::sync::Arc;

use tripline_query_lang::plan::{
    Absent, Branching, Element, GroupKind, Limits, Link, Node, Pattern, Quant, Step, StepId, StepKey, Within,
    first_step,
};

use super::PatternError;
use super::choice::{Choice, Draft, Place, crossing};
use super::condition::{Part, Parts};
use super::graph::{Graph, Group, Leaf, LeafBody, Level, Member, Program};

/// Compiles a pattern, and collects its roles.
pub(super) fn compile(pattern: &Pattern, parts: &mut Parts) -> Result<Graph, PatternError> {
    let program = compile_program(
        pattern,
        parts,
        &pattern.seq,
        Outside { inside_next: false, within_us: None, top: true, beside: false, first: START, first_rounds: None },
    )?;
    let without = pattern.without.iter().map(|absent| parts.absent(absent)).collect::<Result<_, _>>()?;
    let (within_us, within_events) = match pattern.within {
        Some(Within::Time(us)) => (Some(us), None),
        Some(Within::Events(n)) => (None, Some(u64::from(n))),
        Some(Within::Forever) | None => (None, None),
    };
    Ok(Graph { program, without, skip: pattern.skip, within_us, within_events, steps: pattern.steps.len() })
}

/// What holds around an element.
#[derive(Clone, Copy)]
struct Outside {
    /// A bracket around it is `consecutive`.
    inside_next: bool,
    /// The least `within` of the brackets and groups around it.
    within_us: Option<i64>,
    /// It is the whole pattern, not a member of a group.
    top: bool,
    /// A member of `all of` or `N of` is around it.
    beside: bool,
    /// The word before the bracket or group, which is that of its first element.
    first: Join,
    /// That of the rounds of the first element, where it is not the same.
    first_rounds: Option<Join>,
}

impl Outside {
    fn narrowed(self, limits: &Limits) -> Outside {
        Outside { within_us: least(self.within_us, limits.within_us), ..self }
    }
}

fn least(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    a.into_iter().chain(b).min()
}

/// A `no`, compiled.
#[derive(Clone)]
pub(super) struct Forbidden {
    /// What.
    pub(super) part: Arc<Part>,
    /// `for`, microseconds.
    pub(super) hold_us: Option<i64>,
    /// `next no`
    pub(super) next: bool,
    /// How many leaves stand before it.
    pub(super) place: usize,
}

/// How an element is joined to what comes before it.
#[derive(Clone, Copy)]
pub(super) struct Join {
    /// The word.
    pub(super) word: Link,
    /// `limit`
    pub(super) limit: Option<u32>,
}

enum Item {
    Leaf(usize),
    Bracket(usize),
    No(usize),
}

struct Placed {
    join: Join,
    item: Item,
}

/// A sequence of a program: the whole of it, or a bracket. A quantified step is a bracket of one.
struct Sequence {
    elements: Vec<Placed>,
    /// The sequence that it stands in, and its place there.
    parent: Option<(usize, usize)>,
    /// Its rounds; none for the whole.
    quant: Option<BracketQuant>,
    /// The levels around its elements.
    levels: Vec<usize>,
}

/// How often a bracket is gone through.
#[derive(Clone, Copy)]
pub(super) struct BracketQuant {
    optional: bool,
    repeats: bool,
    pub(super) greedy: bool,
    pub(super) each: bool,
    /// The word between rounds.
    pub(super) again: Join,
}

struct Builder<'a> {
    pattern: &'a Pattern,
    parts: &'a mut Parts,
    leaves: Vec<(LeafBody, usize, usize, Option<i64>)>,
    levels: Vec<Level>,
    sequences: Vec<Sequence>,
    forbidden: Vec<Forbidden>,
}

fn compile_program(
    pattern: &Pattern,
    parts: &mut Parts,
    elements: &[Element],
    outside: Outside,
) -> Result<Program, PatternError> {
    let mut builder = Builder {
        pattern,
        parts,
        leaves: Vec::new(),
        levels: Vec::new(),
        sequences: vec![Sequence { elements: Vec::new(), parent: None, quant: None, levels: Vec::new() }],
        forbidden: Vec::new(),
    };
    builder.fill(0, elements, outside)?;
    builder.finish(outside)
}

impl Builder<'_> {
    /// Places the elements of a sequence.
    fn fill(&mut self, sequence: usize, elements: &[Element], outside: Outside) -> Result<(), PatternError> {
        for element in elements {
            let word = match element.link {
                Link::Then | Link::ThenEach if outside.inside_next => Link::Next,
                Link::Start => outside.first.word,
                word => word,
            };
            let place = self.sequences[sequence].elements.len();
            let first_rounds = outside.first_rounds.filter(|_| element.link == Link::Start);
            let outside = Outside { first_rounds, ..outside };
            let (item, limit) = match &element.node {
                Node::Step(step) => (self.step(step, word, (sequence, place), outside)?, step.limits.limit),
                Node::Sub(sub) => {
                    let shape = sub.quant.unwrap_or(ONCE);
                    let until = match &sub.limits.until {
                        Some(until) => Some(self.until(until, first_step(&sub.seq))?),
                        None => None,
                    };
                    let inner = self.bracket(shape, until, word, &sub.limits, (sequence, place), outside);
                    let inside_next = outside.inside_next || shape.consecutive;
                    let first = Join { word, limit: sub.limits.limit.or(outside.first.limit) };
                    let inside = Outside { inside_next, first, ..outside.narrowed(&sub.limits) };
                    self.fill(inner, &sub.seq, inside)?;
                    (Item::Bracket(inner), sub.limits.limit)
                }
                Node::No(absent) => {
                    let own = if element.link == Link::Start { word } else { element.link };
                    (self.no(absent, own)?, None)
                }
                Node::Group(group) => (self.group(group, word, (sequence, place), outside)?, group.limits.limit),
            };
            self.sequences[sequence].elements.push(Placed { join: Join { word, limit }, item });
        }
        Ok(())
    }

    fn step(&mut self, step: &Step, word: Link, place: (usize, usize), outside: Outside) -> Result<Item, PatternError> {
        let info = &self.pattern.steps[step.id.index()];
        let part = self.parts.part(info.stream, &info.key, info.filter.as_ref())?;
        let within_us = least(outside.within_us, step.limits.within_us);
        let Some(quant) = step.quant else {
            return Ok(self.leaf(LeafBody::Step(step.id, part), place, within_us));
        };
        let until = match &step.limits.until {
            Some(until) => Some(self.until(until, Some(step.id))?),
            None => None,
        };
        let inner = self.bracket(quant, until, word, &step.limits, place, outside);
        let leaf = self.leaf(LeafBody::Step(step.id, part), (inner, 0), within_us);
        self.sequences[inner].elements.push(Placed { join: START, item: leaf });
        Ok(Item::Bracket(inner))
    }

    fn leaf(&mut self, body: LeafBody, place: (usize, usize), within_us: Option<i64>) -> Item {
        self.leaves.push((body, place.0, place.1, within_us));
        Item::Leaf(self.leaves.len() - 1)
    }

    fn until(&mut self, until: &tripline_query_lang::plan::Expr, step: Option<StepId>) -> Result<Part, PatternError> {
        let step = step.ok_or(PatternError::NoStep)?;
        let info = &self.pattern.steps[step.index()];
        let key = match &info.key {
            StepKey::Own(own) => StepKey::Own(own.clone()),
            StepKey::HandOver(_) => StepKey::HandOver(Vec::new()),
        };
        self.parts.part(info.stream, &key, Some(until))
    }

    fn bracket(
        &mut self,
        quant: Quant,
        until: Option<Part>,
        word: Link,
        limits: &Limits,
        place: (usize, usize),
        outside: Outside,
    ) -> usize {
        let each = quant.branching == Branching::Each;
        self.levels.push(Level { min: quant.min, max: quant.max, over_us: limits.over_us, until });
        let rounds = outside.first_rounds.unwrap_or(Join { word, limit: None });
        let again = if quant.consecutive || outside.inside_next { Link::Next } else { rounds.word };
        let mut levels = self.sequences[place.0].levels.clone();
        levels.push(self.levels.len() - 1);
        self.sequences.push(Sequence {
            elements: Vec::new(),
            parent: Some(place),
            quant: Some(BracketQuant {
                optional: quant.min == 0,
                repeats: quant.max != Some(1),
                greedy: quant.greedy,
                each,
                again: Join { word: again, limit: limits.limit.or(rounds.limit).or(outside.first.limit) },
            }),
            levels,
        });
        self.sequences.len() - 1
    }

    fn no(&mut self, absent: &Absent, link: Link) -> Result<Item, PatternError> {
        let part = Arc::new(self.parts.absent(absent)?);
        self.forbidden.push(Forbidden {
            part,
            hold_us: absent.hold_us,
            next: link == Link::Next,
            place: self.leaves.len(),
        });
        Ok(Item::No(self.forbidden.len() - 1))
    }

    fn group(
        &mut self,
        group: &tripline_query_lang::plan::Group,
        word: Link,
        place: (usize, usize),
        outside: Outside,
    ) -> Result<Item, PatternError> {
        // An alternative stands in the place of the group; members in any order have no place.
        let is_next = matches!(group.kind, GroupKind::AnyOf) && word == Link::Next;
        let first = Join { word: if is_next { Link::Next } else { Link::Start }, limit: None };
        // The run is continued in branches by the way to the group, and by each further round in it.
        let is_each = matches!(group.kind, GroupKind::AnyOf) && word == Link::ThenEach;
        let each = Join { word, limit: group.limits.limit.or(outside.first.limit) };
        let first_rounds = if is_each { Some(each) } else { outside.first_rounds };
        let inner = Outside { first, first_rounds, ..outside.narrowed(&group.limits) };
        let beside = outside.beside || matches!(group.kind, GroupKind::Of(_));
        let mut members = Vec::new();
        for member in &group.members {
            members.push(match &member.node {
                Node::No(absent) => {
                    let hold_us = absent.hold_us.ok_or(PatternError::NoWithoutFor)?;
                    Member::No(self.parts.absent(absent)?, hold_us)
                }
                _ => {
                    let alone = std::slice::from_ref(member);
                    let program =
                        compile_program(self.pattern, self.parts, alone, Outside { top: false, beside, ..inner })?;
                    Member::Program(program, steps_of(alone))
                }
            });
        }
        let need = match group.kind {
            GroupKind::AnyOf => None,
            GroupKind::Of(n) => Some(n as usize),
        };
        let timed = members.iter().any(|member| match member {
            Member::No(..) => true,
            Member::Program(program, _) => program.is_timed(),
        });
        let interest = members.iter().map(Member::interest).fold(0, |a, b| a | b);
        let strict = need.is_some() && (word == Link::Next || outside.inside_next);
        let body = Group { need, members, over_us: group.limits.over_us, strict, timed, interest };
        Ok(self.leaf(LeafBody::Group(Box::new(body)), place, inner.within_us))
    }

    /// Joins the leaves by ways.
    fn finish(self, Outside { top, beside, .. }: Outside) -> Result<Program, PatternError> {
        let start = Draft::start();
        let (first, behind) = if top { (Place::First, Place::Behind) } else { (Place::Member, Place::Member) };
        let entry = crossing(self.onward(0, 0, &start, None), &self.forbidden, first)?;
        let after = |place: &(usize, usize)| {
            let (sequence, index) = *place;
            crossing(self.onward(sequence, index + 1, &start, None), &self.forbidden, behind)
        };
        let places: Vec<_> = self.leaves.iter().map(|leaf| (leaf.1, leaf.2)).collect();
        let after = places.iter().map(after).collect::<Result<Vec<_>, _>>()?;
        let empty_rounds: Vec<bool> = (0..self.sequences.len()).map(|s| self.may_be_empty(s)).collect();
        let mut levels = self.levels;
        for (sequence, empty) in self.sequences.iter().zip(empty_rounds) {
            if let (Some(level), true) = (sequence.levels.last(), empty) {
                levels[*level].min = 0;
            }
        }
        let sequences = &self.sequences;
        let leaf = |((body, sequence, _, within_us), after)| Leaf {
            body,
            levels: {
                let around: &Sequence = &sequences[sequence];
                around.levels.clone()
            },
            within_us,
            after,
        };
        let leaves = self.leaves.into_iter().zip(after).map(leaf).collect();
        let mut program = Program { leaves, levels, entry, top, beside };
        program.complete();
        Ok(program)
    }

    /// A round of the sequence may take nothing.
    fn may_be_empty(&self, sequence: usize) -> bool {
        self.sequences[sequence].elements.iter().all(|element| match element.item {
            Item::Leaf(_) => false,
            Item::Bracket(inner) => {
                self.sequences[inner].quant.is_some_and(|quant| quant.optional) || self.may_be_empty(inner)
            }
            Item::No(_) => true,
        })
    }

    /// What may follow before the `index`-th element of a sequence. `fresh` is the outermost bracket that has been gone
    /// into without taking anything.
    fn onward(&self, sequence: usize, index: usize, draft: &Draft, fresh: Option<usize>) -> Choice {
        let Some(element) = self.sequences[sequence].elements.get(index) else {
            return self.leave(sequence, draft, fresh);
        };
        if let Item::No(no) = element.item {
            return self.onward(sequence, index + 1, &draft.crossing(no), fresh);
        }
        self.enter_or_pass(sequence, index, element.join, draft, fresh)
    }

    /// Goes into a bracket; its first element is joined by the bracket's word, one behind a `no` by its own.
    fn begin(&self, sequence: usize, join: Join, draft: &Draft, fresh: Option<usize>) -> Choice {
        let mut draft = draft.clone();
        let fresh = fresh.or(Some(sequence));
        for (index, element) in self.sequences[sequence].elements.iter().enumerate() {
            match element.item {
                Item::No(no) => draft = draft.crossing(no),
                _ => {
                    let join = if index == 0 { join } else { element.join };
                    return self.enter_or_pass(sequence, index, join, &draft, fresh);
                }
            }
        }
        self.leave(sequence, &draft, fresh)
    }

    /// Goes into an element, or past it when it is optional.
    fn enter_or_pass(&self, sequence: usize, index: usize, join: Join, draft: &Draft, fresh: Option<usize>) -> Choice {
        let Sequence { elements, levels, .. } = &self.sequences[sequence];
        let inside = draft.keeping(levels.len());
        match elements[index].item {
            Item::Leaf(leaf) => Choice::Way(inside.to(leaf, join)),
            Item::No(_) => Choice::None,
            Item::Bracket(inner) => {
                let enter = self.begin(inner, join, &inside, fresh);
                match self.sequences[inner].quant {
                    Some(quant) if quant.optional => {
                        let pass = self.onward(sequence, index + 1, &draft.passing(), fresh);
                        Choice::pick(quant, enter, pass)
                    }
                    _ => enter,
                }
            }
        }
    }

    /// Goes out at the end of a sequence: another round, or on behind it.
    fn leave(&self, sequence: usize, draft: &Draft, fresh: Option<usize>) -> Choice {
        let here = &self.sequences[sequence];
        let (Some((parent, place)), Some(quant)) = (here.parent, here.quant) else {
            return Choice::Way(draft.to_end());
        };
        if fresh.is_some() {
            return if quant.optional || draft.goes_round(here.levels.len()) {
                Choice::None
            } else if fresh == Some(sequence) {
                self.onward(parent, place + 1, &draft.outside(), None)
            } else {
                self.onward(parent, place + 1, draft, fresh)
            };
        }
        let out = self.onward(parent, place + 1, draft, None);
        if !quant.repeats {
            return out;
        }
        let again = self.begin(sequence, quant.again, &draft.again(here.levels.len()), None);
        Choice::pick(quant, again, out)
    }
}

/// How the whole pattern is joined to what is before it.
const START: Join = Join { word: Link::Start, limit: None };

const ONCE: Quant = Quant { min: 1, max: Some(1), greedy: false, branching: Branching::One, consecutive: false };

/// The steps in some elements.
fn steps_of(elements: &[Element]) -> Vec<StepId> {
    let of = |element: &Element| match &element.node {
        Node::Step(step) => vec![step.id],
        Node::Sub(sub) => steps_of(&sub.seq),
        Node::Group(group) => steps_of(&group.members),
        Node::No(_) => Vec::new(),
    };
    elements.iter().flat_map(of).collect()
}
