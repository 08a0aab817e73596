//! The scalar library: every example gives the value that it shows, and `docs/reference/functions.md` is what the registry
//! says. `UPDATE=1` writes it anew.
#![expect(clippy::unwrap_used, reason = "a broken function ends the test")]

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use tripline_query_lang::stdlib::{FUNCTIONS, Family, Function};
use tripline_query_lang::{Source, compile, diagnostics};

/// The value of a constant call, as messages show it.
fn shown(call: &str) -> String {
    let source = Source { name: "example".to_owned(), text: format!("param x = coalesce(text({call}), \"-\")") };
    let compiled = compile(std::slice::from_ref(&source), &[]);
    match compiled.plan {
        Some(plan) => plan.params[0].1.to_string(),
        None => diagnostics::render(&compiled.diagnostics[0], &[source], false),
    }
}

#[test]
fn examples_show_what_they_say() {
    for function in FUNCTIONS {
        assert!(!function.examples.is_empty(), "{} has no example", function.name);
        for example in function.examples {
            assert_eq!(shown(example.call), example.shows, "{}", example.call);
        }
    }
}

#[test]
fn names_are_unique_and_in_order() {
    for (family, functions) in families() {
        for pair in functions.windows(2) {
            assert!(pair[0].name < pair[1].name, "{family:?}: {} stands before {}", pair[0].name, pair[1].name);
        }
    }
    for (position, function) in FUNCTIONS.iter().enumerate() {
        assert!(FUNCTIONS[..position].iter().all(|other| other.name != function.name), "{} twice", function.name);
    }
}

fn families() -> Vec<(Family, Vec<&'static Function>)> {
    let mut families: Vec<(Family, Vec<&'static Function>)> = Vec::new();
    for function in FUNCTIONS {
        match families.last_mut() {
            Some((family, functions)) if *family == function.family => functions.push(function),
            _ => families.push((function.family, vec![function])),
        }
    }
    families
}

#[test]
fn the_reference_is_fresh() {
    let mut page = String::from(
        "# Functions\n\nGenerated from the library's registry. A `?` marks what may be left out. A missing argument makes the value \
         unknown, unless it is said otherwise. For functions that look back over events see the language's chapter on history.\n",
    );
    for (family, functions) in families() {
        write!(page, "\n## {}\n", family.title()).unwrap();
        for function in functions {
            write!(page, "\n### `{}`\n\n`{}`\n\n{}\n\n", function.name, function.signature(), function.doc).unwrap();
            page.push_str("| call | value |\n|---|---|\n");
            for example in function.examples {
                let value =
                    if example.shows.is_empty() { "(empty)".to_owned() } else { format!("`{}`", example.shows) };
                writeln!(page, "| `{}` | {value} |", example.call.replace('|', "\\|")).unwrap();
            }
        }
    }
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/functions.md");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/reference/functions.md is stale: UPDATE=1 cargo test -p tripline-query-lang --test functions"
    );
}
