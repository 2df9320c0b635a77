//! Refresh tokens: what a client of the API keeps so that it need not keep a password.
//!
//! A token has two halves. The first names the session and stays; the second changes at every use.
//! Whoever shows the right first half and a second one that is long past holds a copy: of owner and
//! thief one is using it, so the session ends (RFC 9700, section 4.14.2).
//!
//! Only digests are remembered. A successor is computed from its predecessor and a number that is
//! kept, so that a client whose answer got lost is given the same successor again, although nobody
//! remembers it.

use std::fmt;

use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};

use crate::ports::Random;
use crate::secret::{Secret, SecretDigest};

/// Sets the computation of successors apart from every other use of the digest.
const DOMAIN: &[u8] = b"vestibule refresh token successor 1\0";

/// A refresh token in the hands of its owner: 128 hexadecimal digits.
#[derive(Clone)]
pub struct RefreshToken {
    family: Secret,
    turn: Secret,
}

/// What is remembered of the refresh tokens of one session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refresh {
    /// The half that all tokens of the session share.
    pub family: SecretDigest,
    /// The half of the token that works.
    pub current: SecretDigest,
    /// How the token that works came to be, if it is not the first.
    pub rotation: Option<Rotation>,
}

/// One exchange of a token for its successor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// The half of the token that was exchanged.
    pub from: SecretDigest,
    /// What the successor was computed with.
    pub nonce: RotationNonce,
    /// When.
    pub at: OffsetDateTime,
}

/// A number that makes a successor unpredictable to whoever holds the predecessor.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RotationNonce([u8; 32]);

/// What a token of the right family is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Worth {
    /// It is the one that works.
    Current,
    /// It was exchanged a moment ago; its owner may not have heard the answer.
    JustExchanged(RotationNonce),
    /// It was exchanged long ago, and is used again.
    Reused,
}

impl RefreshToken {
    /// Draws the first token of a session.
    pub fn generate(random: &dyn Random) -> Self {
        Self { family: Secret::generate(random), turn: Secret::generate(random) }
    }

    /// Reads one that came back; `None` when it is none of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let (family, turn) = text.split_at_checked(text.len() / 2)?;
        Some(Self { family: Secret::parse(family)?, turn: Secret::parse(turn)? })
    }

    /// The text, for the answer it belongs in.
    pub fn expose(&self) -> zeroize::Zeroizing<String> {
        zeroize::Zeroizing::new(format!("{}{}", self.family.expose(), self.turn.expose()))
    }

    /// What names its session.
    pub fn family(&self) -> SecretDigest {
        self.family.digest()
    }

    /// What to remember of it while it is the first.
    pub fn remembered(&self) -> Refresh {
        Refresh { family: self.family(), current: self.turn(), rotation: None }
    }

    pub(crate) fn turn(&self) -> SecretDigest {
        self.turn.digest()
    }

    /// The token it is exchanged for: the same every time, and computable only with both the token
    /// and the nonce, of which the client has one and the store the other.
    pub(crate) fn successor(&self, nonce: &RotationNonce) -> Self {
        // Every part has a fixed length, so the parts cannot be confused.
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
    /// What a token of this family is worth at `now`.
    pub(crate) fn judge(
        &self,
        token: &RefreshToken,
        grace: Duration,
        now: OffsetDateTime,
    ) -> Worth {
        let turn = token.turn();
        if turn == self.current {
            return Worth::Current;
        }
        match self.rotation {
            Some(last) if last.from == turn && (now - last.at).abs() < grace => {
                Worth::JustExchanged(last.nonce)
            }
            Some(_) | None => Worth::Reused,
        }
    }
}

impl RotationNonce {
    /// Draws one.
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        Self(bytes)
    }

    /// The bare bytes, for the store.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Takes bytes from the store.
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
    use crate::ports::mocks::CountingRandom;

    const GRACE: Duration = Duration::seconds(10);

    #[test]
    fn a_token_comes_back_as_it_went() {
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
    fn a_successor_is_the_same_every_time_and_needs_both_halves_of_the_knowledge() {
        let random = CountingRandom::default();
        let token = RefreshToken::generate(&random);
        let nonce = RotationNonce::generate(&random);
        let successor = token.successor(&nonce);
        assert_eq!(*successor.expose(), *token.successor(&nonce).expose());
        assert_eq!(successor.family(), token.family());
        assert_ne!(successor.turn(), token.turn());
        let other = RotationNonce::generate(&random);
        assert_ne!(successor.turn(), token.successor(&other).turn());
        let stranger = RefreshToken { turn: Secret::generate(&random), ..token };
        assert_ne!(successor.turn(), stranger.successor(&nonce).turn());
    }

    #[test]
    fn a_predecessor_is_pardoned_for_a_moment_and_an_older_one_never() {
        let random = CountingRandom::default();
        let at = OffsetDateTime::UNIX_EPOCH;
        let first = RefreshToken::generate(&random);
        assert_eq!(first.remembered().judge(&first, GRACE, at), Worth::Current);

        let nonce = RotationNonce::generate(&random);
        let second = first.successor(&nonce);
        let rotation = Some(Rotation { from: first.turn(), nonce, at });
        let kept = Refresh { current: second.turn(), rotation, ..first.remembered() };
        assert_eq!(kept.judge(&second, GRACE, at), Worth::Current);
        let just_before = at + GRACE - Duration::MICROSECOND;
        assert_eq!(kept.judge(&first, GRACE, just_before), Worth::JustExchanged(nonce));
        assert_eq!(kept.judge(&first, GRACE, at + GRACE), Worth::Reused);
        // Another node's clock, or one that was set back: as far the other way.
        assert_eq!(kept.judge(&first, GRACE, at - Duration::SECOND), Worth::JustExchanged(nonce));
        assert_eq!(kept.judge(&first, GRACE, at - GRACE), Worth::Reused);

        let nonce = RotationNonce::generate(&random);
        let third = second.successor(&nonce);
        let rotation = Some(Rotation { from: second.turn(), nonce, at });
        let kept = Refresh { current: third.turn(), rotation, ..kept };
        assert_eq!(kept.judge(&first, GRACE, at), Worth::Reused);
    }
}
