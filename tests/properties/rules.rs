//! Random rules as text, from the whole grammar.

use crate::draw::Draw;
use crate::stages;

/// The streams that all random rules are about: two that share most fields.
const STREAMS: &str = "\
stream s {
  k: text?
  x: int?
  d: decimal(2)?
  f: float?
  w: text?
  b: bool?
  at: time(ms)
} timed by at, late 4s
stream t {
  k: text?
  x: int?
  w: text?
  at: time(ms)
} timed by at, late 2s, ahead 30s
table owners key id {
  id: text
  n: int?
  v: text?
} late 1s
";

/// Seconds, short against the streams of [`crate::events`].
pub fn span(draw: &mut Draw) -> String {
    format!("{}s", [5, 1, 2, 3, 8, 20][draw.below(6) as usize])
}

/// A rule and the streams.
pub fn file(draw: &mut Draw) -> String {
    let rule = match draw.below(3) {
        0 if draw.once_in(5) => silence(draw),
        0 if draw.once_in(5) => stages::over_rules(draw),
        0 => threshold(draw),
        _ => pattern(draw),
    };
    format!("{}\n{rule}", streams(draw))
}

/// A rule that looks things up, and the streams. Its pattern is plain: what is drawn here is where look-ups stand.
pub fn file_with_look_ups(draw: &mut Draw) -> String {
    let rule = if draw.once_in(4) {
        stages::listed(draw)
    } else if draw.below(3) < 2 {
        threshold(draw)
    } else {
        let (a, no, b) = (filter(draw), filter(draw), filter(draw));
        let wait = draw.pick(&["", "+ greedy over 3s"]);
        format!(
            "rule r {{\n{}  within 20s\n  match a: s{a}\n  then no t{no}\n  then b: s{wait}{b}\n  alert low \"{{w}} {{at}}\" \
             with w = owners[a.w].v\n}}\n",
            keys(draw)
        )
    };
    let looked_up = rule
        .replace("x is null", "w not in owners")
        .replace("w like \"u*\"", "owners[w].n >= x")
        .replace("w matches \"[uv]\"", "owners[k].v == w")
        .replace("x in [0, 2]", "(w in owners and owners[w].n < 3)")
        .replace("sum(x", "sum(owners[w].n")
        .replace("{w} {n} {at}", "{w} {n} {at} {owners[w].v}");
    format!("{}\n{looked_up}", streams(draw))
}

/// The streams, sometimes with repeats left out.
pub fn streams(draw: &mut Draw) -> String {
    let mut streams = STREAMS.to_owned();
    for policy in ["late 4s", "late 2s"] {
        if draw.once_in(5) {
            let id = draw.pick(&["x", "(x, w)", "k"]);
            streams = streams.replace(policy, &format!("{policy}, unique by {id} over {}", span(draw)));
        }
    }
    streams
}

/// A key clause, or none.
pub fn keys(draw: &mut Draw) -> &'static str {
    draw.pick(&["  by k\n", "", "  by (k, w)\n", "  by (k, parity: x % 2)\n"])
}

/// A condition on the fields of one event.
pub fn local(draw: &mut Draw) -> String {
    match draw.below(12) {
        0 => format!("w == \"{}\"", draw.pick(&["u", "v"])),
        1 => format!("x {} {}", draw.pick(&["==", ">", "<=", "!="]), draw.below(4)),
        2 => "x in [0, 2]".to_string(),
        3 => "w like \"u*\"".to_string(),
        4 => "x is null".to_string(),
        5 => format!("not (x > {})", draw.below(3)),
        6 => format!("{} or {}", local(draw), local(draw)),
        7 => format!("{} and {}", local(draw), local(draw)),
        8 => "x between 1 and 2".to_string(),
        9 => "w matches \"[uv]\"".to_string(),
        10 => "(if x > 1 then w else \"u\") == \"u\"".to_string(),
        _ => "true".to_string(),
    }
}

/// A condition on the event, or none.
pub fn filter(draw: &mut Draw) -> String {
    if draw.below(5) == 4 { String::new() } else { format!(" where {}", local(draw)) }
}

fn window(draw: &mut Draw) -> String {
    match draw.below(6) {
        0 => format!("over {}", span(draw)),
        1 => format!("over last {}", 1 + draw.below(3)),
        2 => format!("over previous {}", span(draw)),
        3 => format!("over previous {}", 1 + draw.below(3)),
        4 => format!("over {} before {}", span(draw), span(draw)),
        _ => "over forever".to_string(),
    }
}

/// A number from the events before.
fn history(draw: &mut Draw) -> String {
    let inner = |draw: &mut Draw, arg: &str| {
        let filter = if draw.once_in(4) { format!(" where {}", local(draw)) } else { String::new() };
        format!("({}) ", format!("{arg}{filter}").trim_start())
    };
    match draw.below(8) {
        0 => format!("count{}{}", inner(draw, ""), window(draw)),
        1 => format!("sum{}{}", inner(draw, "x"), window(draw)),
        2 if draw.once_in(3) => sketched(draw),
        2 => format!("distinct{}over {}", inner(draw, "w"), span(draw)),
        3 => format!("{}{}{}", draw.pick(&["min", "max", "first", "last"]), inner(draw, "x"), window(draw)),
        4 => draw.pick(&["prev(x)", "prev(x, 2)"]).to_string(),
        5 => format!("prev(x) over {}", span(draw)),
        6 => format!("avg{}{}", inner(draw, "x"), window(draw)),
        _ => format!("count({}) {}", "x", window(draw)),
    }
}

/// By a sketch. Of so few values all is exact, apart from where a window begins.
fn sketched(draw: &mut Draw) -> String {
    let function = draw.pick(&["distinct(w)", "percentile(x, 50)", "distinct(w where x > 0)", "percentile(x, 75)"]);
    let window = match draw.below(3) {
        0 => format!("over {}", span(draw)),
        1 => format!("over previous {}", span(draw)),
        _ => "over forever".to_owned(),
    };
    format!("{function} {window} approx")
}

fn when(draw: &mut Draw) -> String {
    match draw.below(7) {
        0 => format!("{} >= {}", history(draw), 1 + draw.below(3)),
        1 => format!("x > {}", history(draw)),
        2 => format!("first_seen(w) over {}", span(draw)),
        3 => format!("{} and {}", local(draw), when(draw)),
        4 => format!("not ({})", when(draw)),
        5 => format!("{} or {}", when(draw), local(draw)),
        _ => local(draw),
    }
}

/// A rule of the form `on ... when`.
pub fn threshold(draw: &mut Draw) -> String {
    let mut rule = format!("rule r {{\n{}", keys(draw));
    rule.push_str(&format!("  on {}{}\n", draw.pick(&["s", "t"]), filter(draw)));
    if draw.once_in(4) {
        rule.push_str(&format!("  on {}{}\n", draw.pick(&["t", "s"]), filter(draw)));
    }
    let has_when = draw.below(6) != 5;
    if has_when {
        let hold = if draw.once_in(4) { format!(" for {}", span(draw)) } else { String::new() };
        rule.push_str(&format!("  when {}{hold}\n", when(draw)));
    }
    suppress(draw, &mut rule, "w");
    let is_every = draw.once_in(4);
    let every = if is_every { "every event " } else { "" };
    rule.push_str(&format!("  alert {every}high \"{{w}} {{n}} {{at}}\"\n  with n = {}", history(draw)));
    for number in 0..draw.below(3) {
        rule.push_str(&format!(", m{number} = {}", history(draw)));
    }
    if draw.once_in(5) {
        rule.push_str(&format!(", seen = collect(w) over {}", span(draw)));
    }
    if has_when && !is_every {
        rule.push('\n');
        lasting(draw, &mut rule);
    }
    rule.push_str("\n}\n");
    rule
}

pub fn suppress(draw: &mut Draw, rule: &mut String, by: &str) {
    if draw.once_in(5) {
        let by = if !by.is_empty() && draw.once_in(2) { format!(" by {by}") } else { String::new() };
        rule.push_str(&format!("  suppress {}{by}\n", span(draw)));
    }
}

/// Steps that stand before the one that is written: their names, whether they are loops, and whether they may be empty.
#[derive(Default)]
struct Steps {
    known: Vec<(String, bool, bool)>,
    /// Steps so far, also those that later conditions may not see.
    count: usize,
    /// The element that was written last certainly takes an event.
    last_took: bool,
    /// It is a step of one event.
    last_is_plain: bool,
}

fn pattern(draw: &mut Draw) -> String {
    let mut rule = format!("rule r {{\n{}", keys(draw));
    let within = match draw.below(5) {
        0..=2 => span(draw),
        3 => format!("{} events", 1 + draw.below(6)),
        _ => "forever".to_string(),
    };
    rule.push_str(&format!("  within {within}\n"));
    let runs = draw.below(9);
    let mut steps = Steps::default();
    let place = Place { inside_loop: false, is_first: true, must_take: false, has_taken: false };
    let seq = sequence(draw, &mut steps, 0, place);
    // Where exactly a run waits is said of plain steps only.
    let is_plain = !steps.known.iter().any(|(_, is_loop, empty)| *is_loop || *empty) && !seq.contains(" of (");
    rule.push_str(match runs {
        6 => "  runs 1\n",
        7 => "  runs 2\n",
        8 if is_plain => "  runs latest\n",
        _ => "",
    });
    rule.push_str("  match ");
    rule.push_str(&seq);
    rule.push('\n');
    if draw.once_in(6) {
        rule.push_str(&format!("  without {}{}\n", draw.pick(&["t", "s"]), filter(draw)));
    }
    let mandatory: Vec<&str> =
        steps.known.iter().filter(|(.., empty)| !empty).map(|(name, ..)| name.as_str()).collect();
    let skip = match draw.below(6) {
        0 | 1 => "past last event".to_string(),
        2 | 3 => "none".to_string(),
        4 => "to next event".to_string(),
        _ if mandatory.is_empty() => "none".to_string(),
        _ => format!("to {} {}", draw.pick(&["first", "last"]), draw.pick(&mandatory)),
    };
    rule.push_str(&format!("  after match skip {skip}\n"));
    suppress(draw, &mut rule, "");
    let mut with: Vec<String> = Vec::new();
    for (number, (name, is_loop, _)) in steps.known.iter().enumerate() {
        if *is_loop {
            with.push(format!("n{number} = count({name})"));
            with.push(format!("m{number} = {}({name}.x)", draw.pick(&["sum", "last", "max", "avg", "distinct"])));
        } else {
            with.push(format!("x{number} = {name}.x"));
        }
    }
    let with = if with.is_empty() { String::new() } else { format!(" with {}", with.join(", ")) };
    rule.push_str(&format!("  alert low \"found {{at}}\"{with}\n"));
    // What lasts: the absence at the end, unless it waits for the end of a `within`.
    let last = seq.rsplit(" then ").next().unwrap_or_default();
    if last.starts_with("no ") && last.contains(" for ") && !last.contains(')') {
        lasting(draw, &mut rule);
    }
    rule.push_str("}\n");
    rule
}

/// `repeat` and `resolve`.
pub fn lasting(draw: &mut Draw, rule: &mut String) {
    if draw.once_in(3) {
        rule.push_str(&format!("  repeat {}\n", draw.pick(&["1s", "2s", "7s"])));
    }
    if draw.once_in(2) {
        rule.push_str("  resolve \"over {at}\"\n");
    }
}

/// A rule that waits for silence.
fn silence(draw: &mut Draw) -> String {
    let mut rule = format!("rule r {{\n{}", keys(draw));
    rule.push_str(&format!("  match no {} for {}{}\n", draw.pick(&["s", "t"]), span(draw), filter(draw)));
    suppress(draw, &mut rule, "");
    rule.push_str("  alert low \"quiet {at}\"\n");
    lasting(draw, &mut rule);
    rule.push_str("}\n");
    rule
}

#[derive(Clone, Copy)]
struct Place {
    inside_loop: bool,
    is_first: bool,
    /// May not be empty: behind a `no`, or a member of a group.
    must_take: bool,
    /// Something before it certainly took an event: only then may a `no` stand before it.
    has_taken: bool,
}

/// Elements joined by `then`, `next`, `then each`; absences between and behind them.
fn sequence(draw: &mut Draw, steps: &mut Steps, depth: u32, place: Place) -> String {
    let mut text = String::new();
    let mut has_taken = place.has_taken;
    let count = 1 + draw.below(3);
    for position in 0..count {
        let is_first = position == 0;
        let behind_no = has_taken && draw.once_in(5);
        if behind_no {
            text.push_str(&absence(draw, steps, false));
        }
        let mut each = false;
        if !is_first {
            let word = draw.below(8);
            each = word == 7;
            text.push_str(match word {
                0..=3 => " then ",
                4..=6 => " next ",
                _ => " then each ",
            });
        }
        // A pattern that takes nothing is none.
        let must_take =
            behind_no || (place.must_take && is_first) || (depth == 0 && position + 1 == count && !has_taken);
        let place = Place { is_first: place.is_first && is_first, must_take, has_taken, ..place };
        text.push_str(&element(draw, steps, depth, place, each));
        has_taken |= must_take || steps.last_took;
    }
    steps.last_took = has_taken;
    if depth == 0 && has_taken && draw.once_in(4) {
        text.push_str(&absence(draw, steps, true));
    }
    text
}

fn absence(draw: &mut Draw, steps: &Steps, is_last: bool) -> String {
    let (word, hold) = match draw.below(4) {
        0 => (" then ", format!(" for {}", span(draw))),
        1 => (" next ", String::new()),
        2 if !is_last => (" then ", String::new()),
        _ => (" then ", if is_last { format!(" for {}", span(draw)) } else { String::new() }),
    };
    format!("{word}no {}{hold} where {}", draw.pick(&["t", "s"]), condition(draw, steps, None))
}

/// A condition that may look at steps before.
fn condition(draw: &mut Draw, steps: &Steps, own: Option<&str>) -> String {
    let kind = draw.below(8);
    if let (7, Some(own)) = (kind, own) {
        return match draw.below(3) {
            0 => format!("count({own}) < {}", 1 + draw.below(3)),
            1 => format!("sum({own}.x) + x < {}", 1 + draw.below(5)),
            _ => "x >= prev(x)".to_string(),
        };
    }
    if kind >= 5 && !steps.known.is_empty() {
        let (name, is_loop, _) = &steps.known[draw.below(steps.known.len() as u32) as usize];
        return match is_loop {
            true => format!("x >= {}({name}.x)", draw.pick(&["last", "first", "max", "sum"])),
            false => format!("{} {} {name}.x", draw.pick(&["x", "x + 1"]), draw.pick(&[">=", "==", "<"])),
        };
    }
    local(draw)
}

fn element(draw: &mut Draw, steps: &mut Steps, depth: u32, place: Place, each: bool) -> String {
    match draw.below(9) {
        7 if depth < 2 => bracket(draw, steps, depth, place, each),
        8 if depth < 2 => group(draw, steps, depth, place, each),
        _ => step(draw, steps, place, each),
    }
}

/// A quantifier with its words; whether it is a loop; whether it may be empty; whether it branches.
fn quant(draw: &mut Draw, must_take: bool) -> (String, bool, bool, bool) {
    let (quant, is_loop, may_be_empty, has_choice) = match draw.below(10) {
        0..=3 => return (String::new(), false, false, false),
        4 if !must_take => ("?".to_string(), false, true, true),
        5 if !must_take => ("*".to_string(), true, true, true),
        6 => ("+".to_string(), true, false, true),
        7 => (format!("{{{}}}", 2 + draw.below(2)), true, false, false),
        8 => (format!("{{{},}}", 1 + draw.below(2)), true, false, true),
        _ => (format!("{{1,{}}}", 2 + draw.below(2)), true, false, true),
    };
    let greedy = if has_choice && draw.once_in(3) { " greedy" } else { "" };
    let branches = has_choice && draw.once_in(3);
    let each = if branches { " each" } else { "" };
    let consecutive = if is_loop && draw.once_in(4) { " consecutive" } else { "" };
    (format!("{quant}{greedy}{each}{consecutive}"), is_loop, may_be_empty, branches)
}

fn limits(draw: &mut Draw, is_loop: bool, is_first: bool, branches: bool) -> String {
    let mut text = String::new();
    if is_loop && draw.once_in(4) {
        text.push_str(&format!(" over {}", span(draw)));
    }
    if (!is_first || is_loop) && draw.once_in(5) {
        text.push_str(&format!(" within {}", span(draw)));
    }
    if is_loop && draw.once_in(6) {
        text.push_str(&format!(" until {}", local(draw)));
    }
    if branches {
        text.push_str(" limit 50");
    }
    text
}

fn step(draw: &mut Draw, steps: &mut Steps, place: Place, each: bool) -> String {
    let name = ["a", "b", "c", "e", "g", "h", "i", "j", "l", "m", "o", "p"].get(steps.count).copied().unwrap_or("z");
    steps.count += 1;
    let (quant, is_loop, may_be_empty, branches) = quant(draw, place.must_take);
    let limits = limits(draw, is_loop, place.is_first, branches || each);
    let is_loop = is_loop || place.inside_loop;
    let stream = draw.pick(&["s", "s", "t"]);
    let condition = condition(draw, steps, is_loop.then_some(name));
    steps.known.push((name.to_string(), is_loop, may_be_empty));
    steps.last_took = !may_be_empty;
    steps.last_is_plain = !is_loop && !may_be_empty;
    format!("{name}: {stream}{quant}{limits} where {condition}")
}

fn bracket(draw: &mut Draw, steps: &mut Steps, depth: u32, place: Place, each: bool) -> String {
    let (quant, is_loop, may_be_empty, branches) = quant(draw, place.must_take);
    let before = steps.known.len();
    let inside_loop = place.inside_loop || is_loop;
    // A bracket that may be left out has something in it: of `(b?)?` nobody can say which of the two is empty.
    let must_take = place.must_take || may_be_empty;
    let inside = sequence(draw, steps, depth + 1, Place { inside_loop, must_take, ..place });
    steps.known[before..].iter_mut().for_each(|(.., empty)| *empty |= may_be_empty);
    steps.last_took &= !may_be_empty;
    steps.last_is_plain = false;
    format!("({inside}){quant}{}", limits(draw, is_loop, place.is_first, branches || each))
}

/// Members do not see each other, so that their steps are known only behind the group.
fn group(draw: &mut Draw, steps: &mut Steps, depth: u32, place: Place, each: bool) -> String {
    let kind = draw.pick(&["any of", "all of", "2 of"]);
    let before = steps.known.len();
    let may_wait = steps.last_is_plain;
    let mut members = Vec::new();
    let mut found = Vec::new();
    for _ in 0..2 + draw.below(2) {
        // Behind a loop that may go on, an absence among alternatives decides what nobody would write.
        if place.has_taken && may_wait && draw.once_in(6) {
            members.push(format!("no {} for {} where {}", draw.pick(&["t", "s"]), span(draw), local(draw)));
            continue;
        }
        members.push(element(draw, steps, depth + 1, Place { must_take: true, ..place }, false));
        found.extend(steps.known.drain(before..));
    }
    let may_be_empty = kind != "all of";
    steps.known.extend(found.into_iter().map(|(name, is_loop, empty)| (name, is_loop, empty || may_be_empty)));
    steps.last_took = true;
    steps.last_is_plain = false;
    let limit = if each { " limit 50" } else { "" };
    format!("{kind} ({}){limit}", members.join(", "))
}
