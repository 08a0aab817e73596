//! Operators: what they take, what they give, and the conversions of their operands.

use super::Typer;
use super::check::describe;
use super::convert::{SCALE_MAX, common, constant_value, converted, is_number, is_ordered, node, poison};
use crate::ast::{self, BinaryOp};
use crate::diagnostics::codes::{types as codes, warnings};
use crate::eval::regex;
use crate::plan::{ArithOp, CompareOp, Expr, ExprKind};
use crate::span::Span;
use crate::value::{Type, Value};

impl<'a> Typer<'a, '_> {
    /// `a op b`
    pub(super) fn binary(&mut self, op: BinaryOp, left: &'a ast::Expr, right: &'a ast::Expr, span: Span) -> Expr {
        let spans = (left.span, right.span);
        match op {
            BinaryOp::And | BinaryOp::Or => {
                let parts = vec![self.bool(left), self.bool(right)];
                node(if op == BinaryOp::And { ExprKind::And(parts) } else { ExprKind::Or(parts) }, Type::Bool)
            }
            BinaryOp::Is | BinaryOp::IsNot => {
                let (left, right) = (self.expr(left), self.expr(right));
                self.is(op == BinaryOp::IsNot, left, right, spans)
            }
            BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::Less
            | BinaryOp::LessEqual
            | BinaryOp::Greater
            | BinaryOp::GreaterEqual => {
                if let (ast::ExprKind::Null, _) | (_, ast::ExprKind::Null) = (&left.node, &right.node) {
                    self.warn_of_null(op, span);
                }
                let (left, right) = (self.expr(left), self.expr(right));
                self.compare(compare_op(op), left, right, spans)
            }
            BinaryOp::Add => self.arithmetic(ArithOp::Add, left, right, span),
            BinaryOp::Subtract => self.arithmetic(ArithOp::Subtract, left, right, span),
            BinaryOp::Multiply => self.arithmetic(ArithOp::Multiply, left, right, span),
            BinaryOp::Divide => self.arithmetic(ArithOp::Divide, left, right, span),
            BinaryOp::Remainder => self.arithmetic(ArithOp::Remainder, left, right, span),
        }
    }

    fn warn_of_null(&self, op: BinaryOp, span: Span) {
        let warning = self.say(warnings::NULL_COMPARED, span, "this is never known: a comparison with `null`");
        self.report(match op {
            BinaryOp::NotEqual => warning.hint("write `is not null`"),
            BinaryOp::Equal => warning.hint("write `is null`"),
            _ => warning,
        });
    }

    fn is(&self, negated: bool, left: Expr, right: Expr, spans: (Span, Span)) -> Expr {
        let is_list = |expr: &Expr| matches!(expr.ty, Type::List(_));
        let with_null = [&left, &right].iter().any(|side| constant_value(side) == Some(&Value::Null));
        if (is_list(&left) || is_list(&right)) && !with_null {
            self.fault(codes::OPERANDS, spans.0.to(spans.1), "lists cannot be compared");
            return poison();
        }
        match self.same(left, right, spans, "compared") {
            Some((left, right)) => {
                node(ExprKind::Is { negated, left: Box::new(left), right: Box::new(right) }, Type::Bool)
            }
            None => poison(),
        }
    }

    /// A comparison of operands that are brought to one type.
    pub(super) fn compare(&self, op: CompareOp, left: Expr, right: Expr, spans: (Span, Span)) -> Expr {
        let ordered = !matches!(op, CompareOp::Equal | CompareOp::NotEqual);
        let Some((left, right)) = self.same(left, right, spans, "compared") else { return poison() };
        if matches!(left.ty, Type::List(_)) || (ordered && !is_ordered(&left.ty)) {
            let message = format!("{} is {}: it has no {}", self.quote(spans.0), describe(&left.ty), order_of(ordered));
            self.fault(codes::OPERANDS, spans.0.to(spans.1), message);
            return poison();
        }
        node(ExprKind::Compare(op, Box::new(left), Box::new(right)), Type::Bool)
    }

    fn arithmetic(&mut self, op: ArithOp, left: &'a ast::Expr, right: &'a ast::Expr, span: Span) -> Expr {
        let spans = (left.span, right.span);
        let (left, right) = (self.expr(left), self.expr(right));
        if left.ty == Type::Null || right.ty == Type::Null {
            return poison();
        }
        match (&left.ty, &right.ty) {
            (a, b) if is_number(a) && is_number(b) => self.numeric(op, left, right, span),
            (a, b) => match temporal(op, a, b) {
                Some(ty) => node(ExprKind::Arith(op, Box::new(left), Box::new(right)), ty),
                None => {
                    self.no_arithmetic(op, &left, &right, spans);
                    poison()
                }
            },
        }
    }

    fn no_arithmetic(&self, op: ArithOp, left: &Expr, right: &Expr, spans: (Span, Span)) {
        let message = format!("`{}` does not go with {} and {}", sign(op), describe(&left.ty), describe(&right.ty));
        let fault = self.say(codes::OPERANDS, spans.0.to(spans.1), message);
        self.report(match (op, &left.ty, &right.ty) {
            (ArithOp::Add, Type::Text, _) | (ArithOp::Add, _, Type::Text) => {
                fault.hint("texts are put together by `concat(a, b)`")
            }
            (_, Type::Time | Type::Duration, ty) | (_, ty, Type::Time | Type::Duration) if is_number(ty) => {
                fault.hint("a duration has a unit: `30s`, `10m`, `2h`")
            }
            _ => fault,
        });
    }

    /// Ints and decimals stay exact under `+ - * %`; `/` and anything with a float gives a float.
    fn numeric(&mut self, op: ArithOp, left: Expr, right: Expr, span: Span) -> Expr {
        let both = common(&left.ty, &right.ty).unwrap_or(Type::Float);
        let ty = match (op, &left.ty, &right.ty) {
            (ArithOp::Divide, ..) => Type::Float,
            (ArithOp::Multiply, Type::Decimal(a), Type::Decimal(b)) => {
                if a + b > SCALE_MAX {
                    let message = format!("this product would have {} digits after the point", a + b);
                    self.report(
                        self.say(codes::SCALE, span, message)
                            .label(format!("decimals have at most {SCALE_MAX}"))
                            .hint("`round(x, 2)` takes digits away, `float(x)` leaves exact arithmetic"),
                    );
                    return poison();
                }
                Type::Decimal(a + b)
            }
            _ => both,
        };
        let operand = |side: Expr| match (op, &ty) {
            // The scales of factors add up, so each keeps its own; an int is a decimal without digits.
            (ArithOp::Multiply, Type::Decimal(_)) if side.ty == Type::Int => converted(side, &Type::Decimal(0)),
            (ArithOp::Multiply, Type::Decimal(_)) => side,
            (_, ty) => converted(side, ty),
        };
        let (left, right) = (operand(left), operand(right));
        node(ExprKind::Arith(op, Box::new(left), Box::new(right)), ty)
    }

    /// `-x`
    pub(super) fn negate(&mut self, inner: &'a ast::Expr, span: Span) -> Expr {
        // The smallest int has no positive counterpart to be the negation of.
        if let ast::ExprKind::Int(digits) = &inner.node
            && let Ok(value) = format!("-{digits}").parse()
        {
            return super::constant(Value::Int(value), Type::Int);
        }
        let inner_span = inner.span;
        let inner = self.expr(inner);
        if !is_number(&inner.ty) && inner.ty != Type::Duration {
            let message = format!("{} is {}: it has no sign", self.quote(inner_span), describe(&inner.ty));
            self.fault(codes::OPERANDS, span, message);
            return poison();
        }
        let ty = inner.ty.clone();
        node(ExprKind::Negate(Box::new(inner)), ty)
    }

    /// `x between a and b`: both ends included.
    pub(super) fn between(
        &mut self,
        negated: bool,
        item: &'a ast::Expr,
        low: &'a ast::Expr,
        high: &'a ast::Expr,
        span: Span,
    ) -> Expr {
        let (low_span, high_span) = (low.span, high.span);
        let (typed, low, high) = (self.expr(item), self.expr(low), self.expr(high));
        let parts = vec![
            self.compare(CompareOp::GreaterEqual, typed.clone(), low, (item.span, low_span)),
            self.compare(CompareOp::LessEqual, typed, high, (item.span, high_span)),
        ];
        if let [low, high] = &parts[..]
            && let (ExprKind::Compare(_, _, low), ExprKind::Compare(_, _, high)) = (&low.kind, &high.kind)
            && let (Some(low), Some(high)) = (constant_value(low), constant_value(high))
            && low.compare(high).is_some_and(|order| order.is_gt())
        {
            self.report(
                self.say(codes::EMPTY_RANGE, span, format!("nothing lies between {low} and {high}"))
                    .hint("the smaller end stands first"),
            );
        }
        negate_if(negated, node(ExprKind::And(parts), Type::Bool))
    }

    /// `x in list`
    pub(super) fn contained(&mut self, negated: bool, item: &'a ast::Expr, list: &'a ast::Expr, span: Span) -> Expr {
        if let ast::ExprKind::Name(name) = &list.node
            && let Some(table) = self.world.looked_up(name)
        {
            return negate_if(negated, self.listed(table, item, span));
        }
        if let ast::ExprKind::Name(name) = &list.node
            && let Some(table) = self.changing_param(name)
        {
            return negate_if(negated, self.listed(table, item, span));
        }
        let spans = (item.span, list.span);
        let (item, list) = (self.expr(item), self.expr(list));
        let of = match &list.ty {
            Type::List(of) => (**of).clone(),
            Type::Null => return poison(),
            ty => {
                let message = format!("{} is {}, not a list", self.quote(spans.1), describe(ty));
                self.report(self.say(codes::EXPECTED, spans.1, message).hint("a list is written `[1, 2]`"));
                return poison();
            }
        };
        let Some(ty) = common(&item.ty, &of).filter(|ty| !matches!(ty, Type::List(_))) else {
            let message =
                format!("{} is {}: it is never in {}", self.quote(spans.0), describe(&item.ty), describe(&list.ty));
            self.fault(codes::OPERANDS, span, message);
            return poison();
        };
        let list = converted(list, &Type::List(Box::new(ty.clone())));
        let item = converted(item, &ty);
        negate_if(negated, node(ExprKind::In(Box::new(item), Box::new(list)), Type::Bool))
    }

    /// `x like "ab*"`
    pub(super) fn like(&mut self, negated: bool, item: &'a ast::Expr, pattern: &'a ast::Expr) -> Expr {
        let item = self.of_type(item, &Type::Text);
        let Some(pattern) = self.constant_text(pattern, "a `like` pattern") else { return poison() };
        negate_if(negated, node(ExprKind::Like(Box::new(item), pattern), Type::Bool))
    }

    /// `x matches "regex"`
    pub(super) fn matches(&mut self, negated: bool, item: &'a ast::Expr, pattern: &'a ast::Expr) -> Expr {
        let item = self.of_type(item, &Type::Text);
        let span = pattern.span;
        let Some(pattern) = self.constant_text(pattern, "a regular expression") else { return poison() };
        let before = self.world.error_count();
        self.check_regex(&pattern, span);
        if self.world.error_count() > before {
            return poison();
        }
        negate_if(negated, node(ExprKind::Matches(Box::new(item), pattern), Type::Bool))
    }

    /// Reports a regular expression that is none, or is too large.
    pub(super) fn check_regex(&self, pattern: &str, span: Span) {
        let Err(error) = regex(pattern) else { return };
        let reason = error.to_string();
        let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
        if reason.contains("size limit") {
            let fault =
                self.say(codes::REGEX, span, "this regular expression is too large with its repetitions written out");
            return self.report(fault.hint("make the numbers in its `{..}` smaller"));
        }
        let fault = self.say(codes::REGEX, span, "this is not a regular expression").label(reason.to_owned());
        self.report(fault.hint("look-around and back references are left out: every pattern runs in linear time"));
    }

    /// `if c then a else b`
    pub(super) fn conditional(
        &mut self,
        condition: &'a ast::Expr,
        then: &'a ast::Expr,
        otherwise: &'a ast::Expr,
        _span: Span,
    ) -> Expr {
        let spans = (then.span, otherwise.span);
        let condition = self.bool(condition);
        let (then, otherwise) = (self.expr(then), self.expr(otherwise));
        let Some((then, otherwise)) = self.same(then, otherwise, spans, "values of one `if`") else { return poison() };
        let ty = then.ty.clone();
        node(ExprKind::If(Box::new(condition), Box::new(then), Box::new(otherwise)), ty)
    }
}

fn negate_if(negated: bool, expr: Expr) -> Expr {
    if negated { node(ExprKind::Not(Box::new(expr)), Type::Bool) } else { expr }
}

fn compare_op(op: BinaryOp) -> CompareOp {
    match op {
        BinaryOp::NotEqual => CompareOp::NotEqual,
        BinaryOp::Less => CompareOp::Less,
        BinaryOp::LessEqual => CompareOp::LessEqual,
        BinaryOp::Greater => CompareOp::Greater,
        BinaryOp::GreaterEqual => CompareOp::GreaterEqual,
        _ => CompareOp::Equal,
    }
}

/// What arithmetic of times and durations gives.
fn temporal(op: ArithOp, left: &Type, right: &Type) -> Option<Type> {
    Some(match (op, left, right) {
        (ArithOp::Subtract, Type::Time, Type::Time) => Type::Duration,
        (ArithOp::Add | ArithOp::Subtract, Type::Time, Type::Duration) => Type::Time,
        (ArithOp::Add, Type::Duration, Type::Time) => Type::Time,
        (ArithOp::Add | ArithOp::Subtract | ArithOp::Remainder, Type::Duration, Type::Duration) => Type::Duration,
        (ArithOp::Divide, Type::Duration, Type::Duration) => Type::Float,
        (ArithOp::Multiply | ArithOp::Divide, Type::Duration, number) if is_number(number) => Type::Duration,
        (ArithOp::Multiply, number, Type::Duration) if is_number(number) => Type::Duration,
        _ => return None,
    })
}

fn sign(op: ArithOp) -> &'static str {
    match op {
        ArithOp::Add => "+",
        ArithOp::Subtract => "-",
        ArithOp::Multiply => "*",
        ArithOp::Divide => "/",
        ArithOp::Remainder => "%",
    }
}

fn order_of(ordered: bool) -> &'static str {
    if ordered { "order" } else { "equality" }
}
