//! Random choices that are remembered, so that a failing case can be drawn again from fewer and smaller ones.

/// A source of choices: given ones first, then random ones, all written down.
pub struct Draw {
    given: Vec<u32>,
    state: u64,
    /// What was chosen so far.
    pub drawn: Vec<u32>,
}

impl Draw {
    /// Random from this seed.
    pub fn new(seed: u64) -> Self {
        Draw {
            given: Vec::new(),
            state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03,
            drawn: Vec::new(),
        }
    }

    /// These choices again; beyond them always the first, which is the simplest.
    pub fn again(given: Vec<u32>) -> Self {
        Draw { given, state: 0, drawn: Vec::new() }
    }

    /// A number below `n`.
    pub fn below(&mut self, n: u32) -> u32 {
        let choice = match self.given.get(self.drawn.len()) {
            Some(given) => *given,
            None if self.state == 0 => 0,
            None => self.random(),
        };
        let choice = choice % n.max(1);
        self.drawn.push(choice);
        choice
    }

    /// True once in `n`, and not in the simplest case.
    pub fn once_in(&mut self, n: u32) -> bool {
        self.below(n) == n - 1
    }

    /// One of these; the first is the simplest.
    pub fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len() as u32) as usize]
    }

    /// Splitmix64.
    fn random(&mut self) -> u32 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ z >> 31) as u32
    }
}
