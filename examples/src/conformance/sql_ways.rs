//! Row patterns of which all matches are wanted: each way through them that one rule would not report on its own.

use serde_json::{Value, json};

use super::ambiguity::{self, Inside, Part};
use super::case::Case;
use super::notation::Expr;
use super::rule::Writer;
use super::sql::{list, may_be_empty, orders, quant};

/// Ways beyond this many are not written out.
const MOST: usize = 64;

/// Patterns without alternatives outside of loops whose matches together are those of the whole.
pub fn every_way(nodes: &[Value], case: &Case, writer: &mut Writer<'_>) -> Result<Vec<Vec<Value>>, String> {
    let mut ways = Vec::new();
    for way in plain_ways(nodes)? {
        if !ambiguity::is_ambiguous(&parts(&way, case, writer)?) {
            ways.push(way);
            continue;
        }
        for way in counted(&way)? {
            if ambiguity::is_ambiguous(&parts(&way, case, writer)?) {
                return Err("one match in two readings".to_string());
            }
            ways.push(way);
        }
    }
    ways.retain(|way| !way.is_empty());
    Ok(ways)
}

fn times(ways: Vec<Vec<Value>>, more: &[Vec<Value>]) -> Result<Vec<Vec<Value>>, String> {
    if ways.len() * more.len() > MOST {
        return Err("too many ways to match".to_string());
    }
    let longer = |way: &Vec<Value>| more.iter().map(|m| [way.as_slice(), m].concat()).collect::<Vec<_>>();
    Ok(ways.iter().flat_map(longer).collect())
}

fn plain_ways(nodes: &[Value]) -> Result<Vec<Vec<Value>>, String> {
    let mut ways: Vec<Vec<Value>> = vec![Vec::new()];
    for node in nodes {
        ways = times(ways, &ways_of(node)?)?;
    }
    Ok(ways)
}

fn ways_of(node: &Value) -> Result<Vec<Vec<Value>>, String> {
    let all = |lists: Vec<Vec<Value>>| {
        let ways = lists.iter().map(|list| plain_ways(list)).collect::<Result<Vec<_>, _>>()?;
        Ok(ways.concat())
    };
    if let Some(lists) = list(node, "or") {
        return all(lists.iter().map(|list| list.as_array().cloned().unwrap_or_default()).collect());
    }
    if let Some(lists) = list(node, "permute").filter(|lists| lists.len() <= 4) {
        let of = |order: Vec<usize>| order.iter().filter_map(|i| lists[*i].as_array()).flatten().cloned().collect();
        return all(orders(lists.len()).into_iter().map(of).collect());
    }
    match (list(node, "group").or(list(node, "exclude")), quant(node)) {
        (Some(inner), (1, Some(1), _)) => plain_ways(inner),
        (Some(inner), (0, Some(1), _)) => {
            let mut ways = plain_ways(inner)?;
            if !ways.iter().any(|way| may_be_empty(way)) {
                ways.insert(0, Vec::new());
            }
            Ok(ways)
        }
        _ => Ok(vec![vec![node.clone()]]),
    }
}

/// Every number of rounds that has an end as a way of its own.
fn counted(nodes: &[Value]) -> Result<Vec<Vec<Value>>, String> {
    let mut ways: Vec<Vec<Value>> = vec![Vec::new()];
    for node in nodes {
        let exactly = |n: i64| {
            let mut node = node.clone();
            node["quant"] = json!({ "min": n, "max": n });
            if n == 0 { Vec::new() } else { vec![node] }
        };
        let choices = match quant(node) {
            (min, Some(max), _) if max > min => (min..=max).map(exactly).collect(),
            (0, None, _) => {
                let mut some = node.clone();
                some["quant"]["min"] = json!(1);
                vec![Vec::new(), vec![some]]
            }
            _ => vec![vec![node.clone()]],
        };
        ways = times(ways, &choices)?;
    }
    Ok(ways)
}

/// The pattern for a look at how its rows could be read.
pub fn parts(nodes: &[Value], case: &Case, writer: &mut Writer<'_>) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    for node in nodes {
        let (min, max, _) = quant(node);
        let mut sequences = |lists: Vec<&Value>| {
            let one = |list: &Value| self::parts(list.as_array().map_or(&[][..], Vec::as_slice), case, writer);
            lists.into_iter().map(one).collect::<Result<Vec<_>, String>>().map(Inside::OneOf)
        };
        let inside = if let Some(variable) = node.get("var").and_then(Value::as_str) {
            let condition = writer.read(case.define.get(variable).and_then(Value::as_str))?;
            Inside::Event(condition.filter(|c| *c != Expr::Bool(true)))
        } else if let Some(inner) = node.get("group").or(node.get("exclude")) {
            sequences(vec![inner])?
        } else {
            sequences(list(node, "or").or(list(node, "permute")).map_or(Vec::new(), |lists| lists.iter().collect()))?
        };
        parts.push(Part { inside, min, max, optional: min == 0 });
    }
    Ok(parts)
}
