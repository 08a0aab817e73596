//! Golden explanations: `engine/tests/explain/*.trip` with their text, Graphviz and Mermaid beside them. `UPDATE=1` writes them
//! anew.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use super::Explanation;
use tripline_query_lang::{Source, compile};

#[test]
fn explanations_are_as_recorded() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/explain");
    let mut cases: Vec<_> =
        fs::read_dir(folder).expect("the cases are there").map(|entry| entry.expect("readable").path()).collect();
    cases.retain(|path| path.extension().is_some_and(|e| e == "trip"));
    cases.sort();
    assert!(!cases.is_empty());
    let mut differences = String::new();
    for path in cases {
        let text = fs::read_to_string(&path).expect("a case is readable");
        let compiled = compile(&[Source { name: "case.trip".to_owned(), text }], &[]);
        let plan = compiled.plan.expect("the case compiles");
        let explanation = Explanation::new(Arc::new(plan)).expect("it can be run");
        let forms = [("txt", explanation.text()), ("dot", explanation.dot()), ("mmd", explanation.mermaid())];
        for (extension, shown) in forms {
            let golden = path.with_extension(extension);
            if std::env::var_os("UPDATE").is_some() {
                fs::write(&golden, &shown).expect("the golden file can be written");
            } else if fs::read_to_string(&golden).ok().as_deref() != Some(shown.as_str()) {
                differences += &format!("--- {}: now\n{shown}\n", golden.display());
            }
        }
    }
    assert!(differences.is_empty(), "other explanations than recorded (UPDATE=1 takes them):\n{differences}");
}
