//! What is a token, and what is not.

use super::*;
use TokenKind::*;
use proptest::prelude::*;

fn kinds(text: &str) -> Vec<TokenKind> {
    lex(text).tokens.iter().map(|token| token.kind).collect()
}

#[test]
fn numbers_and_durations() {
    assert_eq!(kinds("12 12.50 1.5e3 2e-3"), [Int, Decimal, Float, Float]);
    assert_eq!(
        kinds("7us 10ms 30s 5m 2h 7d"),
        [Unit::Microsecond, Unit::Millisecond, Unit::Second, Unit::Minute, Unit::Hour, Unit::Day].map(Duration)
    );
    assert_eq!(
        kinds("10mins 1.5s 1_000 1e+-3 0x1"),
        [BadNumber, BadNumber, BadNumber, BadNumber, Sign("-"), Int, BadNumber][..]
    );
    assert_eq!(kinds("1.x"), [Int, Sign("."), Word]);
}

#[test]
fn words_names_texts() {
    assert_eq!(kinds("from `no` _x größe \"a\\\"b\""), [Word, Quoted, Word, Word, Text]);
    assert_eq!(kinds("\"open\nnext"), [OpenText, Word]);
    assert_eq!(kinds("`open\nnext"), [OpenName, Word]);
    assert_eq!(kinds("\"ends in a backslash\\"), [OpenText]);
}

#[test]
fn signs_and_strangers() {
    assert_eq!(kinds("<=<>=="), [Sign("<="), Sign("<"), Sign(">="), Sign("=")]);
    assert_eq!(kinds("a && b;"), [Word, Unknown, Word, Unknown]);
    assert_eq!(kinds("a!=b!"), [Word, Sign("!="), Word, Unknown]);
}

#[test]
fn comments_are_kept_beside() {
    let text = "a -- one \r\n-- two";
    let lexed = lex(text);
    assert_eq!(lexed.tokens.len(), 1);
    let comments: Vec<_> = lexed.comments.iter().map(|span| span.text(text)).collect();
    assert_eq!(comments, ["-- one", "-- two"]);
}

#[test]
fn escapes_are_resolved_with_their_places() {
    let lexed = lex(r#" "a\n\u{e9}\q\u{}z""#);
    let decoded = decode(&lexed.tokens[0]);
    assert_eq!(decoded.text, "a\né}z");
    assert_eq!(decoded.place(2, 4), Span::new(5, 11));
    assert_eq!(decoded.bad_escapes, [Span::new(11, 13), Span::new(13, 16)]);
}

fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || c == '\u{FEFF}')
}

proptest! {
    /// Tokens and comments lie in the text, in order, and between them are only blanks.
    #[test]
    fn nothing_is_lost(text in "(?s).{0,200}") {
        let lexed = lex(&text);
        let mut spans: Vec<Span> = lexed.tokens.iter().map(|token| token.span).chain(lexed.comments.clone()).collect();
        spans.sort();
        let mut at = 0;
        for span in spans {
            let between = text.get(at..span.start as usize);
            let between_is_blank = between.is_some_and(is_blank);
            prop_assert!(between_is_blank);
            prop_assert!(span.start < span.end);
            at = span.end as usize;
        }
        let end_is_blank = text.get(at..).is_some_and(is_blank);
        prop_assert!(end_is_blank);
        for token in &lexed.tokens {
            prop_assert_eq!(token.text, token.span.text(&text));
            decode(token);
        }
    }
}
