//! The grammars for editors see rule files as the compiler does: over the parser's cases, the manual, the stories and the cases.

mod corpus;
mod textmate;

use std::path::Path;

use textmate::{Grammar, Run};
use tripline::query_lang::lexer::{Token, TokenKind, lex};

fn document(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("a file of the project")
}

fn grammar() -> Grammar {
    Grammar::read(&document("editors/textmate/tripline.tmLanguage.json")).expect("the grammar can be read")
}

/// The scopes that a token may have; none for what is not of the language.
fn wanted(token: &Token<'_>) -> Option<&'static [&'static str]> {
    const WORD: &[&str] = &[
        "keyword.",
        "constant.language",
        "constant.other",
        "support.function",
        "storage.type",
        "variable.",
        "entity.name",
    ];
    Some(match (token.kind, token.text) {
        (TokenKind::Word, "true" | "false" | "null") => &["constant.language"],
        (TokenKind::Word, _) => WORD,
        (TokenKind::Quoted, _) => &["variable.other.quoted"],
        (TokenKind::Int, _) => &["constant.numeric.integer"],
        (TokenKind::Decimal, _) => &["constant.numeric.decimal"],
        (TokenKind::Float, _) => &["constant.numeric.float"],
        (TokenKind::Duration(_), _) => &["constant.numeric.duration"],
        (TokenKind::Text, _) => &["string.quoted.double"],
        (TokenKind::Sign("{" | "}" | "(" | ")" | "[" | "]" | ":" | "," | "."), _) => &["punctuation."],
        (TokenKind::Sign(_), _) => &["keyword.operator"],
        (TokenKind::BadNumber | TokenKind::OpenText | TokenKind::OpenName | TokenKind::Unknown | TokenKind::End, _) => {
            return None;
        }
    })
}

/// What is wrong with how the grammar sees a text.
fn faults(grammar: &Grammar, text: &str) -> Vec<String> {
    let runs = grammar.runs(text);
    let lexed = lex(text);
    let mut faults = Vec::new();
    let mut seen: Vec<&Run> = Vec::new();
    let mut expect = |start: usize, end: usize, scopes: &[&str]| {
        let run = runs.iter().find(|run| run.start <= start && start < run.end);
        match run.filter(|run| (run.start, run.end) == (start, end)) {
            Some(run) if scopes.iter().any(|scope| run.scope.starts_with(scope)) => seen.push(run),
            _ => faults.push(format!("{:?} is {run:?}, not one of {scopes:?}", &text[start..end])),
        }
    };
    for token in &lexed.tokens {
        let Some(scopes) = wanted(token) else { return Vec::new() };
        expect(token.span.start as usize, token.span.end as usize, scopes);
    }
    for comment in &lexed.comments {
        let end =
            text[comment.start as usize..].find(['\n', '\r']).map_or(text.len(), |at| comment.start as usize + at);
        expect(comment.start as usize, end, &["comment.line"]);
    }
    let invented = runs.iter().filter(|run| !seen.contains(run)).map(|run| format!("{run:?} is no token"));
    faults.extend(invented);
    faults
}

#[test]
fn textmate_sees_every_token_as_the_lexer_does() {
    let grammar = grammar();
    let mut found = Vec::new();
    let corpus = corpus::texts(Path::new(env!("CARGO_MANIFEST_DIR")));
    for (name, text) in &corpus {
        found.extend(faults(&grammar, text).into_iter().take(5).map(|fault| format!("{name}: {fault}")));
    }
    assert!(corpus.len() > 100, "the corpus is lost: {}", corpus.len());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The words of the productions, so that a new keyword is not forgotten.
#[test]
fn textmate_knows_every_keyword() {
    let grammar = grammar();
    let page = document("docs/language/grammar.md");
    let productions = page.split("## Tokens").next().unwrap_or_default();
    let words = productions.split('"').skip(1).step_by(2).filter(|word| word.chars().all(char::is_alphabetic));
    let unknown: Vec<&str> = words
        .filter(|word| {
            let runs = grammar.runs(&format!("{word} \"x\""));
            !runs
                .first()
                .is_some_and(|run| ["keyword", "constant", "storage"].iter().any(|scope| run.scope.starts_with(scope)))
        })
        .collect();
    assert!(unknown.is_empty(), "no keywords to the TextMate grammar: {unknown:?}");
}
