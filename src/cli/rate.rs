//! Rates on the command line.

/// Events a second.
pub fn rate(text: &str) -> Result<f64, String> {
    let rate: Option<f64> = text.parse().ok();
    rate.ok_or_else(|| "expected a number of events a second, such as 100 or 2.5".to_owned())
}
