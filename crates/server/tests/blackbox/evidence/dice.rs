//! Chance that can be repeated: xorshift.

/// Numbers that look random and follow from a seed.
pub(crate) struct Dice {
    state: u64,
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        // Never zero, from which xorshift does not get away.
        let mut dice = Self { state: (seed ^ 0x9e37_79b9_7f4a_7c15).max(1) };
        // The first numbers of similar seeds are similar.
        for _ in 0..16 {
            dice.below(1);
        }
        dice
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % bound
    }

    /// One of a slice.
    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let at = self.below(u64::try_from(from.len()).unwrap());
        &from[usize::try_from(at).unwrap()]
    }
}
