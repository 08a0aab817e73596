//! What must hold of any text, program or not.

use tripline_query_lang::ast::{File, ItemKind};
use tripline_query_lang::diagnostics::{Diagnostic, render};
use tripline_query_lang::format::{FormatError, format};
use tripline_query_lang::span::Span;
use tripline_query_lang::{Source, compile, parser};

/// It is parsed, and all that is said of it lies in it and can be shown.
pub fn parsed(text: &str) -> (File, Vec<Diagnostic>) {
    let (file, diagnostics) = parser::parse(0, text);
    let inside = |span: Span| span.start <= span.end && text.get(span.start as usize..span.end as usize).is_some();
    for diagnostic in &diagnostics {
        assert!(inside(diagnostic.span), "{diagnostic:?} lies outside of {text:?}");
        assert!(diagnostic.related.iter().all(|(span, _)| inside(*span)), "{diagnostic:?} lies outside of {text:?}");
    }
    for item in &file.items {
        assert!(inside(item.span), "{item:?} lies outside of {text:?}");
        let is_reported = !diagnostics.is_empty() || !matches!(item.node, ItemKind::Error);
        assert!(is_reported, "an error node without a diagnostic in {text:?}");
    }
    if let Some(first) = diagnostics.first() {
        render(first, &[source(text)], true);
    }
    (file, diagnostics)
}

/// It is a plan, or there are errors, never neither; all that is said can be shown.
pub fn compiled(text: &str) {
    let sources = [source(text)];
    let compiled = compile(&sources, &[]);
    let stops = compiled.diagnostics.iter().any(|diagnostic| diagnostic.code.is_error());
    assert_eq!(compiled.plan.is_none(), stops, "{text}");
    compiled.diagnostics.iter().for_each(|diagnostic| drop(render(diagnostic, &sources, false)));
}

/// Laid out it is the same program, and laid out again the same text.
pub fn laid_out(text: &str) {
    match format(text) {
        Ok(once) => {
            assert_eq!(format(&once).ok().as_ref(), Some(&once), "formatted again, it is not the same:\n{once}");
        }
        Err(FormatError::Syntax(_)) => {}
        Err(FormatError::Changed) => panic!("the layout would change {text}"),
    }
}

fn source(text: &str) -> Source {
    Source { name: "a.trip".to_owned(), text: text.to_owned() }
}
