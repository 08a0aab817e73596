//! Calls: `let`s with arguments, functions over loops, history functions, the scalar library.

use super::check::{counted, describe};
use super::convert::{common, constant_value, converted, is_number, is_ordered, node, poison};
use super::{Typer, history};
use crate::ast::{self, Call};
use crate::diagnostics::codes::{names, types as codes};
use crate::plan::{Expr, ExprKind};
use crate::span::Span;
use crate::stdlib::{self, Function, FunctionId, Kind, Returns};
use crate::value::{Type, Value};

impl<'a> Typer<'a, '_> {
    /// `f(args where c) over ...`
    pub(super) fn call(&mut self, call: &'a Call, span: Span) -> Expr {
        let name = call.name.text.as_str();
        if call.approx && !matches!(name, "distinct" | "percentile") {
            let message = format!("`{name}` is always exact: it takes no `approx`");
            let fault = self.say(codes::HISTORY_FORM, span, message);
            self.report(fault.hint("`distinct(x) over 7d approx` and `percentile(x, 99) over 7d approx` use sketches"));
            return poison();
        }
        let is_plain = call.over.is_none() && call.filter.is_none();
        if is_plain && let Some(expr) = self.let_body(name, &call.args, span) {
            return expr;
        }
        let is_scalar =
            is_plain && stdlib::find(name).is_some() && (call.args.len() > 1 || !history::is_function(name));
        if !is_scalar && history::is_function(name) {
            return self.history_or_loop(call, span);
        }
        let Some(function) = stdlib::find(name) else {
            self.unknown_function(call);
            return poison();
        };
        if !is_plain {
            let at = call.over.as_ref().map_or(span, |over| over.span);
            let message = format!("`{name}` looks at its arguments alone: it takes no `over` and no `where`");
            self.fault(codes::HISTORY_FORM, at, message);
            return poison();
        }
        self.scalar(function, call, span)
    }

    fn unknown_function(&self, call: &Call) {
        let name = &call.name.text;
        let mut known: Vec<&str> = stdlib::FUNCTIONS.iter().map(|function| function.name).collect();
        known.extend(history::FUNCTIONS);
        let mut lets: Vec<_> = self.world.lets.keys().copied().collect();
        lets.sort_unstable();
        known.extend(lets);
        let fault = self.say(names::UNKNOWN_FUNCTION, call.name.span, format!("no function is called `{name}`"));
        self.report(fault.did_you_mean(name, known));
    }

    fn scalar(&mut self, id: FunctionId, call: &'a Call, span: Span) -> Expr {
        let function = id.function();
        let enough = call.args.len() >= function.required
            && (function.param(call.args.len().saturating_sub(1)).is_some() || call.args.is_empty());
        if !enough {
            let message = format!("`{}` does not take {}", function.name, counted(call.args.len(), "argument"));
            self.report(self.say(codes::ARGUMENTS, span, message).hint(format!("it is `{}`", function.signature())));
            return poison();
        }
        let before = self.world.error_count();
        let mut args: Vec<_> = call.args.iter().map(|arg| self.expr(arg)).collect();
        for (position, arg) in call.args.iter().enumerate() {
            if let Some(param) = function.param(position) {
                let typed = std::mem::replace(&mut args[position], poison());
                args[position] = self.argument(function, param.kind, typed, arg);
            }
        }
        let args = self.one_type(function, args, call);
        if self.world.error_count() > before {
            return poison();
        }
        let ty = returned(function, &args);
        let is_known = args.iter().all(|arg| constant_value(arg).is_some_and(|value| *value != Value::Null));
        let expr = node(ExprKind::Call(id, args), ty);
        if is_known && matches!(function.name, "time" | "point") && constant_value(&expr) == Some(&Value::Null) {
            let message = format!("{} is not a {}", self.quote(span), function.name);
            let fault = self.say(codes::LITERAL, span, message);
            self.report(fault.label(match function.name {
                "time" => "expected RFC 3339: `2026-01-31T10:00:00Z`",
                _ => "latitudes go from -90 to 90, longitudes from -180 to 180",
            }));
            return poison();
        }
        expr
    }

    /// One argument, as its parameter wants it.
    fn argument(&mut self, function: &Function, kind: Kind, arg: Expr, tree: &'a ast::Expr) -> Expr {
        let fits = match (kind, &arg.ty) {
            (_, Type::Null) => true,
            (Kind::Any | Kind::Same, _) => true,
            (Kind::SameOrdered, ty) => is_ordered(ty),
            (Kind::Int | Kind::Digits, Type::Int) => true,
            (Kind::Float, ty) if is_number(ty) => return converted(arg, &Type::Float),
            (Kind::Number, ty) => is_number(ty),
            (Kind::NumberOrText, ty) => is_number(ty) || *ty == Type::Text,
            (Kind::Text | Kind::TextOrList | Kind::Zone | Kind::Network | Kind::Regex, Type::Text) => true,
            (Kind::List | Kind::TextOrList, Type::List(_)) => true,
            (Kind::Time, Type::Time) | (Kind::Duration, Type::Duration) | (Kind::Point, Type::Point) => true,
            _ => false,
        };
        if !fits {
            let message = format!(
                "{} is {}: `{}` takes {} here",
                self.quote(tree.span),
                describe(&arg.ty),
                function.name,
                kind.describe()
            );
            let fault = self.say(codes::EXPECTED, tree.span, message);
            self.report(fault.hint(format!("it is `{}`", function.signature())));
            return poison();
        }
        match constant_value(&arg) {
            Some(value) if kind.is_constant() => self.check_constant(kind, value, tree),
            None if kind.is_constant() => self.not_constant(tree, "this argument"),
            _ => {}
        }
        arg
    }

    fn check_constant(&self, kind: Kind, value: &Value, tree: &'a ast::Expr) {
        let (message, hint) = match (kind, value) {
            (Kind::Zone, Value::Text(zone)) if stdlib::find_zone(zone).is_none() => {
                (format!("no time zone is called `{zone}`"), "zones are named as in `Europe/Berlin` or `UTC`")
            }
            (Kind::Network, Value::Text(network)) if stdlib::parse_network(network).is_none() => {
                (format!("`{network}` is not a network"), "networks are written `10.0.0.0/8` or `2001:db8::/32`")
            }
            (Kind::Digits, Value::Int(digits)) if !(0..=18).contains(digits) => {
                (format!("{digits} is no number of digits"), "0 to 18 digits stand after the point")
            }
            (Kind::Regex, Value::Text(pattern)) => return self.check_regex(pattern, tree.span),
            _ => return,
        };
        self.report(self.say(codes::LITERAL, tree.span, message).hint(hint));
    }

    /// Brings the arguments of a function that wants one type for all to it.
    fn one_type(&self, function: &Function, args: Vec<Expr>, call: &Call) -> Vec<Expr> {
        let wants = |position: usize| {
            function.param(position).is_some_and(|param| matches!(param.kind, Kind::Same | Kind::SameOrdered))
        };
        let mut ty = Type::Null;
        for (position, arg) in args.iter().enumerate().filter(|(position, _)| wants(*position)) {
            match common(&ty, &arg.ty) {
                Some(both) => ty = both,
                None => {
                    let message = format!(
                        "{} is {}, the others are {}: `{}` takes one type",
                        self.quote(call.args[position].span),
                        describe(&arg.ty),
                        describe(&ty),
                        function.name
                    );
                    self.fault(codes::OPERANDS, call.args[position].span, message);
                    return args;
                }
            }
        }
        let bring = |(position, arg)| if wants(position) { converted(arg, &ty) } else { arg };
        args.into_iter().enumerate().map(bring).collect()
    }
}

/// The type of a call.
fn returned(function: &Function, args: &[Expr]) -> Type {
    let first = || args.first().map_or(Type::Null, |arg| arg.ty.clone());
    match function.returns {
        Returns::Type(ty) => ty.clone(),
        Returns::Texts => Type::List(Box::new(Type::Text)),
        Returns::First | Returns::Same => first(),
        Returns::Rounded => match (first(), args.get(1).and_then(constant_value)) {
            (Type::Decimal(scale), Some(Value::Int(digits))) => {
                Type::Decimal(u8::try_from(*digits).map_or(scale, |digits| digits.min(scale)))
            }
            (Type::Decimal(_), _) => Type::Decimal(0),
            (ty, _) => ty,
        },
    }
}
