//! A chart of ratios: how many times as fast Tripline is as the fastest form of each peer, on a logarithmic scale.

use std::fmt::Write;

use super::Kept;
use crate::peers::results::{Results, Subject};
use crate::report::figure;

const LEFT: f64 = 90.0;
const WIDTH: f64 = 560.0;
const BAR: f64 = 9.0;
const GAP: f64 = 8.0;
/// The scale runs from 1/100 to 100,000 times.
const DECADES: std::ops::RangeInclusive<i32> = -2..=5;

/// The chart.
pub fn chart(kept: &Kept) -> String {
    let mut body = String::new();
    let mut y = 40.0;
    for results in &kept.peers {
        let bars = bars(results);
        let middle = y + (BAR * bars.len() as f64) / 2.0 + 4.0;
        let _ =
            writeln!(body, r#"<text x="{:.0}" y="{middle:.1}" text-anchor="end">{}</text>"#, LEFT - 8.0, results.query);
        for (name, class, ratio) in bars {
            let (from, to) = (x(1.0), x(ratio));
            let _ = writeln!(
                body,
                r#"<rect class="{class}" x="{:.1}" y="{y:.1}" width="{:.1}" height="{:.1}"><title>{}: {name} {}</title></rect>"#,
                from.min(to),
                (to - from).abs().max(1.0),
                BAR - 1.0,
                results.query,
                figure(ratio)
            );
            let _ = writeln!(
                body,
                r#"<text class="small" x="{:.1}" y="{:.1}">{}</text>"#,
                from.max(to) + 4.0,
                y + BAR - 2.0,
                figure(ratio)
            );
            y += BAR;
        }
        y += GAP;
    }
    let height = y + 10.0;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.0} {height:.0}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <style>\n  text {{ fill: #333 }} .small {{ font-size: 8px }} .line {{ stroke: #bbb; stroke-width: 0.5 }} .one {{ stroke: #333 }}\n  \
         .esper {{ fill: #4477aa }} .flink {{ fill: #ee7733 }} .siddhi {{ fill: #228833 }} .hand {{ fill: #aaaaaa }}\n  \
         @media (prefers-color-scheme: dark) {{ text {{ fill: #ddd }} .one {{ stroke: #ddd }} .line {{ stroke: #555 }} }}\n</style>\n",
        LEFT + WIDTH + 50.0
    );
    let mut at = LEFT;
    for (class, name) in
        [("esper", "Esper"), ("flink", "Flink"), ("siddhi", "Siddhi"), ("hand", "a loop written by hand")]
    {
        let _ = writeln!(
            text,
            r#"<rect class="{class}" x="{at:.0}" y="4" width="9" height="9"/><text x="{:.0}" y="13">{name}</text>"#,
            at + 13.0
        );
        at += 80.0;
    }
    for decade in DECADES {
        let value = 10f64.powi(decade);
        let class = if decade == 0 { "line one" } else { "line" };
        let _ = writeln!(
            text,
            r#"<line class="{class}" x1="{0:.1}" x2="{0:.1}" y1="32" y2="{height:.0}"/><text class="small" x="{0:.1}" y="29" text-anchor="middle">{1} x</text>"#,
            x(value),
            if decade < 0 { format!("1/{:.0}", 1.0 / value) } else { format!("{value:.0}") }
        );
    }
    text + &body + "</svg>\n"
}

/// The place of a ratio, held inside of the scale.
fn x(ratio: f64) -> f64 {
    let (low, high) = (f64::from(*DECADES.start()), f64::from(*DECADES.end()));
    LEFT + (ratio.log10().clamp(low, high) - low) / (high - low) * WIDTH
}

/// Each peer's fastest form, then the hand loop.
fn bars(results: &Results) -> Vec<(String, String, f64)> {
    let mut bars: Vec<(String, String, f64)> = Vec::new();
    for (subject, form) in results.subjects() {
        let class = match &subject {
            Subject::Tripline => continue,
            Subject::Hand => "hand".to_owned(),
            Subject::Peer(peer) => peer.clone(),
        };
        let Some(ratio) = results.ratio(&subject, &form) else { continue };
        match bars.iter_mut().find(|(_, other, _)| *other == class) {
            Some(bar) if bar.2 > ratio => *bar = (form, class, ratio),
            Some(_) => {}
            None => bars.push((form, class, ratio)),
        }
    }
    bars.sort_by_key(|(_, class, _)| class == "hand");
    bars
}
