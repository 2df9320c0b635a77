//! Errors of verification.

/// Reason for rejecting a token.
///
/// For logs and tests. Do not reveal it to the client; the extractors respond the same to all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The token or its payload is not in the form that Vestibule creates.
    #[error("malformed token")]
    Malformed,
    /// The token names a key that is not an access token key.
    #[error("unknown key")]
    UnknownKey,
    /// The key did not sign the token, or not as an access token of the expected issuer.
    #[error("invalid signature")]
    BadSignature,
    /// The token has another issuer.
    #[error("wrong issuer")]
    WrongIssuer,
    /// The token has another audience.
    #[error("wrong audience")]
    WrongAudience,
    /// The token is not valid yet.
    #[error("token not valid yet")]
    NotYetValid,
    /// The token expired.
    #[error("token expired")]
    Expired,
    /// The session of the token has ended. Requires polling for ended sessions.
    #[error("session ended")]
    Ended,
}
