//! How far two names are apart, for "did you mean ...?".

/// The candidate nearest to `written`, if it is near enough to be a slip; of equally near ones the longest, then the
/// first.
pub fn nearest<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = written.chars().count();
    // One slip in three letters, three at most: beyond that the words have nothing to do with each other.
    let limit = (length / 3).clamp(1, 3);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let other = candidate.chars().count();
        if candidate == written || other.abs_diff(length) > limit {
            continue;
        }
        let apart = distance(&written.to_lowercase(), &candidate.to_lowercase());
        // A different name of the same length as the slips is not near: `a` and `b`.
        let nearer = best.is_none_or(|(least, known)| (apart, known.len()) < (least, candidate.len()));
        if apart <= limit && apart < other.max(length) && nearer {
            best = Some((apart, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Letters to insert, drop, change or swap with their neighbour to get from `a` to `b` (optimal string alignment).
pub fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = usize::from(a[i - 1] != b[j - 1]);
            let mut least = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + changed);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before_last[j - 2] + 1);
            }
            row.push(least);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_counted() {
        for (a, b, apart) in [
            ("amount", "amount", 0),
            ("amuont", "amount", 1),
            ("amout", "amount", 1),
            ("amounts", "amount", 1),
            ("amoumt", "amount", 1),
            ("", "ab", 2),
            ("größe", "grösse", 2),
        ] {
            assert_eq!(distance(a, b), apart, "{a} {b}");
        }
    }

    #[test]
    fn the_nearest_is_offered_and_far_ones_are_not() {
        let fields = ["card", "amount", "merchant"];
        assert_eq!(nearest("amuont", fields), Some("amount"));
        assert_eq!(nearest("Card", fields), Some("card"));
        assert_eq!(nearest("crad", fields), Some("card"));
        assert_eq!(nearest("country", fields), None);
        assert_eq!(nearest("x", ["y"]), None);
        assert_eq!(nearest("", fields), None);
    }
}
