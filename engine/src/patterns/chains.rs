//! Chains: all combinations of one event a step, in order, in constant work an event.
//!
//! Where each later event that fits goes on from all that are open, what an event goes on from is a range of what has come
//! at the step before. So a row of nodes for each step holds every combination, however many there are, and those that an
//! event completes are read off by going along the ranges:
//!
//! ```text
//!  row of a:   a1  a2  a3                 b1 goes on from a1 and a2, b2 from all three:
//!               \___/   |                 five combinations in five nodes
//!  row of b:     b1     b2
//! ```
//!
//! *Invariant.* Within a row, both ends of the ranges ascend, and a range begins no later than the one before it ends. So
//! what goes on from a node is a range, too; what leads to a range is one; and once the oldest starts are gone, what only
//! they led to stands at the front of each row.

use std::collections::VecDeque;
use std::ops::Range;

use super::run::Moment;

/// The combinations of one key, without the step that completes them.
pub(super) struct Chains<E> {
    rows: Vec<Row<E>>,
}

/// What has come at one step.
struct Row<E> {
    /// The number of the first node.
    base: u64,
    nodes: VecDeque<Node<E>>,
    /// The number of the first node that later events go on from.
    open: u64,
}

/// An event at a step.
pub(super) struct Node<E> {
    /// The event.
    pub(super) event: E,
    /// Its place.
    pub(super) moment: Moment,
    /// The numbers of those in the row before that it goes on from; nothing in the first row.
    from: Range<u64>,
    /// No start has more combinations that end here.
    most: u64,
    /// The sum of `most` of all nodes of the row before this one.
    before: u64,
}

/// The combinations that an event completes: of each row, what stands in one.
#[derive(Debug)]
pub(crate) struct Complete<E> {
    rows: Vec<Vec<Picked<E>>>,
    count: u64,
}

/// An event that stands in a combination.
#[derive(Debug)]
struct Picked<E> {
    event: E,
    /// What goes on from it, by position in the next row.
    next: Range<u32>,
}

impl<E> Complete<E> {
    /// How many they are.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Shows each, in the order of their events: by the first, then by the second, and so on.
    pub(crate) fn visit<'a>(&'a self, visitor: &mut impl Visitor<'a, E>) {
        if let Some((first, rows)) = self.rows.split_first() {
            walk(first, rows, 0, visitor);
        }
    }
}

/// Who is shown combinations, each as what of it is not as in the one before.
pub(crate) trait Visitor<'a, E> {
    /// From now on, this stands in a row; what stands in later rows is put there before the next is shown.
    fn put(&mut self, row: usize, event: &'a E);

    /// All that stands in the rows is one.
    fn show(&mut self);
}

/// `picked`: of row number `row`; `rows`: those behind it.
fn walk<'a, E>(picked: &'a [Picked<E>], rows: &'a [Vec<Picked<E>>], row: usize, visitor: &mut impl Visitor<'a, E>) {
    for Picked { event, next } in picked {
        visitor.put(row, event);
        match rows.split_first() {
            Some((below, rows)) => walk(&below[next.start as usize..next.end as usize], rows, row + 1, visitor),
            None => visitor.show(),
        }
    }
}

impl<E> Row<E> {
    fn end(&self) -> u64 {
        self.base + self.nodes.len() as u64
    }

    fn get(&self, number: u64) -> Option<&Node<E>> {
        self.nodes.get(usize::try_from(number.checked_sub(self.base)?).ok()?)
    }

    /// What later events go on from.
    fn opened(&self) -> Range<u64> {
        self.open.max(self.base)..self.end()
    }

    /// The sum of `most` of a range of nodes.
    fn most(&self, range: &Range<u64>) -> u64 {
        let until = |number: u64| match self.get(number) {
            Some(node) => node.before,
            None => self.nodes.back().map_or(0, |last| last.before.saturating_add(last.most)),
        };
        if range.is_empty() { 0 } else { until(range.end).saturating_sub(until(range.start.max(self.base))) }
    }
}

impl<E: Clone> Row<E> {
    /// The nodes of a range of numbers.
    fn among(&self, range: &Range<u64>) -> impl Iterator<Item = &Node<E>> {
        let index = |number: u64| number.saturating_sub(self.base) as usize;
        self.nodes.range(index(range.start)..index(range.end))
    }

    /// The nodes of a range, each with what goes on from it in a range of the next row. `sums`: how many combinations go on
    /// from the first so many nodes of that range, and then of this one.
    fn picked(&self, range: &Range<u64>, next: &Row<E>, of_next: &Range<u64>, sums: &mut Vec<u64>) -> Vec<Picked<E>> {
        let last = of_next.end - of_next.start;
        let beyond = |at: u32, number: u64, end: fn(&Range<u64>) -> u64| {
            let node = next.nodes.get((of_next.start + u64::from(at) - next.base) as usize);
            u64::from(at) < last && node.is_some_and(|node| end(&node.from) <= number)
        };
        let (mut from, mut to, mut sum) = (0u32, 0u32, 0u64);
        let mut own = Vec::with_capacity(sums.len());
        own.push(0);
        let picked = (range.start..).zip(self.among(range)).map(|(number, node)| {
            while beyond(from, number, |from| from.end) {
                from += 1;
            }
            while beyond(to, number, |from| from.start) {
                to += 1;
            }
            sum = sum.saturating_add(sums[to as usize].saturating_sub(sums[from as usize]));
            own.push(sum);
            Picked { event: node.event.clone(), next: from..to }
        });
        let picked = picked.collect();
        *sums = own;
        picked
    }
}

impl<E: Clone> Chains<E> {
    /// None yet, of so many steps before the one that completes.
    pub(super) fn new(rows: usize) -> Chains<E> {
        let row = || Row { base: 0, nodes: VecDeque::new(), open: 0 };
        Chains { rows: std::iter::repeat_with(row).take(rows).collect() }
    }

    /// Number of starts.
    pub(super) fn starts(&self) -> usize {
        self.rows.first().map_or(0, |row| row.nodes.len())
    }

    /// The oldest start.
    pub(super) fn oldest(&self) -> Option<&Node<E>> {
        self.rows.first()?.nodes.front()
    }

    /// Rows of nodes, each with where it begins and where it is open.
    pub(super) fn rows(&self) -> impl Iterator<Item = (Range<u64>, u64, &VecDeque<Node<E>>)> {
        self.rows.iter().map(|row| (row.base..row.end(), row.open.max(row.base), &row.nodes))
    }

    /// How many more combinations a start may have that end at a step, once an event has come there.
    pub(super) fn gain(&self, step: usize) -> u64 {
        match step.checked_sub(1).and_then(|before| self.rows.get(before)) {
            Some(row) if step == 1 => u64::from(!row.nodes.is_empty()),
            Some(row) => row.most(&row.opened()),
            None => 0,
        }
    }

    /// An event comes at a step. Events come in order, and at their later steps first. `takes`: what it goes on from does
    /// not go on besides. Returns whether there is any such.
    pub(super) fn push(&mut self, step: usize, moment: Moment, takes: bool, event: impl FnOnce() -> E) -> bool {
        let most = if step == 0 { 1 } else { self.gain(step) };
        let mut from = 0..0;
        if let Some(before) = step.checked_sub(1) {
            from = self.rows[before].opened();
            if from.is_empty() {
                return false;
            }
            if takes {
                self.rows[before].open = from.end;
            }
        }
        let row = &mut self.rows[step];
        let before = row.nodes.back().map_or(0, |last| last.before.saturating_add(last.most));
        row.nodes.push_back(Node { event: event(), moment, from, most, before });
        true
    }

    /// Forgets starts that are over, and what only they led to.
    pub(super) fn expire(&mut self, is_over: impl Fn(Moment) -> bool) {
        let first = &self.rows[0];
        let over = first.nodes.iter().take_while(|node| is_over(node.moment)).count();
        if over > 0 {
            self.forget(over);
        }
    }

    /// Forgets so many of the oldest starts, and what only they led to.
    pub(super) fn forget(&mut self, starts: usize) {
        let first = &mut self.rows[0];
        first.nodes.drain(..starts);
        first.base += starts as u64;
        for step in 1..self.rows.len() {
            let base = self.rows[step - 1].base;
            let row = &mut self.rows[step];
            while row.nodes.pop_front_if(|node| node.from.end <= base).is_some() {
                row.base += 1;
            }
        }
    }

    /// The combinations that an event at the last step completes; `None`: it completes none.
    pub(super) fn complete(&self) -> Option<Complete<E>> {
        let mut range = self.rows.last()?.opened();
        let mut rows = Vec::with_capacity(self.rows.len());
        let mut sums: Vec<u64> = (0..=range.end.saturating_sub(range.start)).collect();
        let mut next: Option<(Range<u64>, &Row<E>)> = None;
        for (step, row) in self.rows.iter().enumerate().rev() {
            let (first, last) = (row.get(range.start)?, row.get(range.end.checked_sub(1)?)?);
            let before = step.checked_sub(1).map_or(0, |before| self.rows[before].base);
            let leads = first.from.start.max(before)..last.from.end;
            rows.push(match &next {
                None => row.among(&range).map(|node| Picked { event: node.event.clone(), next: 0..0 }).collect(),
                Some((of_next, next)) => row.picked(&range, next, of_next, &mut sums),
            });
            next = Some((std::mem::replace(&mut range, leads), row));
        }
        rows.reverse();
        Some(Complete { rows, count: sums.last().copied().unwrap_or(0) })
    }

    /// What has been completed is complete: it does not go on besides.
    pub(super) fn take_complete(&mut self) {
        if let Some(row) = self.rows.last_mut() {
            row.base = row.end();
            row.nodes.clear();
        }
    }

    /// Counts anew how many open combinations the oldest start has, itself among them: no other has more.
    pub(super) fn count(&mut self) -> u64 {
        let mut open = 0u64;
        for step in 0..self.rows.len() {
            let mut before = 0u64;
            for index in 0..self.rows[step].nodes.len() {
                let most = match step {
                    0 | 1 => 1,
                    _ => self.rows[step - 1].most(&self.rows[step].nodes[index].from),
                };
                let node = &mut self.rows[step].nodes[index];
                (node.most, node.before) = (most, before);
                before = before.saturating_add(most);
            }
            let row = &self.rows[step];
            open = open.saturating_add(if step == 0 { row.nodes.len().min(1) as u64 } else { row.most(&row.opened()) });
        }
        open
    }

    /// Takes the oldest start out: its open combinations, in the order in which runs would stand: behind each those that go on
    /// besides it, the newest first.
    pub(super) fn leave(&mut self) -> Vec<Vec<(E, Moment)>> {
        let mut open = Vec::new();
        if self.starts() > 0 {
            self.open_from(vec![self.rows[0].base], &mut open);
        }
        let node = |(row, number): (&Row<E>, u64)| row.get(number).map(|node| (node.event.clone(), node.moment));
        let chains = open.into_iter().map(|chain| self.rows.iter().zip(chain).filter_map(node).collect()).collect();
        if self.starts() > 0 {
            self.forget(1);
        }
        chains
    }

    /// The open combinations that begin like this one, it being the first.
    fn open_from(&self, chain: Vec<u64>, open: &mut Vec<Vec<u64>>) {
        let (Some(step), Some(&last)) = (chain.len().checked_sub(1), chain.last()) else { return };
        if self.rows[step].opened().contains(&last) {
            open.push(chain.clone());
        }
        let Some(next) = self.rows.get(step + 1) else { return };
        let first = next.nodes.partition_point(|node| node.from.end <= last);
        let end = next.nodes.partition_point(|node| node.from.start <= last);
        for index in (first..end).rev() {
            let mut longer = chain.clone();
            longer.push(next.base + index as u64);
            self.open_from(longer, open);
        }
    }

    /// Puts a node that is read back behind the others of a row; false: no such node can be there.
    pub(super) fn restore(&mut self, step: usize, event: E, moment: Moment, from: Range<u64>) -> bool {
        let (before, row) = match step.checked_sub(1) {
            None => (None, &self.rows[0]),
            Some(before) => (Some(&self.rows[before]), &self.rows[step]),
        };
        let goes_on = match before {
            None => from == (0..0),
            Some(before) => {
                let newest = from.end.checked_sub(1).and_then(|newest| before.get(newest));
                let last = row.nodes.back().map_or(0..from.end, |last| last.from.clone());
                let ascends = (last.start..=last.end).contains(&from.start) && last.end <= from.end;
                !from.is_empty() && ascends && newest.is_some_and(|newest| newest.moment.seq < moment.seq)
            }
        };
        let is_later = row.nodes.back().is_none_or(|last| last.moment < moment && last.moment.seq < moment.seq);
        if goes_on && is_later {
            self.rows[step].nodes.push_back(Node { event, moment, from, most: 0, before: 0 });
        }
        goes_on && is_later
    }

    /// Says from which node of a row on later events go on; false: there is no such node.
    pub(super) fn restore_open(&mut self, step: usize, open: u64) -> bool {
        let row = &mut self.rows[step];
        row.open = open;
        open <= row.end()
    }
}

impl<E> Node<E> {
    /// The numbers of those in the row before that it goes on from, where that row begins with this number.
    pub(super) fn from(&self, base: u64) -> Range<u64> {
        self.from.start.max(base) - base..self.from.end.saturating_sub(base)
    }
}
