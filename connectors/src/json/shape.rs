//! Where the fields of a stream stand in a JSON record: the tree of their paths.

use tripline_query_lang::plan::{Field, PathPart};

/// A place in the record. Node 0 is the record itself.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// The slot that takes the value as it stands here.
    pub(super) slot: Option<usize>,
    /// Places below it: the members of an object that lead to fields.
    pub(super) members: Vec<(Box<str>, usize)>,
    /// The elements of a list that lead to fields, by index.
    pub(super) elements: Vec<(u32, usize)>,
    /// The slots at and below it.
    pub(super) slots: Vec<usize>,
    /// The member that followed last time: by position in `members`, with one more for the first.
    follower: Vec<usize>,
}

/// The tree of all paths, and the slot that each field reads.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) nodes: Vec<Node>,
    /// By field.
    pub(super) slot_of: Vec<usize>,
    /// Number of slots.
    pub(super) slots: usize,
}

impl Shape {
    pub(super) fn new(fields: &[Field]) -> Self {
        let mut shape = Shape { nodes: vec![Node::default()], slot_of: Vec::new(), slots: 0 };
        for field in fields {
            let slot = shape.add(&field.path);
            shape.slot_of.push(slot);
        }
        for node in &mut shape.nodes {
            node.follower = (0..=node.members.len()).map(|i| (i + 1) % node.members.len().max(1)).collect();
            // After none, the first.
            if let Some(first) = node.follower.last_mut() {
                *first = 0;
            }
        }
        shape
    }

    /// Whether every field stands in an object, and none inside another.
    pub(super) fn is_plain(&self) -> bool {
        self.nodes.iter().all(|node| node.elements.is_empty() && (node.slot.is_none() || node.is_leaf()))
    }

    /// Whether a member of this name leads to fields below it, somewhere.
    pub(super) fn leads_on(&self, key: &str) -> bool {
        let leads_on = |(name, at): &(Box<str>, usize)| **name == *key && !self.nodes[*at].is_leaf();
        self.nodes.iter().any(|node| node.members.iter().any(leads_on))
    }

    /// The slot of a path; fields of the same path share one.
    fn add(&mut self, path: &[PathPart]) -> usize {
        let mut at = 0;
        let mut way = vec![at];
        for part in path {
            at = self.step(at, part);
            way.push(at);
        }
        let slot = match self.nodes[at].slot {
            Some(slot) => return slot,
            None => self.slots,
        };
        self.slots += 1;
        self.nodes[at].slot = Some(slot);
        way.into_iter().for_each(|node| self.nodes[node].slots.push(slot));
        slot
    }

    fn step(&mut self, from: usize, part: &PathPart) -> usize {
        let next = self.nodes.len();
        let node = &mut self.nodes[from];
        let known = match part {
            PathPart::Key(key) => node.members.iter().find(|(name, _)| **name == **key).map(|(_, at)| *at),
            PathPart::Index(index) => node.elements.iter().find(|(i, _)| i == index).map(|(_, at)| *at),
        };
        if let Some(known) = known {
            return known;
        }
        match part {
            PathPart::Key(key) => node.members.push((key.as_str().into(), next)),
            PathPart::Index(index) => node.elements.push((*index, next)),
        }
        self.nodes.push(Node::default());
        next
    }
}

impl Node {
    /// Whether any field stands below it.
    pub(super) fn is_leaf(&self) -> bool {
        self.members.is_empty() && self.elements.is_empty()
    }

    /// The member of this name, found at once where keys come in the order of the record before. `after` is the position of
    /// the member found last, and is moved on.
    #[inline]
    pub(super) fn member(&mut self, key: &str, after: &mut Option<usize>) -> Option<usize> {
        let from = after.unwrap_or(self.members.len());
        let expected = self.follower[from];
        let found = match self.members.get(expected) {
            Some((name, _)) if **name == *key => expected,
            _ => self.members.iter().position(|(name, _)| **name == *key)?,
        };
        self.follower[from] = found;
        *after = Some(found);
        Some(self.members[found].1)
    }

    /// The element at this index.
    pub(super) fn element(&self, index: u32) -> Option<usize> {
        self.elements.iter().find(|(i, _)| *i == index).map(|(_, at)| *at)
    }
}
