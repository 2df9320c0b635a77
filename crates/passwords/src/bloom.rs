//! A set of words that may say yes wrongly, at a known rate, but never no.
//!
//! A Bloom filter: three bytes for each word, whatever its length, in one run of bytes that can lie
//! in the binary as well as on the heap. SHA-256 chooses the bits, so that the bytes mean the same
//! on every machine and in every version.

use sha2::{Digest, Sha256};

/// With 24 bits for each word and 16 of them set, about one other word in 100 000 seems to be in it.
const BYTES_PER_WORD: usize = 3;
const PROBES: u64 = 16;

/// A filter over bytes that are borrowed or owned.
pub(crate) struct Bloom<Bytes>(Bytes);

impl<Bytes: AsRef<[u8]>> Bloom<Bytes> {
    /// Reads a filter that [`Bloom::into_bytes`] gave away.
    pub(crate) const fn new(bytes: Bytes) -> Self {
        Self(bytes)
    }

    /// Whether the word was put in, or seems so.
    pub(crate) fn contains(&self, word: &str) -> bool {
        let bytes = self.0.as_ref();
        // Without bytes there are no bits, and nothing was put in.
        !bytes.is_empty() && places(word, bytes.len()).all(|(at, bit)| bytes[at] & bit != 0)
    }
}

impl Bloom<Vec<u8>> {
    /// An empty filter with room for so many words.
    pub(crate) fn with_room_for(words: usize) -> Self {
        Self(vec![0; words.saturating_mul(BYTES_PER_WORD)])
    }

    /// Puts a word in. One with room for none stays empty.
    pub(crate) fn insert(&mut self, word: &str) {
        let bytes = &mut self.0;
        if bytes.is_empty() {
            return;
        }
        places(word, bytes.len()).for_each(|(at, bit)| bytes[at] |= bit);
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// The bytes and the bits in them that belong to a word; `length` is not zero.
fn places(word: &str, length: usize) -> impl Iterator<Item = (usize, u8)> {
    let digest = Sha256::digest(word.as_bytes());
    let number = |from: usize| {
        digest[from..from + 8].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
    };
    // Two numbers make as good a filter as sixteen would (Kirsch and Mitzenmacher, 2006).
    let (start, step) = (number(0), number(8) | 1);
    let bits = length as u128 * 8;
    (0..PROBES).map(move |probe| {
        let mixed = start.wrapping_add(probe.wrapping_mul(step));
        // The upper half of the product is below `bits`, so the first number is below `length`.
        let bit = (u128::from(mixed) * bits) >> 64;
        (usize::try_from(bit / 8).unwrap_or(0), 1 << (bit % 8))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_in() {
        let mut bloom = Bloom::with_room_for(1000);
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
    fn the_bits_are_the_same_everywhere() {
        let mut bloom = Bloom::with_room_for(2);
        bloom.insert("password");
        // Computed by another program.
        assert_eq!(bloom.into_bytes(), [129, 170, 2, 170, 2, 85]);
    }

    #[test]
    fn without_room_nothing_is_in() {
        let mut bloom = Bloom::with_room_for(0);
        bloom.insert("password");
        assert!(!bloom.contains("password"));
        assert!(!Bloom::new([]).contains(""));
    }
}
