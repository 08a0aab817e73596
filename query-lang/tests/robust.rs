//! No text makes the parser or the compiler panic, hang or point outside of the text.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a broken case ends the test")]

#[path = "../../fuzz/looks/text.rs"]
mod look;

use proptest::prelude::*;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tripline_query_lang::diagnostics::{Diagnostic, codes::syntax};

use look::parsed as check;

/// The texts of the golden cases of a folder.
fn corpus(folder: &str) -> Vec<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(folder);
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "trip"));
    paths.sort();
    paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// Words and signs of the language, and some that are not.
const WORDS: &[&str] = &[
    "stream",
    "table",
    "param",
    "let",
    "rule",
    "derive",
    "view",
    "test",
    "by",
    "within",
    "runs",
    "on",
    "match",
    "when",
    "without",
    "after",
    "skip",
    "suppress",
    "alert",
    "with",
    "to",
    "repeat",
    "resolve",
    "then",
    "next",
    "each",
    "no",
    "any",
    "all",
    "of",
    "for",
    "where",
    "over",
    "until",
    "limit",
    "events",
    "forever",
    "last",
    "previous",
    "before",
    "in",
    "is",
    "not",
    "and",
    "or",
    "between",
    "like",
    "matches",
    "if",
    "else",
    "true",
    "null",
    "approx",
    "every",
    "emit",
    "having",
    "expect",
    "nothing",
    "at",
    "end",
    "timed",
    "late",
    "unique",
    "key",
    "from",
    "list",
    "text",
    "x",
    "y",
    "`no`",
    "12",
    "12.50",
    "1.5e3",
    "10m",
    "7x",
    "\"a {x} b\"",
    "\"{\"",
    "\"",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ":",
    ",",
    ".",
    "=",
    "==",
    "<",
    "+",
    "-",
    "*",
    "?",
    "--c\n",
    "\n",
    "&&",
    "#",
    "é",
];

proptest! {
    #[test]
    fn any_text(text in "(?s).{0,300}") {
        check(&text);
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_words(words in prop::collection::vec(prop::sample::select(WORDS), 0..150)) {
        check(&words.join(" "));
    }

    #[test]
    fn any_clauses(words in prop::collection::vec(prop::sample::select(WORDS), 0..60)) {
        check(&format!("rule a {{ match {} }}", words.join(" ")));
        check(&format!("let a = {}", words.join(" ")));
        check(&format!("test \"a\" {{ {} }}", words.join("\n")));
    }
}

/// A small generator with a fixed seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % bound.max(1)
    }
}

/// What fuzzing by coverage has kept for a target: seldom a program.
fn kept(target: &str) -> Vec<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "nothing is kept for {target}");
    paths.iter().map(|path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()).collect()
}

/// How long each target is fuzzed: two seconds, or `FUZZ_SECONDS`.
fn fuzz_time() -> Duration {
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(2))
}

/// Looks at the corpus, then at what comes out when it is mutated by a fixed seed.
fn fuzz(corpus: &[String], look: impl Fn(&str)) {
    corpus.iter().for_each(|text| look(text));
    let mut dice = Dice(42);
    let (begin, time) = (Instant::now(), fuzz_time());
    let mut rounds = 0;
    while rounds < 200 || begin.elapsed() < time {
        let mut text = corpus[dice.below(corpus.len())].clone();
        for _ in 0..=dice.below(8) {
            mutate(&mut text, corpus, &mut dice);
        }
        look(&text);
        rounds += 1;
    }
}

#[test]
fn fuzz_parse() {
    fuzz(&[corpus("syntax"), kept("parse")].concat(), |text| drop(check(text)));
}

#[test]
fn fuzz_compile() {
    let corpus: Vec<String> = ["semantics", "plan", "syntax"].iter().flat_map(|folder| corpus(folder)).collect();
    fuzz(&[corpus, kept("compile")].concat(), look::compiled);
}

#[test]
fn fuzz_format() {
    let corpus: Vec<String> = ["syntax", "plan", "semantics"].iter().flat_map(|folder| corpus(folder)).collect();
    fuzz(&[corpus, kept("format")].concat(), look::laid_out);
}

/// Drops, doubles, replaces or inserts a piece.
fn mutate(text: &mut String, corpus: &[String], dice: &mut Dice) {
    let start = text.floor_char_boundary(dice.below(text.len() + 1));
    let end = text.floor_char_boundary((start + dice.below(40)).min(text.len())).max(start);
    let piece = match dice.below(4) {
        0 => String::new(),
        1 => text[start..end].repeat(2),
        2 => format!(" {} ", WORDS[dice.below(WORDS.len())]),
        _ => {
            let other = &corpus[dice.below(corpus.len())];
            let from = other.floor_char_boundary(dice.below(other.len()));
            let to = other.floor_char_boundary((from + dice.below(200)).min(other.len())).max(from);
            other[from..to].to_owned()
        }
    };
    text.replace_range(start..end, &piece);
}

#[test]
fn every_prefix_of_a_file() {
    for text in corpus("syntax") {
        for (end, _) in text.char_indices().step_by(3) {
            check(&text[..end]);
        }
    }
}

fn codes(diagnostics: &[Diagnostic]) -> Vec<&'static str> {
    diagnostics.iter().map(|diagnostic| diagnostic.code.0).collect()
}

#[test]
fn deep_nesting_is_refused() {
    let n = 1_000;
    for text in [
        format!("let a = {}1{}", "(".repeat(n), ")".repeat(n)),
        format!("let a = {}1{}", "[".repeat(n), "]".repeat(n)),
        format!("let a = {}1{}", "f(".repeat(n), ")".repeat(n)),
        format!("let a = {}1{}", "x[".repeat(n), "]".repeat(n)),
        format!("let a = {}1", "not ".repeat(n)),
        format!("let a = {}1", "- ".repeat(n)),
        format!("let a = {}1{}", "if x then ".repeat(n), " else 2".repeat(n)),
        format!("let a = {}1", "if x then 1 else ".repeat(n)),
        format!("let a = {}1{}", "f() over (".repeat(n), ")".repeat(n)),
        format!("let a = {}", "(".repeat(100_000)),
        format!("stream a {{ b: {}int }} timed by b", "list of ".repeat(n)),
        format!("rule a {{ match {}x{} alert low \"\" }}", "(".repeat(n), ")".repeat(n)),
        format!("rule a {{ match {}x{} alert low \"\" }}", "any of (".repeat(n), ")".repeat(n)),
        format!("rule a {{ on x alert low \"{{{}1{}}}\" }}", "(".repeat(n), ")".repeat(n)),
    ] {
        let (_, diagnostics) = check(&text);
        assert_eq!(codes(&diagnostics), [syntax::TOO_DEEP.0], "{}", &text[..40]);
    }
}

#[test]
fn nesting_within_the_limit_is_fine() {
    let text = format!("let a = {}1{}", "(".repeat(60), ")".repeat(60));
    assert_eq!(codes(&check(&text).1), [""; 0]);
}

#[test]
fn long_chains_are_parsed_or_refused_but_never_overflow() {
    let sum = format!("let a = 1{}", "+1".repeat(500_000));
    assert_eq!(codes(&check(&sum).1), [syntax::TOO_DEEP.0]);
    let members = format!("let a = x{}", ".y".repeat(300_000));
    assert_eq!(codes(&check(&members).1), [syntax::TOO_DEEP.0]);
    let (file, diagnostics) = check(&format!("let a = b{}", " or b".repeat(200_000)));
    assert!(diagnostics.is_empty());
    assert_eq!(file.clone(), file);
    let (_, diagnostics) = check(&format!("let a = [1{}]", ", 1".repeat(300_000)));
    assert!(diagnostics.is_empty());
    assert!(!check(&format!("let a = b{}", " < b".repeat(10_000))).1.is_empty());
}

#[test]
fn the_deepest_trees_can_be_walked_recursively() {
    let (open, close) = ("f(1 + ".repeat(60), ")".repeat(60));
    for text in [format!("let a = 1{}", " + 1".repeat(254)), format!("let a = {open}1{}{close}", " + 1".repeat(120))] {
        let (file, diagnostics) = check(&text);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        assert_eq!(file.clone(), file);
        assert!(format!("{file:?}").len() > text.len());
    }
}

#[test]
fn a_rule_of_many_steps() {
    let steps: String = (0..200).map(|n| format!(" then s{n}: x where a > {n}")).collect();
    let (_, diagnostics) = check(&format!("rule a {{ match x{steps} alert low \"\" }}"));
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
}

#[test]
fn a_large_file_takes_linear_time() {
    let begin = Instant::now();
    check(&corpus("syntax").concat().repeat(60));
    check(&"} ".repeat(500_000));
    check(&format!("rule a {{ {}", "zz ".repeat(300_000)));
    check(&format!("rule a {{ on x alert low \"{}\" }}", "{".repeat(200_000)));
    check(&format!("rule a {{ on x alert low \"{}\" }}", "{x} ".repeat(100_000)));
    // Quadratic work would take minutes.
    assert!(begin.elapsed() < Duration::from_secs(60));
}
