//! All combinations of letters: Q8 counts the pairs that are open, Q8ne the triples, in constant time an event.

use crate::input::abc::Letter;

/// What lies at most n positions back.
#[derive(Default)]
struct Open {
    b: u64,
    c: u64,
    /// A before B.
    ab: u64,
    /// B before C.
    bc: u64,
    /// A before B before C.
    abc: u64,
    a: u64,
}

impl Open {
    /// An event comes.
    fn take(&mut self, letter: Letter) {
        match letter {
            b'A' => self.a += 1,
            b'B' => {
                self.b += 1;
                self.ab += self.a;
            }
            b'C' => {
                self.c += 1;
                self.bc += self.b;
                self.abc += self.ab;
            }
            _ => {}
        }
    }

    /// The oldest leaves, and all that began with it.
    fn drop(&mut self, letter: Letter) {
        match letter {
            b'A' => {
                self.a -= 1;
                self.ab -= self.b;
                self.abc -= self.bc;
            }
            b'B' => {
                self.b -= 1;
                self.bc -= self.c;
            }
            b'C' => self.c -= 1,
            _ => {}
        }
    }
}

/// A, B, C at most `n` positions apart.
pub fn q8(letters: &[Letter], n: usize) -> u64 {
    over(letters, n, |letter, open| if letter == b'C' { open.ab } else { 0 })
}

/// A, B, C, Z at most `n` positions apart.
pub fn q8ne(letters: &[Letter], n: usize) -> u64 {
    over(letters, n, |letter, open| if letter == b'Z' { open.abc } else { 0 })
}

fn over(letters: &[Letter], n: usize, complete: impl Fn(Letter, &Open) -> u64) -> u64 {
    let mut open = Open::default();
    let mut matches = 0;
    for (at, letter) in letters.iter().enumerate() {
        if let Some(old) = at.checked_sub(n + 1) {
            open.drop(letters[old]);
        }
        matches += complete(*letter, &open);
        open.take(*letter);
    }
    matches
}

/// A, B, C, D, E at most `n` positions apart: `open[i][j]` counts the combinations of letters i to j.
pub fn five(letters: &[Letter], n: usize) -> u64 {
    const K: usize = 5;
    let place = |letter: Letter| usize::from(letter.wrapping_sub(b'A'));
    let mut open = [[0u64; K]; K];
    let mut matches = 0;
    for (at, letter) in letters.iter().enumerate() {
        if let Some(old) = at.checked_sub(n + 1).map(|old| place(letters[old])).filter(|old| *old < K) {
            for last in (old..K).rev() {
                open[old][last] -= if last == old { 1 } else { open[old + 1][last] };
            }
        }
        let new = place(*letter);
        if new == K - 1 {
            matches += open[0][K - 2];
        }
        if new < K {
            for (first, open) in open.iter_mut().enumerate().take(new + 1) {
                open[new] += if first == new { 1 } else { open[new - 1] };
            }
        }
    }
    matches
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every choice of three positions.
    fn slow(letters: &[u8], n: usize) -> u64 {
        let at = |letter: u8| letters.iter().enumerate().filter(move |(_, l)| **l == letter).map(|(at, _)| at);
        let mut matches = 0;
        for a in at(b'A') {
            for b in at(b'B').filter(|b| *b > a) {
                matches += at(b'C').filter(|c| *c > b && c - a <= n).count() as u64;
            }
        }
        matches
    }

    #[test]
    fn combinations_are_those_of_trying_all() {
        let options = crate::input::Options { events: 300, ..Default::default() };
        let letters = crate::input::abc::generate(&options);
        for n in [2, 3, 10, 50, 300] {
            assert_eq!(q8(&letters, n), slow(&letters, n), "{n}");
        }
        assert_eq!((five(b"AABCCDE", 6), five(b"AABCCDE", 5), five(b"ABCDABCDE", 8)), (4, 2, 5));
        assert_eq!(q8ne(b"AABCCZ", 5), 4);
        assert_eq!(q8ne(b"AABCCZ", 4), 2);
    }
}
