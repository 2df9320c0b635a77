//! Why a token is refused.

/// Why a token is refused.
///
/// It is for logs and tests. Whoever presented the token should not learn which of these it was;
/// the extractors answer all of them alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// It is not spelled as Vestibule spells an access token, inside or outside.
    #[error("the token is malformed")]
    Malformed,
    /// The key it names is not one of those that sign access tokens.
    #[error("the token names an unknown key")]
    UnknownKey,
    /// The key it names has not signed it, or has signed it as something else than an access token
    /// of the expected issuer.
    #[error("the signature does not hold")]
    BadSignature,
    /// It says that somebody else has issued it.
    #[error("the token is from another issuer")]
    WrongIssuer,
    /// It is meant for somebody else.
    #[error("the token is for another audience")]
    WrongAudience,
    /// Its life has not begun.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// Its life is over.
    #[error("the token has expired")]
    Expired,
    /// The session it belongs to has ended. Only a verifier that follows the sessions says so.
    #[error("the session has ended")]
    Ended,
}
