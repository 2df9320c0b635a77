//! Refresh tokens, with rotation and reuse detection.
//!
//! A token has two halves. The first identifies the session and stays; the second changes at each
//! use. A token with a known first half and an old second half is a copy, used by the client or a
//! thief, so the session is ended (RFC 9700, section 4.14.2).
//!
//! Only digests are stored. A successor is derived from its predecessor and a stored nonce, so that
//! a client that lost the response gets the same successor again.

use std::fmt;

use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};

use crate::model::secret::{Secret, SecretDigest};
use crate::system::Random;

/// Domain separation for the derivation of successors.
const DOMAIN: &[u8] = b"vestibule refresh token successor 1\0";

/// A refresh token: 128 hexadecimal digits.
#[derive(Clone)]
pub struct RefreshToken {
    family: Secret,
    turn: Secret,
}

/// The stored state of the refresh tokens of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refresh {
    /// Digest of the half that all tokens of the session share.
    pub family: SecretDigest,
    /// Digest of the second half of the current token.
    pub current: SecretDigest,
    /// The latest exchange; `None` for the first token.
    pub rotation: Option<Rotation>,
}

/// An exchange of a token for its successor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// Digest of the second half of the exchanged token.
    pub from: SecretDigest,
    /// The nonce that the successor was derived with.
    pub nonce: RotationNonce,
    /// Time of the exchange.
    pub at: OffsetDateTime,
}

/// A nonce that makes a successor unpredictable to a holder of the predecessor.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RotationNonce([u8; 32]);

/// The status of a token of a known family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefreshTokenStatus {
    /// The current token.
    Current,
    /// Exchanged within the grace period; the client may have lost the response.
    JustExchanged(RotationNonce),
    /// Exchanged earlier, and now used again.
    Reused,
}

impl RefreshToken {
    /// Generates the first token of a session.
    pub fn generate(random: &dyn Random) -> Self {
        Self { family: Secret::generate(random), turn: Secret::generate(random) }
    }

    /// Parses a token; returns `None` if it is malformed.
    pub fn parse(text: &str) -> Option<Self> {
        let (family, turn) = text.split_at_checked(text.len() / 2)?;
        Some(Self { family: Secret::parse(family)?, turn: Secret::parse(turn)? })
    }

    /// Returns the text.
    pub fn expose(&self) -> zeroize::Zeroizing<String> {
        zeroize::Zeroizing::new(format!("{}{}", self.family.expose(), self.turn.expose()))
    }

    /// Returns the digest of the first half, which identifies the session.
    pub fn family(&self) -> SecretDigest {
        self.family.digest()
    }

    /// Returns the state to store for a first token.
    pub fn remembered(&self) -> Refresh {
        Refresh { family: self.family(), current: self.turn(), rotation: None }
    }

    pub(crate) fn turn(&self) -> SecretDigest {
        self.turn.digest()
    }

    /// Derives the successor: always the same, and only with both the token, which the client has,
    /// and the nonce, which the store has.
    pub(crate) fn successor(&self, nonce: &RotationNonce) -> Self {
        // Each part has a fixed length, so the encoding is unambiguous.
        let mut hash = Sha256::new_with_prefix(DOMAIN);
        hash.update(self.turn.expose());
        hash.update(nonce.0);
        Self { family: self.family.clone(), turn: Secret::from_bytes(&hash.finalize().into()) }
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(..)")
    }
}

impl Refresh {
    /// Returns the status at `now` of a token of this family.
    pub(crate) fn judge(
        &self,
        token: &RefreshToken,
        grace: Duration,
        now: OffsetDateTime,
    ) -> RefreshTokenStatus {
        let turn = token.turn();
        if turn == self.current {
            return RefreshTokenStatus::Current;
        }
        match self.rotation {
            Some(last) if last.from == turn && (now - last.at).abs() < grace => {
                RefreshTokenStatus::JustExchanged(last.nonce)
            }
            Some(_) | None => RefreshTokenStatus::Reused,
        }
    }
}

impl RotationNonce {
    /// Generates a nonce.
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        Self(bytes)
    }

    /// Returns the bytes, for the store.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Wraps bytes from the store.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for RotationNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RotationNonce(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::CountingRandom;

    const GRACE: Duration = Duration::seconds(10);

    #[test]
    fn a_refresh_token_is_parsed_as_it_was_printed() {
        let token = RefreshToken::generate(&CountingRandom::default());
        let again = RefreshToken::parse(&token.expose()).unwrap();
        assert_eq!((again.family(), again.turn()), (token.family(), token.turn()));
        assert_eq!(token.expose().len(), 128);
        for text in ["", "é", &"a".repeat(127), &"a".repeat(126), &"A".repeat(128)] {
            assert!(RefreshToken::parse(text).is_none(), "{text}");
        }
        assert_eq!(format!("{token:?}"), "RefreshToken(..)");
    }

    #[test]
    fn a_successor_is_deterministic_and_needs_both_inputs() {
        let random = CountingRandom::default();
        let token = RefreshToken::generate(&random);
        let nonce = RotationNonce::generate(&random);
        let successor = token.successor(&nonce);
        assert_eq!(*successor.expose(), *token.successor(&nonce).expose());
        assert_eq!(successor.family(), token.family());
        assert_ne!(successor.turn(), token.turn());
        let other = RotationNonce::generate(&random);
        assert_ne!(successor.turn(), token.successor(&other).turn());
        let other_family = RefreshToken { turn: Secret::generate(&random), ..token };
        assert_ne!(successor.turn(), other_family.successor(&nonce).turn());
    }

    #[test]
    fn a_predecessor_is_accepted_for_a_moment_and_an_older_one_never() {
        let random = CountingRandom::default();
        let at = OffsetDateTime::UNIX_EPOCH;
        let first = RefreshToken::generate(&random);
        assert_eq!(first.remembered().judge(&first, GRACE, at), RefreshTokenStatus::Current);

        let nonce = RotationNonce::generate(&random);
        let second = first.successor(&nonce);
        let rotation = Some(Rotation { from: first.turn(), nonce, at });
        let kept = Refresh { current: second.turn(), rotation, ..first.remembered() };
        assert_eq!(kept.judge(&second, GRACE, at), RefreshTokenStatus::Current);
        let just_before = at + GRACE - Duration::MICROSECOND;
        assert_eq!(
            kept.judge(&first, GRACE, just_before),
            RefreshTokenStatus::JustExchanged(nonce)
        );
        assert_eq!(kept.judge(&first, GRACE, at + GRACE), RefreshTokenStatus::Reused);
        // Another node's clock may be behind, or this clock may have been set back.
        assert_eq!(
            kept.judge(&first, GRACE, at - Duration::SECOND),
            RefreshTokenStatus::JustExchanged(nonce)
        );
        assert_eq!(kept.judge(&first, GRACE, at - GRACE), RefreshTokenStatus::Reused);

        let nonce = RotationNonce::generate(&random);
        let third = second.successor(&nonce);
        let rotation = Some(Rotation { from: second.turn(), nonce, at });
        let kept = Refresh { current: third.turn(), rotation, ..kept };
        assert_eq!(kept.judge(&first, GRACE, at), RefreshTokenStatus::Reused);
    }
}
