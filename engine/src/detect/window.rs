//! `derive` with a window: one row for each window that is over.

use super::rule::{Behaviour, Bench, Seen};
use super::threshold::{Clause, admitting};
use super::voice::{Facts, Moment, Voice};
use crate::alert::AlertState;
use crate::expr::{BatchRow, Scene};
use crate::state::StateError;
use crate::windows::{Row, WindowProgram, WindowState};
use tripline_query_lang::plan::{CompareOp, Expr, ExprKind, Plan, Rule, RuleId, Threshold, Window};
use tripline_query_lang::value::Value;

/// A `derive` with a window, compiled.
pub(super) struct WindowRule {
    on: Vec<Clause>,
    program: WindowProgram,
    voice: Voice,
}

impl WindowRule {
    /// Compiles a rule whose body has this window; `plain`: without shortcuts.
    pub fn new(
        plan: &Plan,
        id: RuleId,
        rule: &Rule,
        threshold: &Threshold,
        window: &Window,
        plain: bool,
    ) -> WindowRule {
        let program = match rule.key_table {
            Some(_) => WindowProgram::of_listed(window, &rule.histories),
            None if plain => WindowProgram::new(window, &rule.histories),
            None => WindowProgram::by_panes(window, &rule.histories, least(rule)),
        };
        WindowRule {
            on: threshold.on.iter().map(|on| Clause::new(plan, on)).collect(),
            program,
            voice: Voice::new(id, rule, 0),
        }
    }

    /// Gives a window's row, at the moment of an event or of its own end.
    fn say(&self, row: &Row<'_>, event: Option<Moment<'_>>, bench: &mut Bench<'_>) {
        let mut keys = bench.key_parts();
        keys.extend([Value::Time(row.start_us), Value::Time(row.end_us)]);
        let scene =
            Scene { histories: row.values, keys: &keys, at_us: row.end_us, tables: Some(bench.tables), ..Scene::EMPTY };
        let facts = Facts {
            moment: event.unwrap_or(Moment::Timer(row.end_us)),
            at_us: row.end_us,
            state: AlertState::Firing,
            key: bench.key(),
            sequence: 0,
            evidence: Vec::new(),
            incomplete: false,
        };
        self.voice.speak(&scene, facts, bench.out);
    }
}

/// `having` never holds while the rule's only function has a value below this.
fn least(rule: &Rule) -> u64 {
    fn asked(expr: &Expr, rule: &Rule) -> i64 {
        match &expr.kind {
            ExprKind::And(parts) => parts.iter().map(|part| asked(part, rule)).max().unwrap_or(0),
            ExprKind::Compare(op, left, right) => match (op, &right.kind) {
                (CompareOp::GreaterEqual, ExprKind::Const(Value::Int(n))) if is_history(left, rule) => *n,
                (CompareOp::Greater, ExprKind::Const(Value::Int(n))) if is_history(left, rule) => n.saturating_add(1),
                _ => 0,
            },
            _ => 0,
        }
    }
    fn is_history(expr: &Expr, rule: &Rule) -> bool {
        matches!(rule.through_with(expr).kind, ExprKind::History(_))
    }
    let least = rule.having.as_ref().map_or(0, |having| asked(having, rule));
    u64::try_from(least).unwrap_or(0)
}

impl Behaviour for WindowRule {
    type State = WindowState;

    fn depth(&self) -> usize {
        1
    }

    fn warm(&self, state: &WindowState, _depth: usize) -> i64 {
        WindowProgram::warm(state)
    }

    /// A session's deadline moves on with every event, that of a window by the clock stays or is the next one.
    fn deadline_grows(&self) -> bool {
        self.program.deadline_grows()
    }

    fn is_stateless(&self) -> bool {
        false
    }

    fn event(&self, state: &mut WindowState, seen: &Seen<'_>, bench: &mut Bench<'_>) {
        let row = BatchRow { batch: seen.batch, row: seen.row };
        let scene = Scene { tables: Some(bench.tables), ..Scene::of_row(&row) };
        let Some((on, clause)) = admitting(&self.on, seen, &scene) else { return };
        let scene = Scene { slots: &clause.fields, ..scene };
        if self.program.event(state, on, &scene, &mut |row| self.say(&row, None, bench)) {
            self.program.complete(state, &mut |row| self.say(&row, Some(seen.moment()), bench));
        }
    }

    fn time(&self, state: &mut WindowState, watermark_us: i64, bench: &mut Bench<'_>) -> bool {
        self.program.close(state, watermark_us, &mut |row| self.say(&row, None, bench))
    }

    fn is_listed(&self) -> bool {
        self.program.is_listed()
    }

    fn begin(&self, state: &mut WindowState, start_us: i64) {
        self.program.begin(state, start_us);
    }

    /// A window that ends at this very time is whole.
    fn goes(&self, state: &mut WindowState, (at_us, newest_us): (i64, i64), bench: &mut Bench<'_>) {
        self.program.close_begun(state, (at_us.saturating_add(1), newest_us), &mut |row| self.say(&row, None, bench));
    }

    fn finish(&self, state: &mut WindowState, newest_us: i64, bench: &mut Bench<'_>) -> bool {
        self.program.close_begun(state, (i64::MAX, newest_us), &mut |row| self.say(&row, None, bench))
    }

    fn deadline(&self, state: &WindowState) -> Option<i64> {
        self.program.deadline(state)
    }

    fn lingers_us(&self) -> Option<i64> {
        self.program.lingers_us()
    }

    #[inline]
    fn says_at(&self, state: &WindowState) -> Option<i64> {
        self.program.tells_at(state)
    }

    #[inline]
    fn is_idle(&self, state: &WindowState) -> bool {
        self.program.is_idle(state)
    }

    fn open(&self, state: &WindowState) -> usize {
        usize::from(!self.program.is_idle(state))
    }

    fn write(&self, state: &WindowState, out: &mut Vec<u8>) {
        self.program.write(state, out);
    }

    fn read(&self, bytes: &mut &[u8]) -> Result<WindowState, StateError> {
        self.program.read(bytes)
    }
}
