//! What a rule author's tools make of a case: its one layout, its explanation, its bill.

use std::sync::Arc;

use tripline::engine::explain::Explanation;
use tripline::query_lang::bill::{self, Rate};
use tripline::query_lang::format::format;
use tripline::query_lang::plan::Plan;
use tripline::query_lang::{Source, compile};

/// Brings the rules through the formatter (twice) and the compiler, and the plan through `explain` and the bill (twice each).
pub fn check(rules: &str, plan: &Arc<Plan>) -> Result<(), String> {
    let once = format(rules).map_err(|e| format!("the formatter says {e}"))?;
    let twice = format(&once).map_err(|e| format!("the formatter says of its own text {e}"))?;
    if once != twice {
        return Err(format!("formatted twice\n{twice}\ninstead of\n{once}"));
    }
    let again = compile(&[Source { name: "case.trip".to_string(), text: once }], &[]).plan;
    let again = again.ok_or("the formatted text does not compile")?;
    let fingerprints = |plan: &Plan| plan.rules.iter().map(|rule| rule.fingerprint).collect::<Vec<_>>();
    if fingerprints(&again) != fingerprints(plan) {
        return Err("the formatted text means something else".to_string());
    }
    let explained = |plan: &Arc<Plan>| {
        let explanation = Explanation::new(plan.clone()).map_err(|e| e.to_string())?;
        Ok::<_, String>([explanation.text(), explanation.dot(), explanation.mermaid()])
    };
    let shown = explained(plan)?;
    if shown != explained(&Arc::new(again))? {
        return Err("it is explained in another way when it is formatted".to_string());
    }
    for rule in &plan.rules {
        if !shown.iter().all(|shown| shown.contains(&format!("{} {}", rule.word(), rule.name))) {
            return Err(format!("`{}` is not in its explanation", rule.name));
        }
    }
    let bills = bill::of(plan, Rate::DEFAULT);
    if bills.len() != plan.rules.len() || bills.iter().any(|bill| bill.items.is_empty()) {
        return Err("a rule has no bill".to_string());
    }
    Ok(())
}
