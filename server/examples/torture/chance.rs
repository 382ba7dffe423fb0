//! Random choices that a seed reproduces: which sectors survive, when the power fails, what is
//! sent.

/// A generator (`SplitMix64`): fast, and good enough for these choices.
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    /// Creates a generator from a seed.
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns any number.
    pub(crate) const fn any(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `bound`, which must not be 0.
    pub(crate) const fn below(&mut self, bound: u64) -> u64 {
        self.any() % bound
    }

    /// Returns a number from 0 up to, but not including, 1.
    pub(crate) fn fraction(&mut self) -> f64 {
        f64::from(u32::try_from(self.any() >> 32).unwrap_or(0)) / f64::from(u32::MAX)
    }

    /// Fills a buffer with random bytes.
    pub(crate) fn fill(&mut self, buffer: &mut [u8]) {
        for piece in buffer.chunks_mut(8) {
            piece.copy_from_slice(&self.any().to_ne_bytes()[..piece.len()]);
        }
    }
}
