//! The grammar page of the manual is what the parser's productions say of themselves: `docs/language/grammar.md` is made of
//! their doc comments. `UPDATE=1` writes it anew.
#![expect(clippy::unwrap_used, reason = "a broken production ends the test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The files of the parser in the order of the page, each with the title of its part.
const PARTS: &[(&str, &str)] = &[
    ("items.rs", "Items"),
    ("streams.rs", "Streams and tables"),
    ("clauses.rs", "Clauses of rules"),
    ("keys.rs", "Keys"),
    ("alert.rs", "Alerts, windows, outputs"),
    ("pattern.rs", "Patterns"),
    ("limits.rs", "Limits of steps"),
    ("expr.rs", "Expressions"),
    ("compare.rs", "Comparisons"),
    ("history.rs", "Windows of history functions"),
    ("template.rs", "Templates"),
    ("test_item.rs", "Tests"),
];

/// What the lexer makes.
const TOKENS: &[(&str, &str)] = &[
    (
        "name",
        "letters, digits and `_`, not beginning with a digit; in backquotes if it is one of `true false null not if no any all each`",
    ),
    (
        "text",
        "`\"...\"` in one line, with the escapes `\\\" \\\\ \\n \\r \\t \\u{1F600}`; in a template `{expr}` is put in, `{{` and `}}` are brackets",
    ),
    ("int", "`12`"),
    ("decimal", "`12.50`"),
    ("float", "`1.5e3`"),
    ("duration", "`10ms 30s 5m 2h 7d`: a number and its unit (`us ms s m h d`), nothing between"),
];

fn parser() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/parser")
}

/// The productions in a file's doc comments, in order.
fn productions(file: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_block = false;
    for line in fs::read_to_string(file).unwrap().lines() {
        let Some(doc) = line.trim_start().strip_prefix("///") else {
            is_block = false;
            continue;
        };
        match doc.trim() {
            "```text" => is_block = true,
            "```" => is_block = false,
            production if is_block && production.contains(":=") => found.push(production.to_owned()),
            _ => {}
        }
    }
    found
}

fn page() -> String {
    let mut page = String::from(
        "# Grammar\n\nGenerated from the parser's own doc comments. `[x]` may be left out, `{x}` stands any number of times, `|` parts \
         alternatives, what is in quotes stands as it is. A name with several productions is any of them. What a rule must have besides, and \
         what goes with what, is in the chapters. Line breaks mean nothing; `--` begins a comment that ends with its line.\n\nKeywords are \
         known by their place: a field may be called `from` or `count`.\n",
    );
    for (file, title) in PARTS {
        page.push_str(&format!("\n## {title}\n\n```text\n"));
        let productions = productions(&parser().join(file));
        assert!(!productions.is_empty(), "{file} has no production");
        page.push_str(&(productions.join("\n") + "\n```\n"));
    }
    page.push_str("\n## Tokens\n\n| token | is |\n|---|---|\n");
    for (name, says) in TOKENS {
        page.push_str(&format!("| {name} | {says} |\n"));
    }
    page
}

#[test]
fn the_grammar_page_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/language/grammar.md");
    let page = page();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/language/grammar.md is stale: UPDATE=1 cargo test -p tripline-query-lang --test grammar"
    );
}

/// Every production is used, and everything used has one.
#[test]
fn the_grammar_is_closed() {
    let mut defined: BTreeSet<String> = TOKENS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let mut used: BTreeSet<String> = ["file".to_owned()].into();
    for entry in fs::read_dir(parser()).unwrap() {
        let path = entry.unwrap().path();
        for production in productions(&path) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            assert!(PARTS.iter().any(|(file, _)| *file == name), "{name} is not on the page");
            let (left, right) = production.split_once(":=").unwrap();
            defined.insert(left.trim().to_owned());
            // What stands in quotes is taken out.
            let symbols: String = right.split('"').step_by(2).collect::<Vec<_>>().join(" ");
            let symbols = symbols.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
            used.extend(symbols.map(str::to_owned));
        }
    }
    assert_eq!(used.difference(&defined).collect::<Vec<_>>(), Vec::<&String>::new(), "used and not defined");
    assert_eq!(defined.difference(&used).collect::<Vec<_>>(), Vec::<&String>::new(), "defined and not used");
}
