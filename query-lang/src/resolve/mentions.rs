//! What a rule's expressions look things up in: known before they are typed, so that what is read comes first.

use std::collections::HashSet;

use super::{Entity, Maker, MakerKind, World};
use crate::ast::{Absent, Alert, Body, Element, Emit, Expr, ExprKind, KeyPart, Keys, Limits, Node, TemplatePart};
use crate::types::looped::children;

/// The views that a rule, derive or view looks things up in, by position; through `let`s too. May name one several times.
pub(crate) fn views(world: &World<'_>, maker: &Maker<'_>) -> Vec<usize> {
    let mut found = Found { world, views: Vec::new(), lets: HashSet::new() };
    found.maker(maker);
    found.views
}

struct Found<'w, 'a> {
    world: &'w World<'a>,
    views: Vec<usize>,
    /// Those that were looked into.
    lets: HashSet<&'w str>,
}

impl<'w> Found<'w, '_> {
    fn maker(&mut self, maker: &Maker<'_>) {
        self.keys(maker.by);
        match maker.body {
            Body::Threshold(threshold) => {
                threshold.on.iter().filter_map(|on| on.filter.as_ref()).for_each(|tree| self.tree(tree));
                threshold.when.iter().for_each(|tree| self.tree(tree));
            }
            Body::Pattern(pattern) => {
                self.elements(&pattern.seq);
                pattern.without.iter().for_each(|absent| self.absent(absent));
            }
            Body::Error(_) => {}
        }
        let mut template = |parts: &[TemplatePart]| {
            for part in parts {
                if let TemplatePart::Expr(tree) = part {
                    self.tree(tree);
                }
            }
        };
        match maker.kind {
            MakerKind::Rule(rule) => {
                rule.alert.iter().for_each(|alert| template(&alert.template.parts));
                rule.resolve.iter().for_each(|resolve| template(&resolve.parts));
                let with = rule.alert.iter().flat_map(|Alert { with, .. }| with);
                with.for_each(|(_, tree)| self.tree(tree));
                rule.suppress.iter().flat_map(|suppress| &suppress.by).for_each(|tree| self.tree(tree));
            }
            MakerKind::Derive(derive) => {
                self.emit(&derive.emit);
                derive.having.iter().for_each(|tree| self.tree(tree));
            }
            MakerKind::View(view) => self.emit(&view.emit),
        }
    }

    fn emit(&mut self, emit: &[Emit]) {
        for one in emit {
            if let Emit::Named(_, tree) = one {
                self.tree(tree);
            }
        }
    }

    fn elements(&mut self, seq: &[Element]) {
        for element in seq {
            match &element.node {
                Node::Step(step) => {
                    step.filter.iter().for_each(|tree| self.tree(tree));
                    self.limits(&step.limits);
                }
                Node::No(absent) => self.absent(absent),
                Node::Group(group) => {
                    self.elements(&group.members);
                    self.limits(&group.limits);
                }
                Node::Sub(sub) => {
                    self.elements(&sub.seq);
                    self.limits(&sub.limits);
                }
            }
        }
    }

    fn absent(&mut self, absent: &Absent) {
        self.keys(absent.by.as_ref());
        absent.filter.iter().for_each(|tree| self.tree(tree));
    }

    fn limits(&mut self, limits: &Limits) {
        self.keys(limits.by.as_ref());
        limits.until.iter().for_each(|tree| self.tree(tree));
    }

    fn keys(&mut self, keys: Option<&Keys>) {
        for part in keys.into_iter().flat_map(|keys| &keys.parts) {
            if let KeyPart::Named(_, tree) = part {
                self.tree(tree);
            }
        }
    }

    fn tree(&mut self, tree: &Expr) {
        let looked_up = match &tree.node {
            ExprKind::Index(of, _) => Some(of),
            ExprKind::In { list, .. } => Some(list),
            _ => None,
        };
        if let Some(ExprKind::Name(name)) = looked_up.map(|tree| &tree.node)
            && let Some(Entity::View(view)) = self.world.entity(name)
        {
            self.views.push(view);
        }
        let used = match &tree.node {
            ExprKind::Name(name) => Some(name),
            ExprKind::Call(call) => Some(&call.name.text),
            _ => None,
        };
        let world: &'w World<'_> = self.world;
        if let Some((name, found)) = used.and_then(|name| world.lets.get_key_value(name.as_str()))
            && self.lets.insert(name)
        {
            self.tree(&found.node.body);
        }
        children(tree).into_iter().for_each(|child| self.tree(child));
    }
}
