//! A sealer that stores texts in memory instead of encrypting them.

use std::collections::HashMap;
use std::sync::Mutex;

use vestibule_domain::ports::{SealError, SealPurpose, Sealer};
use zeroize::Zeroizing;

/// A sealer that returns a number for each text, and stores the text with its purpose.
///
/// The number does not contain the text, so that a test can search for leaked secrets.
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
    fn a_seal_is_unique_and_opens_for_its_purpose_only() {
        let sealer = TestSealer::default();
        let [one, other] = [(); 2].map(|()| sealer.seal(SealPurpose::Flash, "hello").unwrap());
        assert_ne!(one, other);
        assert!(!one.contains("hello"));
        for seal in [&one, &other] {
            assert_eq!(*sealer.open(SealPurpose::Flash, seal).unwrap(), "hello");
            assert_eq!(sealer.open(SealPurpose::SmtpPassword, seal), None);
        }
        assert_eq!(TestSealer::default().open(SealPurpose::Flash, &one), None);
    }
}
