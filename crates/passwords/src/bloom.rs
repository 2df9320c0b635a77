//! A Bloom filter: a set with false positives at a known rate and no false negatives.
//!
//! It uses three bytes per word, in a contiguous buffer that can be part of the binary or on the
//! heap. The bits are derived with SHA-256, so the format is the same on every machine and in
//! every version.

use sha2::{Digest, Sha256};

/// With 24 bits per word and 16 of them set, the false positive rate is about one in 100 000.
const BYTES_PER_WORD: usize = 3;
const PROBES: u64 = 16;

/// A Bloom filter over borrowed or owned bytes.
pub(crate) struct Bloom<Bytes>(Bytes);

impl<Bytes: AsRef<[u8]>> Bloom<Bytes> {
    /// Creates a filter from the bytes that [`Bloom::into_bytes`] returned.
    pub(crate) const fn new(bytes: Bytes) -> Self {
        Self(bytes)
    }

    /// Returns `true` if the word was inserted, or for a false positive.
    pub(crate) fn contains(&self, word: &str) -> bool {
        let bytes = self.0.as_ref();
        // A filter without bytes is empty.
        !bytes.is_empty() && bits(word, bytes.len()).all(|(at, bit)| bytes[at] & bit != 0)
    }
}

impl Bloom<Vec<u8>> {
    /// Creates an empty filter with capacity for `words` words.
    pub(crate) fn with_capacity(words: usize) -> Self {
        Self(vec![0; words.saturating_mul(BYTES_PER_WORD)])
    }

    /// Inserts a word. A filter with capacity zero stays empty.
    pub(crate) fn insert(&mut self, word: &str) {
        let bytes = &mut self.0;
        if bytes.is_empty() {
            return;
        }
        bits(word, bytes.len()).for_each(|(at, bit)| bytes[at] |= bit);
    }

    /// Returns the bytes of the filter.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// Returns the byte index and bit mask of each probe of a word; `length` must not be zero.
fn bits(word: &str, length: usize) -> impl Iterator<Item = (usize, u8)> {
    let digest = Sha256::digest(word.as_bytes());
    let number = |from: usize| {
        digest[from..from + 8].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
    };
    // Double hashing: two hashes are as good as sixteen (Kirsch and Mitzenmacher, 2006).
    let (start, step) = (number(0), number(8) | 1);
    let bit_count = length as u128 * 8;
    (0..PROBES).map(move |probe| {
        let mixed = start.wrapping_add(probe.wrapping_mul(step));
        // The upper half of the product is below `bit_count`, so the index is below `length`.
        let bit = (u128::from(mixed) * bit_count) >> 64;
        (usize::try_from(bit / 8).unwrap_or(0), 1 << (bit % 8))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inserted_words_are_found() {
        let mut bloom = Bloom::with_capacity(1000);
        let words: Vec<String> = (0..1000).map(|number| format!("word number {number}")).collect();
        for word in &words {
            bloom.insert(word);
        }
        assert!(words.iter().all(|word| bloom.contains(word)));
        assert!(!bloom.contains("another word"));
        let bytes = bloom.into_bytes();
        assert_eq!(bytes.len(), 3000);
        assert!(words.iter().all(|word| Bloom::new(&bytes[..]).contains(word)));
    }

    #[test]
    fn the_format_is_stable() {
        let mut bloom = Bloom::with_capacity(2);
        bloom.insert("password");
        // Computed with an independent implementation.
        assert_eq!(bloom.into_bytes(), [129, 170, 2, 170, 2, 85]);
    }

    #[test]
    fn a_filter_without_capacity_contains_nothing() {
        let mut bloom = Bloom::with_capacity(0);
        bloom.insert("password");
        assert!(!bloom.contains("password"));
        assert!(!Bloom::new([]).contains(""));
    }
}
