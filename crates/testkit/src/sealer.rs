//! Seals that are remembered instead of encrypted.

use std::collections::HashMap;
use std::sync::Mutex;

use vestibule_domain::ports::{SealError, SealPurpose, Sealer};
use zeroize::Zeroizing;

/// Hands out a number for every text and remembers what it stands for, and for which purpose.
///
/// The number says nothing of the text, so that a test can look for a secret where none should be.
#[derive(Debug, Default)]
pub struct TestSealer {
    sealed: Mutex<HashMap<String, (SealPurpose, String)>>,
}

impl Sealer for TestSealer {
    fn seal(&self, purpose: SealPurpose, text: &str) -> Result<String, SealError> {
        let mut sealed = self.sealed.lock().unwrap();
        let seal = format!("sealed.{}", sealed.len());
        sealed.insert(seal.clone(), (purpose, text.to_owned()));
        Ok(seal)
    }

    fn open(&self, purpose: SealPurpose, sealed: &str) -> Option<Zeroizing<String>> {
        let known = self.sealed.lock().unwrap();
        let (_, text) = known.get(sealed).filter(|(made_for, _)| *made_for == purpose)?;
        Some(Zeroizing::new(text.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_comes_back_for_its_purpose_only_and_never_under_the_same_seal() {
        let sealer = TestSealer::default();
        let [one, other] = [(); 2].map(|()| sealer.seal(SealPurpose::Flash, "hello").unwrap());
        assert_ne!(one, other);
        assert!(!one.contains("hello"));
        for seal in [&one, &other] {
            assert_eq!(*sealer.open(SealPurpose::Flash, seal).unwrap(), "hello");
            assert_eq!(sealer.open(SealPurpose::RelayPassword, seal), None);
        }
        assert_eq!(TestSealer::default().open(SealPurpose::Flash, &one), None);
    }
}
