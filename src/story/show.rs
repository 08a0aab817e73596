//! Shows an alert on standard output.

use std::io::Write as _;

use tripline_connectors::terminal::alert_line;
use tripline_engine::io::AlertRecord;

/// One line: as JSON, or coloured for people.
pub fn show(alert: &AlertRecord, json: bool) -> std::io::Result<()> {
    let mut out = anstream::stdout();
    if json {
        out.write_all(&alert.body)?;
        writeln!(out)
    } else {
        writeln!(out, "{}", alert_line(alert))
    }
}
