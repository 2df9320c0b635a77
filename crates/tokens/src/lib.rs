//! PASETO v4 tokens: access tokens and reset tokens.
