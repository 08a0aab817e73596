//! A bit per row: validity of a column, result of a predicate, selection.

/// Bits in words of 64, row 0 in the lowest bit of the first word. Bits past `len` are zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bitmap {
    words: Vec<u64>,
    len: usize,
}

impl Bitmap {
    /// `len` zeros.
    pub fn zeros(len: usize) -> Self {
        Bitmap { words: vec![0; len.div_ceil(64)], len }
    }

    /// `len` ones.
    pub fn ones(len: usize) -> Self {
        let mut map = Bitmap { words: vec![u64::MAX; len.div_ceil(64)], len };
        map.trim();
        map
    }

    /// A bit per row from `f`, built a word at a time.
    pub fn from_fn(len: usize, mut f: impl FnMut(usize) -> bool) -> Self {
        let mut words = Vec::with_capacity(len.div_ceil(64));
        for start in (0..len).step_by(64) {
            let end = (start + 64).min(len);
            let mut word = 0u64;
            for row in start..end {
                word |= u64::from(f(row)) << (row - start);
            }
            words.push(word);
        }
        Bitmap { words, len }
    }

    /// Number of bits.
    pub fn len(&self) -> usize {
        self.len
    }

    /// No bits at all.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bit of `row`.
    #[inline]
    pub fn get(&self, row: usize) -> bool {
        self.words[row >> 6] >> (row & 63) & 1 == 1
    }

    /// Sets the bit of `row`.
    #[inline]
    pub fn set(&mut self, row: usize, on: bool) {
        let bit = 1u64 << (row & 63);
        if on {
            self.words[row >> 6] |= bit;
        } else {
            self.words[row >> 6] &= !bit;
        }
    }

    /// Appends a bit.
    pub fn push(&mut self, on: bool) {
        if self.len & 63 == 0 {
            self.words.push(0);
        }
        self.len += 1;
        self.set(self.len - 1, on);
    }

    /// Takes the last bit off; false when there is none.
    pub fn pop(&mut self) -> bool {
        if self.len == 0 {
            return false;
        }
        let bit = self.get(self.len - 1);
        self.len -= 1;
        self.words.truncate(self.len.div_ceil(64));
        self.trim();
        bit
    }

    /// Number of ones.
    pub fn count_ones(&self) -> usize {
        self.words.iter().map(|w| w.count_ones() as usize).sum()
    }

    /// The rows whose bit is one, ascending.
    pub fn iter_ones(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(i, &word)| {
            std::iter::successors((word != 0).then_some(word), |w| {
                let rest = w & (w - 1);
                (rest != 0).then_some(rest)
            })
            .map(move |w| i * 64 + w.trailing_zeros() as usize)
        })
    }

    /// The words, for kernels.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// The words, for kernels; bits past `len` must stay zero.
    pub fn words_mut(&mut self) -> &mut [u64] {
        &mut self.words
    }

    fn trim(&mut self) {
        if self.len & 63 != 0
            && let Some(last) = self.words.last_mut()
        {
            *last &= (1u64 << (self.len & 63)) - 1;
        }
    }
}
