//! The passwords that everybody tries first.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use vestibule_domain::ports::CommonPasswords;

use crate::bloom::Bloom;
use crate::fold::fold_word;
use crate::word_list::{self, CommonListError};

/// Made by `examples/build_filter` from what `data/README.md` describes.
static EMBEDDED: &[u8] = include_bytes!("../data/common.filter");

/// Knows common and breached passwords, without holding a single one.
///
/// Now and then it takes another password for a common one: one in tens of thousands. It never
/// misses one that is on its list.
pub struct CommonPasswordFilter {
    embedded: Bloom<&'static [u8]>,
    own: Option<Bloom<Vec<u8>>>,
}

impl CommonPasswordFilter {
    /// The list inside the binary. It stays there: nothing is copied to the heap.
    pub const fn embedded() -> Self {
        Self { embedded: Bloom::new(EMBEDDED), own: None }
    }

    /// The list inside the binary and an operator's own: UTF-8 text, one password a line.
    ///
    /// Takes three bytes of memory for each line of eight characters or more, and reads at most
    /// 256 MiB. It blocks while it reads.
    ///
    /// # Errors
    /// [`CommonListError`] names the file and what is wrong with it.
    pub fn with_file(path: &Path) -> Result<Self, CommonListError> {
        Ok(Self { own: Some(word_list::read(path)?), ..Self::embedded() })
    }

    /// Whether a text, in lower case and NFC already, is on a list.
    pub fn contains(&self, folded: &str) -> bool {
        self.embedded.contains(folded) || self.own.as_ref().is_some_and(|own| own.contains(folded))
    }
}

impl CommonPasswords for CommonPasswordFilter {
    fn contains(&self, folded: &str) -> bool {
        Self::contains(self, folded)
    }
}

impl fmt::Debug for CommonPasswordFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommonPasswordFilter")
            .field("own", &self.own.is_some())
            .finish_non_exhaustive()
    }
}

/// The bytes of a filter over these words, for the program that makes the embedded one.
///
/// They are the same for the same words, whatever their order. Words are folded; those that are no
/// password for their length are left out.
pub fn build_filter<'word>(words: impl IntoIterator<Item = &'word str>) -> (usize, Vec<u8>) {
    let words: BTreeSet<_> = words.into_iter().filter_map(fold_word).collect();
    let mut bloom = Bloom::with_room_for(words.len());
    for word in &words {
        bloom.insert(word);
    }
    (words.len(), bloom.into_bytes())
}
