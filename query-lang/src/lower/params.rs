//! `param`: a typed constant, and the values from outside that take its place.

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::{names, types as codes};
use crate::eval::convert;
use crate::resolve::{Found, Override, ParamValue, World};
use crate::span::Span;
use crate::types::constant;
use crate::value::{Type, Value};

/// Gives every param its value in force; returns them by name, in order of declaration.
pub(super) fn lower<'a>(world: &mut World<'a>, overrides: &'a [Override]) -> Vec<(String, Value)> {
    for over in overrides {
        if !world.params.iter().any(|param| param.node.name.text == over.name) {
            let names = world.params.iter().map(|param| param.node.name.text.as_str());
            let fault = Diagnostic::new(
                names::UNKNOWN_PARAM,
                0,
                Span::default(),
                format!("no param is called `{}`", over.name),
            );
            world.report(fault.did_you_mean(&over.name, names).of_param(&over.name));
        }
    }
    let mut values = Vec::new();
    for param in &world.params {
        let declared = declared(world, param);
        // The last one counts.
        let over = overrides.iter().rev().find(|over| over.name == param.node.name.text);
        let in_force = over.map_or_else(|| declared.clone(), |over| overridden(world, param, &declared, over));
        values.push((param.node.name.text.as_str(), in_force));
    }
    let list = values.iter().map(|(name, param)| ((*name).to_owned(), param.value.clone())).collect();
    world.param_values = values.into_iter().collect();
    list
}

fn declared<'a>(world: &World<'a>, param: &Found<'a, crate::ast::Param>) -> ParamValue {
    let value = &param.node.value;
    let read = constant::value(world, param.file, value, "a param");
    let (value, ty) = read.unwrap_or((Value::Null, Type::Null));
    if value == Value::Null && ty != Type::Null {
        let message = "the value of a param cannot be unknown";
        world.fault(codes::LITERAL, param.file, param.node.value.span, message);
    }
    ParamValue { ty, value }
}

/// The value from outside, if it is of the declared type. A decimal may have other digits after the point than declared.
fn overridden<'a>(
    world: &World<'a>,
    param: &Found<'a, crate::ast::Param>,
    declared: &ParamValue,
    over: &'a Override,
) -> ParamValue {
    let read = |tree: &'a crate::ast::Expr| world.quietly(|| constant::value(world, param.file, tree, "a param"));
    let given = over.value.as_ref().and_then(read).filter(|(value, _)| *value != Value::Null);
    if let Some((value, ty)) = &given {
        if let (Type::Decimal(_), Type::Decimal(_)) = (&declared.ty, ty) {
            return ParamValue { ty: ty.clone(), value: value.clone() };
        }
        if declared.ty == Type::Null
            || matches!((&declared.ty, ty), (Type::List(of), Type::List(_)) if **of == Type::Null)
        {
            return ParamValue { ty: ty.clone(), value: value.clone() };
        }
        let fitted = convert(value, &declared.ty);
        let whole = !matches!(&fitted, Value::List(items) if items.contains(&Value::Null));
        if fitted != Value::Null && whole {
            return ParamValue { ty: declared.ty.clone(), value: fitted };
        }
    }
    let name = &param.node.name;
    let message = match &given {
        Some((_, ty)) => {
            format!("`{}` is of type {}, and the value given for it is of type {ty}", name.text, declared.ty)
        }
        None => format!("the value given for `{}` cannot be read", name.text),
    };
    let fault = Diagnostic::new(codes::OVERRIDE, param.file, name.span, message)
        .label(format!("given: {}", over.text))
        .of_param(&over.name);
    world.report(if declared.ty == Type::Text {
        fault.hint("texts stand in double quotes, here as well")
    } else {
        let example = crate::show::literal(&declared.value);
        fault.hint(format!("values are written as in a rule file, such as {example}"))
    });
    declared.clone()
}
