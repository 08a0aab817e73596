//! The elements of a pattern in the language's notation.

use super::{Show, duration};
use crate::plan::{
    Absent, Branching, Element, GroupKind, Limits, Link, Node, Quant, Runs, Skip, StepInfo, StepKey, Within,
};

impl Show<'_> {
    /// A step's name and stream with its quantifier: `probe: payment{3,}`.
    pub fn step(self, info: &StepInfo, quant: Option<Quant>) -> String {
        let quant = quant.map_or(String::new(), quantifier);
        format!("{}: {}{quant}", info.name, self.stream_name(info.stream))
    }

    /// `no order for 30m where ...`
    pub fn absent(self, absent: &Absent) -> String {
        let hold = absent.hold_us.map_or(String::new(), |us| format!(" for {}", duration(us)));
        let show = self.at(absent.stream);
        let filter = absent.filter.as_ref().map_or(String::new(), |filter| format!(" where {}", show.expr(filter)));
        let key = show.step_key(&absent.key).map_or(String::new(), |key| format!(" by {key}"));
        format!("{}{key}{hold}{filter}", self.stream_name(absent.stream))
    }

    /// A step's key, where it is another than that of the rule by name; the event is of the step's stream.
    pub fn step_key(self, key: &StepKey) -> Option<String> {
        match key {
            StepKey::Own(parts) => {
                let shown: Vec<String> = parts.iter().map(|part| self.expr(part)).collect();
                let names = self.rule.keys.iter().map(|key| key.name.as_str());
                (!names.eq(shown.iter().map(String::as_str))).then(|| bracketed(&shown))
            }
            StepKey::HandOver(pairs) => {
                let pairs: Vec<String> =
                    pairs.iter().map(|pair| format!("{} == {}", self.expr(&pair.own), self.expr(&pair.from))).collect();
                Some(bracketed(&pairs))
            }
        }
    }

    /// `over 15m within 1h until ... limit 5`, with a blank before each; empty without any.
    pub fn limits(self, limits: &Limits) -> String {
        let mut out = String::new();
        if let Some(us) = limits.over_us {
            out.push_str(&format!(" over {}", duration(us)));
        }
        if let Some(us) = limits.within_us {
            out.push_str(&format!(" within {}", duration(us)));
        }
        if let Some(until) = &limits.until {
            out.push_str(&format!(" until {}", self.expr(until)));
        }
        if let Some(limit) = limits.limit {
            out.push_str(&format!(" limit {limit}"));
        }
        out
    }

    /// `to first probe`
    pub fn skip(self, skip: Skip) -> String {
        match skip {
            Skip::PastLast => "past last event".to_owned(),
            Skip::ToNext => "to next event".to_owned(),
            Skip::ToFirst(step) => format!("to first {}", self.step_name(step)),
            Skip::ToLast(step) => format!("to last {}", self.step_name(step)),
            Skip::None => "none".to_owned(),
        }
    }

    /// An element with all that is inside, on one line.
    pub fn element(self, element: &Element) -> String {
        match &element.node {
            Node::Step(step) => self.place(step),
            Node::No(absent) => format!("no {}", self.absent(absent)),
            Node::Group(group) => {
                let members: Vec<String> = group.members.iter().map(|member| self.element(member)).collect();
                format!(
                    "{} ({}){}",
                    group_kind(group.kind, group.members.len()),
                    members.join(", "),
                    self.limits(&group.limits)
                )
            }
            Node::Sub(sub) => {
                let quant = sub.quant.map_or(String::new(), quantifier);
                format!("({}){quant}{}", self.sequence(&sub.seq), self.limits(&sub.limits))
            }
        }
    }

    /// Elements with the words between them, on one line.
    pub fn sequence(self, seq: &[Element]) -> String {
        let shown: Vec<String> = seq
            .iter()
            .map(|element| match link(element.link) {
                "" => self.element(element),
                word => format!("{word} {}", self.element(element)),
            })
            .collect();
        shown.join(" ")
    }

    fn place(self, step: &crate::plan::Step) -> String {
        let crate::plan::Body::Pattern(pattern) = &self.rule.body else { return String::new() };
        let Some(info) = pattern.steps.get(step.id.index()) else { return String::new() };
        let show = self.at(info.stream);
        let key = show.step_key(&info.key).map_or(String::new(), |key| format!(" by {key}"));
        let filter = info.filter.as_ref().map_or(String::new(), |filter| format!(" where {}", show.expr(filter)));
        format!("{}{key}{}{filter}", self.step(info, step.quant), show.limits(&step.limits))
    }
}

fn bracketed(parts: &[String]) -> String {
    match parts {
        [one] => one.clone(),
        parts => format!("({})", parts.join(", ")),
    }
}

/// The word before an element; nothing before the first.
pub fn link(link: Link) -> &'static str {
    match link {
        Link::Start => "",
        Link::Then => "then",
        Link::Next => "next",
        Link::ThenEach => "then each",
    }
}

/// `any of`, `all of`, `2 of`
pub fn group_kind(kind: GroupKind, members: usize) -> String {
    match kind {
        GroupKind::AnyOf => "any of".to_owned(),
        GroupKind::Of(n) if n as usize == members => "all of".to_owned(),
        GroupKind::Of(n) => format!("{n} of"),
    }
}

/// `{3,} greedy`
pub fn quantifier(quant: Quant) -> String {
    let mut out = match (quant.min, quant.max) {
        (0, Some(1)) => "?".to_owned(),
        (0, None) => "*".to_owned(),
        (1, None) => "+".to_owned(),
        (min, None) => format!("{{{min},}}"),
        (min, Some(max)) if min == max => format!("{{{min}}}"),
        (min, Some(max)) => format!("{{{min},{max}}}"),
    };
    if quant.greedy {
        out.push_str(" greedy");
    }
    match quant.branching {
        Branching::One => {}
        Branching::Each => out.push_str(" each"),
    }
    if quant.consecutive {
        out.push_str(" consecutive");
    }
    out
}

/// `within 1h`; `None` where a rule has none.
pub fn within(within: Option<Within>) -> Option<String> {
    match within? {
        Within::Time(us) => Some(format!("within {}", duration(us))),
        Within::Events(n) => Some(format!("within {n} events")),
        Within::Forever => Some("within forever".to_owned()),
    }
}

/// `runs 1`; `None` where it is the default.
pub fn runs(runs: Runs) -> Option<String> {
    match runs {
        Runs::Max(crate::plan::RUNS_MAX) => None,
        Runs::Max(n) => Some(format!("runs {n}")),
        Runs::Latest => Some("runs latest".to_owned()),
    }
}
