//! Boxes and arrows, before they are written for a tool.

/// A node, by position.
pub(super) type NodeId = usize;

/// A graph in frames.
#[derive(Default)]
pub(super) struct Drawing {
    /// Titles of the frames.
    pub frames: Vec<String>,
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The arrows.
    pub arrows: Vec<Arrow>,
}

/// A node.
pub(super) struct Node {
    /// Its frame.
    pub frame: usize,
    /// What stands in it; may have several lines.
    pub label: String,
    /// How it looks.
    pub shape: Shape,
}

/// How a node looks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Where it starts.
    Start,
    /// Something that is done, or a state.
    Box,
    /// A choice, or a part with parts.
    Diamond,
    /// Where it ends.
    End,
}

/// An arrow.
pub(super) struct Arrow {
    /// From.
    pub from: NodeId,
    /// To.
    pub to: NodeId,
    /// What stands at it; may be empty.
    pub label: String,
    /// Drawn in dashes.
    pub dashed: bool,
}

impl Drawing {
    /// A frame for further nodes.
    pub fn frame(&mut self, title: impl Into<String>) -> usize {
        self.frames.push(title.into());
        self.frames.len() - 1
    }

    /// Adds a node.
    pub fn node(&mut self, frame: usize, shape: Shape, label: impl Into<String>) -> NodeId {
        self.nodes.push(Node { frame, label: label.into(), shape });
        self.nodes.len() - 1
    }

    /// Adds an arrow.
    pub fn arrow(&mut self, from: NodeId, to: NodeId, label: impl Into<String>) {
        self.arrows.push(Arrow { from, to, label: label.into(), dashed: false });
    }
}
