//! How deep a record is nested, found before anything recurses into it.

use crate::convert::DEPTH_MAX;

/// Whether objects and lists are nested deeper than [`DEPTH_MAX`]. What is no well-formed JSON is judged by its brackets.
pub(super) fn too_deep(record: &[u8]) -> bool {
    // A few brackets cannot nest deep, and counting them costs next to nothing.
    let opening = record.iter().filter(|b| matches!(b, b'[' | b'{')).count();
    opening > DEPTH_MAX && deepest(record) > DEPTH_MAX
}

fn deepest(record: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_text, mut escaped) = (0usize, 0, false, false);
    for byte in record {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
