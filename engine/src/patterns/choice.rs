//! The ways out of a leaf as a tree of choices, and its flat form: ways in order of preference.
//!
//! `a then b* then c then d?` gives after `a` the choice between going round (`b`) and going on (`c`); going on is preferred,
//! so the flat form is `[c, b]`. With `greedy` it is `[b, c]`, with `each` both may be taken at the same event.

use std::sync::Arc;

use tripline_query_lang::plan::Link;

use super::PatternError;
use super::compile::{BracketQuant, Forbidden, Join};
use super::graph::{Both, Crossing, End, Guard, Leaf, LeafBody, MAX_WAYS, Member, Order, Program, Until, Way, WaySet};

/// A tree of ways.
pub(super) enum Choice {
    /// Nothing.
    None,
    /// One way.
    Way(Draft),
    /// Between going round or in (`stay`) and going on (`on`).
    Pick {
        greedy: bool,
        each: bool,
        /// Branches by `each`.
        limit: Option<u32>,
        stay: Box<Choice>,
        on: Box<Choice>,
    },
}

impl Choice {
    /// Between two, where both exist.
    pub(super) fn pick(quant: BracketQuant, stay: Choice, on: Choice) -> Choice {
        match (stay, on) {
            (Choice::None, only) | (only, Choice::None) => only,
            (stay, on) => {
                let BracketQuant { greedy, each, again, .. } = quant;
                Choice::Pick { greedy, each, limit: again.limit, stay: Box::new(stay), on: Box::new(on) }
            }
        }
    }
}

/// A way that is being made.
#[derive(Clone)]
pub(super) struct Draft {
    target: Option<usize>,
    /// How many of the leaf's levels go on, once that is known.
    keep: Option<usize>,
    repeat: bool,
    word: Link,
    limit: Option<u32>,
    crossed: Vec<usize>,
    /// How many of those stand before an optional element that has been passed over.
    passed: usize,
}

impl Draft {
    /// At its leaf.
    pub(super) fn start() -> Draft {
        Draft {
            target: None,
            keep: None,
            repeat: false,
            word: Link::Start,
            limit: None,
            crossed: Vec::new(),
            passed: 0,
        }
    }

    /// Crosses a `no`.
    pub(super) fn crossing(&self, no: usize) -> Draft {
        let mut draft = self.clone();
        draft.crossed.push(no);
        draft
    }

    /// Goes round the innermost of so many levels.
    pub(super) fn again(&self, levels: usize) -> Draft {
        Draft { keep: Some(levels), repeat: true, ..self.clone() }
    }

    /// Whether it goes round the innermost of so many levels.
    pub(super) fn goes_round(&self, levels: usize) -> bool {
        self.repeat && self.keep == Some(levels)
    }

    /// Is in a sequence with so many levels around it, unless it came there from further out.
    pub(super) fn keeping(&self, levels: usize) -> Draft {
        Draft { keep: self.keep.or(Some(levels)), ..self.clone() }
    }

    /// Has come out of a bracket again that it took nothing in.
    pub(super) fn outside(&self) -> Draft {
        Draft { keep: None, ..self.clone() }
    }

    /// Passes over an optional element.
    pub(super) fn passing(&self) -> Draft {
        Draft { passed: self.crossed.len(), ..self.clone() }
    }

    /// Arrives at a leaf.
    pub(super) fn to(&self, leaf: usize, join: Join) -> Draft {
        Draft { target: Some(leaf), word: join.word, limit: join.limit, ..self.clone() }
    }

    /// Arrives at the end. A `no` with nothing but optional elements behind it stands between nothing.
    pub(super) fn to_end(&self) -> Draft {
        let crossed = self.crossed[self.passed..].to_vec();
        Draft { target: None, keep: Some(0), repeat: false, crossed, ..self.clone() }
    }
}

/// Where the choice stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Before the first step of the pattern.
    First,
    /// Behind a step of the pattern.
    Behind,
    /// In a member of a group.
    Member,
}

/// Makes the flat form.
pub(super) fn crossing(choice: Choice, forbidden: &[Forbidden], place: Place) -> Result<Crossing, PatternError> {
    let mut drafts = Vec::new();
    let order = flatten(choice, &mut drafts)?;
    let mut crossing = Crossing { all: order.ways(), ..Crossing::default() };
    for (i, draft) in drafts.iter().enumerate() {
        let bit = 1 << i;
        if draft.word == Link::Next && draft.target.is_some() {
            crossing.strict |= bit;
        }
        for &no in &draft.crossed {
            add_guard(&mut crossing.guards, no, &forbidden[no], bit, place == Place::First);
        }
        if draft.target.is_none() && crossing.end.is_none() {
            let mut end = end(i, draft, &order, forbidden);
            if place != Place::First {
                end.idle = order.behind_end(i);
            }
            crossing.end = Some(end);
        }
    }
    for guard in &mut crossing.guards {
        let stands = forbidden.iter().find(|no| Arc::ptr_eq(&no.part, &guard.part)).map_or(0, |no| no.place);
        let goes_back = |draft: &Draft| draft.target.is_some_and(|leaf| leaf < stands);
        guard.kills = guard.ways | way_set(drafts.iter().map(goes_back));
    }
    crossing.ways = drafts.into_iter().map(|draft| finished(draft, forbidden)).collect();
    crossing.held = way_set(crossing.ways.iter().map(|way| way.hold_us.is_some()));
    crossing.order = order;
    Ok(crossing)
}

fn flatten(choice: Choice, out: &mut Vec<Draft>) -> Result<Order, PatternError> {
    match choice {
        Choice::None => Ok(Order::default()),
        Choice::Way(draft) => {
            if out.len() == MAX_WAYS {
                return Err(PatternError::TooManyChoices { max: MAX_WAYS });
            }
            out.push(draft);
            Ok(Order::Way(out.len() - 1))
        }
        Choice::Pick { greedy, each, limit, stay, on } => {
            let before = out.len();
            let (first, second) = if greedy { (*stay, *on) } else { (*on, *stay) };
            let first = Box::new(flatten(first, out)?);
            let second = Box::new(flatten(second, out)?);
            if each {
                out[before..].iter_mut().for_each(|draft| draft.limit = draft.limit.into_iter().chain(limit).min());
            }
            // At the end `greedy each` is `greedy`: nothing could pass over what the loop takes.
            let end = second.most_preferred().map(|way| &out[way]);
            let at_end = greedy && end.is_some_and(|way| way.target.is_none() && way.crossed.is_empty());
            let both = match (each && !at_end, greedy) {
                (false, _) => Both::Never,
                (true, false) => Both::Always,
                (true, true) => Both::UnlessFirst,
            };
            Ok(Order::Pick { both, first, second })
        }
    }
}

impl Order {
    /// The ways in it.
    pub(super) fn ways(&self) -> WaySet {
        match self {
            Order::None => 0,
            Order::Way(way) => 1 << way,
            Order::Pick { first, second, .. } => first.ways() | second.ways(),
        }
    }

    /// Whether some choice in it is followed on both sides.
    pub(super) fn branches(&self) -> bool {
        match self {
            Order::None | Order::Way(_) => false,
            Order::Pick { both, first, second } => *both != Both::Never || first.branches() || second.branches(),
        }
    }

    /// The ways that are open for other branches once one has gone this way to the end; `None` if it is not in here.
    fn beside(&self, way: usize) -> Option<WaySet> {
        match self {
            Order::None => None,
            Order::Way(here) => (*here == way).then_some(0),
            Order::Pick { both, first, second } => {
                let (inside, other, is_first) = match first.beside(way) {
                    Some(inside) => (inside, second.ways(), true),
                    None => (second.beside(way)?, first.ways(), false),
                };
                // Whoever goes past the first side comes to the second.
                let passed = is_first && inside != 0;
                Some(if *both != Both::Never || passed { inside | other } else { inside })
            }
        }
    }

    /// The ways that the end comes directly before: what is not greedy there takes nothing.
    fn behind_end(&self, end: usize) -> WaySet {
        let Order::Pick { both, first, second } = self else { return 0 };
        let here = *both == Both::Never && first.most_preferred() == Some(end);
        first.behind_end(end) | if here { second.ways() } else { second.behind_end(end) }
    }

    fn most_preferred(&self) -> Option<usize> {
        match self {
            Order::None => None,
            Order::Way(way) => Some(*way),
            Order::Pick { first, .. } => first.most_preferred(),
        }
    }

    /// The ways that an event takes alone, by `greedy each`, before it could take this one.
    fn first(&self, way: usize) -> Option<WaySet> {
        match self {
            Order::None => None,
            Order::Way(here) => (*here == way).then_some(0),
            Order::Pick { both, first, second } => match first.first(way) {
                Some(inside) => Some(inside),
                None => second.first(way).map(|in_| if *both == Both::UnlessFirst { in_ | first.ways() } else { in_ }),
            },
        }
    }

    /// The ways that must be closed before the end is reached by this one. Behind another greedy loop, `greedy each` does
    /// not hold the end: it has been left in a branch.
    fn before(&self, way: usize) -> Option<WaySet> {
        let Order::Pick { both, first, second } = self else {
            return matches!(self, Order::Way(here) if *here == way).then_some(0);
        };
        if let Some(inside) = first.before(way) {
            return Some(inside);
        }
        let inside = second.before(way)?;
        let holds = match both {
            Both::Never => true,
            Both::Always => false,
            Both::UnlessFirst => inside == 0,
        };
        Some(if holds { inside | first.ways() } else { inside })
    }
}

fn finished(draft: Draft, forbidden: &[Forbidden]) -> Way {
    let spawns = draft.word == Link::ThenEach && draft.target.is_some();
    Way {
        target: draft.target,
        keep: draft.keep.unwrap_or(0),
        repeat: draft.repeat,
        spawns,
        limit: draft.limit.unwrap_or(u32::MAX),
        hold_us: draft.crossed.iter().filter_map(|&no| forbidden[no].hold_us).max(),
    }
}

fn add_guard(guards: &mut Vec<Guard>, no: usize, forbidden: &Forbidden, bit: WaySet, leading: bool) {
    match guards.iter_mut().find(|guard| Arc::ptr_eq(&guard.part, &forbidden.part)) {
        Some(guard) => guard.ways |= bit,
        None => guards.push(Guard {
            part: forbidden.part.clone(),
            hold_us: forbidden.hold_us,
            next: forbidden.next,
            leading: leading.then_some(no),
            ways: bit,
            kills: 0,
        }),
    }
}

fn end(way: usize, draft: &Draft, order: &Order, forbidden: &[Forbidden]) -> End {
    let crossed = || draft.crossed.iter().map(|&no| &forbidden[no]);
    let waits = crossed().next().is_some();
    End {
        way,
        rest: order.beside(way).unwrap_or(0),
        idle: 0,
        first: order.first(way).unwrap_or(0),
        behind: if waits { 0 } else { order.before(way).unwrap_or(0) },
        hold_us: crossed().filter_map(|no| no.hold_us).max(),
        waits_within: crossed().any(|no| no.hold_us.is_none() && !no.next),
        waits_next: crossed().any(|no| no.next),
    }
}

impl Program {
    /// Fills in what follows from leaves and levels together: interests, `until`s.
    pub(super) fn complete(&mut self) {
        let roles: Vec<u64> = self.leaves.iter().map(|leaf| leaf.body.interest()).collect();
        let interest = |crossing: &Crossing| {
            let ways = crossing.ways.iter().filter_map(|way| way.target).map(|leaf| roles[leaf]);
            ways.chain(crossing.guards.iter().map(|guard| guard.part.role)).fold(0, |a, b| a | b)
        };
        let timed: Vec<bool> = self.leaves.iter().map(|leaf| leaf.body.is_timed()).collect();
        let simple: Vec<bool> = self.leaves.iter().map(|leaf| matches!(leaf.body, LeafBody::Step(..))).collect();
        let has_bar = |leaf: &Leaf| matches!(&leaf.body, LeafBody::Step(_, part) if part.bar.is_some());
        let has_bar: Vec<bool> = self.leaves.iter().map(has_bar).collect();
        let fill = |crossing: &mut Crossing| {
            crossing.interest = interest(crossing);
            crossing.repeating = way_set(crossing.ways.iter().map(|way| way.repeat));
            crossing.timed = crossing.ways_to(|leaf| timed[leaf]);
            let leads_simply = |way: &Way| way.target.is_none_or(|leaf| simple[leaf]);
            let mut targets = crossing.ways.iter().filter_map(|way| way.target);
            let only = targets.next().filter(|_| targets.next().is_none() && crossing.guards.is_empty());
            crossing.barred = only.filter(|leaf| has_bar[*leaf]);
            crossing.plain =
                !crossing.order.branches() && crossing.ways.iter().all(|way| leads_simply(way) && !way.spawns);
        };
        fill(&mut self.entry);
        for leaf in &mut self.leaves {
            fill(&mut leaf.after);
            for (depth, &level) in leaf.levels.iter().enumerate() {
                let Some(until) = &self.levels[level].until else { continue };
                let inside = |way: &Way| way.target.is_some() && way.keep > depth;
                let ways = way_set(leaf.after.ways.iter().map(inside));
                leaf.after.interest |= until.role;
                leaf.after.barred = None;
                leaf.after.untils.push(Until { level, ways });
            }
        }
    }

    /// Time alone can complete it.
    pub(super) fn is_timed(&self) -> bool {
        self.entry.end.as_ref().is_some_and(End::waits)
            || self.entry.ways.iter().filter_map(|way| way.target).any(|leaf| self.leaves[leaf].body.is_timed())
    }
}

impl Crossing {
    /// The ways to leaves of a kind.
    fn ways_to(&self, is: impl Fn(usize) -> bool) -> WaySet {
        way_set(self.ways.iter().map(|way| way.target.is_some_and(&is)))
    }
}

fn way_set(ways: impl Iterator<Item = bool>) -> WaySet {
    ways.enumerate().filter(|(_, is)| *is).fold(0, |set, (i, _)| set | 1 << i)
}

impl LeafBody {
    fn interest(&self) -> u64 {
        match self {
            LeafBody::Step(_, part) => part.role,
            LeafBody::Group(group) => group.interest,
        }
    }

    /// Time alone can complete it.
    pub(super) fn is_timed(&self) -> bool {
        matches!(self, LeafBody::Group(group) if group.timed)
    }
}

impl Member {
    /// Roles that matter to it, at any point.
    pub(super) fn interest(&self) -> u64 {
        match self {
            Member::No(part, _) => part.role,
            Member::Program(program, _) => {
                program.leaves.iter().fold(program.entry.interest, |set, leaf| set | leaf.after.interest)
            }
        }
    }
}
