//! `stream` and `table`: fields, types, and the event-time policy behind them.

use super::expr::bound_after;
use super::input::{Expected, Parsed, Place, Tokens};
use super::items::{begins_item, closed};
use super::report::report_error;
use super::words::{after, in_brackets, is_name, name_of, nested, sign, text, word};
use crate::ast::{Expr, Field, Name, Stream, Table, TypeRef, Unique};
use crate::diagnostics::{Diagnostic, codes::syntax};
use crate::lexer::TokenKind;
use crate::span::Span;
use nom::Parser;
use nom::combinator::{cut, opt};

/// Behind `stream`: `NAME { fields } timed by F, late D, ahead D, idle D, unique by F over D`.
///
/// ```text
/// stream := "stream" name "{" {field} "}" [streamoption {"," streamoption}]
/// streamoption := "timed" "by" name | ("late" | "ahead" | "idle") bound | "unique" "by" names "over" bound
/// ```
pub(super) fn stream(input: Tokens<'_>) -> Parsed<'_, Stream> {
    let (rest, (name, open)) = (name_of("the name of a stream"), sign("{")).parse(input)?;
    let (rest, fields) = fields(rest, open.span);
    let mut stream = Stream { name, fields, timed_by: None, late: None, ahead: None, idle: None, unique: None };
    let rest = options(rest, |input| stream_option(input, &mut stream))?;
    Ok((rest, stream))
}

/// Behind `table`: `NAME key F { fields } late D`.
///
/// ```text
/// table := "table" name "key" names "{" {field} "}" ["late" bound]
/// ```
pub(super) fn table(input: Tokens<'_>) -> Parsed<'_, Table> {
    let (rest, name) = name_of("the name of a table")(input)?;
    let (rest, said) = if rest.is_sign(0, "{") {
        (rest, None)
    } else {
        after("key", |input| names(input, "a key field")).map(Some).parse(rest)?
    };
    let (rest, open) = sign("{")(rest)?;
    let (rest, fields) = fields(rest, open.span);
    let keys = said.unwrap_or_else(|| first_as_key(input, &name, &fields));
    let mut table = Table { name, keys, fields, late: None };
    let rest = options(rest, |input| duration_option(input, "late", &mut table.late))?;
    Ok((rest, table))
}

/// Reports that no key is said, and takes the first field for it.
fn first_as_key(input: Tokens<'_>, name: &Name, fields: &[Field]) -> Vec<Name> {
    let message = format!("table `{}` does not say what its key is", name.text);
    let fault = Diagnostic::new(syntax::UNEXPECTED, input.context.file, name.span, message);
    let first = fields.first().map_or("id", |field| field.name.text.as_str());
    let hint = format!("name the field that finds a row, as in `table {} key {first} {{ .. }}`", name.text);
    input.context.report(fault.hint(hint));
    fields.first().map(|field| field.name.clone()).into_iter().collect()
}

/// One name, or several in brackets.
///
/// ```text
/// names := name | "(" name {"," name} ")"
/// ```
fn names<'a>(input: Tokens<'a>, what: &'static str) -> Parsed<'a, Vec<Name>> {
    let name = name_of(what);
    if input.is_sign(0, "(") { in_brackets(name).parse(input) } else { name.map(|name| vec![name]).parse(input) }
}

/// Fields up to and with the closing bracket; after an error on with the next field.
fn fields(input: Tokens<'_>, open: Span) -> (Tokens<'_>, Vec<Field>) {
    let mut fields = Vec::new();
    let mut rest = input;
    loop {
        if let Some(behind) = closed(rest, open, "the fields") {
            return (behind, fields);
        }
        rest.note(Place::Field);
        rest = match field(rest) {
            Ok((behind, field)) => {
                fields.push(field);
                if behind.is_sign(0, ",") { comma_between(behind) } else { behind }
            }
            Err(error) => next_field(rest, report_error(rest, error)),
        };
    }
}

fn comma_between(input: Tokens<'_>) -> Tokens<'_> {
    let message = "a comma between fields";
    input.context.report(
        Diagnostic::new(syntax::UNEXPECTED, input.context.file, input.peek(0).span, message)
            .hint("fields stand side by side without commas; remove it"),
    );
    input.skip(1)
}

/// The next `name :`, closing bracket or item behind `place`, which lies in the field that begins at `begin`.
fn next_field<'a>(begin: Tokens<'a>, place: Tokens<'a>) -> Tokens<'a> {
    let mut rest = if place.at > begin.at { place } else { begin.skip(1) };
    while !rest.is_empty() && !rest.is_sign(0, "}") && !begins_item(rest) {
        if is_name(rest, 0) && rest.is_sign(1, ":") {
            break;
        }
        rest = rest.skip(1);
    }
    rest
}

/// `NAME : TYPE [from "path"]`
///
/// ```text
/// field := name ":" type ["from" text]
/// ```
fn field(input: Tokens<'_>) -> Parsed<'_, Field> {
    let (rest, (name, _, ty)) = (name_of("a field"), cut(sign(":")), cut(type_ref)).parse(input)?;
    // A field may be called `from`.
    if !rest.is_word(0, "from") || rest.is_sign(1, ":") {
        rest.expect(Expected::Also("from"));
        return Ok((rest, Field { name, ty, from: None }));
    }
    let (rest, from) = cut(text).parse(rest.skip(1))?;
    Ok((rest, Field { name, ty, from: Some(from) }))
}

/// `text`, `decimal(2)`, `time(ms)?`, `list of text`.
///
/// ```text
/// type := name ["(" (int | name) ")"] ["?"] | "list" "of" type
/// ```
fn type_ref(input: Tokens<'_>) -> Parsed<'_, TypeRef> {
    // What has a colon behind it is the next field.
    if input.is_sign(1, ":") {
        return input.fail(Expected::Thing("a type"));
    }
    let (rest, name) = name_of("a type")(input)?;
    if name.text == "list" && rest.is_word(0, "of") {
        let (rest, item) = cut(nested(type_ref)).parse(rest.skip(1))?;
        // `list of T?`: the list may be missing; its members never are.
        let optional = item.optional;
        let item = Some(Box::new(TypeRef { optional: false, ..item }));
        return Ok((rest, TypeRef { name, arg: None, item, optional, span: input.span_to(rest) }));
    }
    let (rest, arg) = if rest.is_sign(0, "(") { type_argument(rest)? } else { (rest, None) };
    let optional = rest.is_sign(0, "?");
    let rest = rest.skip(usize::from(optional));
    Ok((rest, TypeRef { name, arg, item: None, optional, span: input.span_to(rest) }))
}

/// `(2)` or `(ms)`
fn type_argument(input: Tokens<'_>) -> Parsed<'_, Option<Name>> {
    input.note(Place::Glued);
    let argument = input.skip(1);
    let token = argument.peek(0);
    if !matches!(token.kind, TokenKind::Int | TokenKind::Word) {
        return argument.fail(Expected::Thing("a number or a unit"));
    }
    let (rest, _) = cut(sign(")")).parse(argument.skip(1))?;
    Ok((rest, Some(Name { text: token.text.to_owned(), span: token.span })))
}

/// Options behind the fields, with commas between. `option` reads one, none where none begins.
fn options<'a>(
    input: Tokens<'a>,
    mut option: impl FnMut(Tokens<'a>) -> Parsed<'a, ()>,
) -> Result<Tokens<'a>, nom::Err<super::input::Stop>> {
    let (mut rest, first) = opt(&mut option).parse(input)?;
    if first.is_none() {
        return Ok(rest);
    }
    loop {
        if let Ok((behind, _)) = sign(",")(rest) {
            rest = cut(&mut option).parse(behind)?.0;
            continue;
        }
        match opt(&mut option).parse(rest)? {
            (behind, Some(())) => {
                let span = rest.peek(0).span;
                let message = format!("expected `,` before `{}`", rest.peek(0).text);
                rest.context.report(Diagnostic::new(syntax::UNEXPECTED, rest.context.file, span, message));
                rest = behind;
            }
            (behind, None) => return Ok(behind),
        }
    }
}

fn stream_option<'a>(input: Tokens<'a>, stream: &mut Stream) -> Parsed<'a, ()> {
    match input.peek(0).text {
        "timed" => {
            let (rest, (_, field)) = after("timed", (word("by"), name_of("a field"))).parse(input)?;
            once(input, rest, "timed by", &mut stream.timed_by, field)
        }
        "unique" => {
            let fields = |input| names(input, "a field");
            let parts = (word("by"), fields, bound_after("over", "a duration"));
            let (rest, (_, by, over)) = after("unique", parts).parse(input)?;
            once(input, rest, "unique by", &mut stream.unique, Unique { by, over, span: input.span_to(rest) })
        }
        "late" => duration_option(input, "late", &mut stream.late),
        "ahead" => duration_option(input, "ahead", &mut stream.ahead),
        "idle" => duration_option(input, "idle", &mut stream.idle),
        _ => {
            for word in ["timed", "late", "ahead", "idle"] {
                input.expect(Expected::Exactly(word));
            }
            input.fail(Expected::Exactly("unique"))
        }
    }
}

fn duration_option<'a>(input: Tokens<'a>, word: &'static str, place: &mut Option<Expr>) -> Parsed<'a, ()> {
    let (rest, duration) = bound_after(word, "a duration")(input)?;
    once(input, rest, word, place, duration)
}

/// Puts a value into its place; the second of a kind is reported and dropped.
fn once<'a, T>(input: Tokens<'a>, rest: Tokens<'a>, word: &str, place: &mut Option<T>, value: T) -> Parsed<'a, ()> {
    if place.is_some() {
        let message = format!("`{word}` stands twice");
        let span = input.span_to(rest);
        input.context.report(Diagnostic::new(syntax::TWICE, input.context.file, span, message).hint("remove one"));
    }
    place.get_or_insert(value);
    Ok((rest, ()))
}
