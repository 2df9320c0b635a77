//! Why a mailer cannot be made.
//!
//! What a relay is, the domain decides. What can be judged besides without the network, such as
//! templates and trust anchors, is judged here, so that a mistake is reported at start and not
//! with the first mail.

use vestibule_domain::relay::RelayError;

/// Why a mailer cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// Empty, longer than 64 characters, or with a character that does not belong in a heading.
    #[error("the product name is empty, too long, or has control characters in it")]
    ProductName,
    /// Not of the form `https://host[:port]`.
    #[error("the public URL is not of the form https://host or https://host:port, in ASCII")]
    PublicUrl,
    /// No mail could ever go through a relay of that description.
    #[error("the relay cannot be used")]
    Relay(#[from] RelayError),
    /// No certificate could be valid for it.
    #[error("the relay's host is nothing that a certificate could name")]
    Host,
    /// No certificate in it, or a broken one.
    #[error("the extra trust anchor is not a certificate in PEM format")]
    CaFile,
    /// Neither the system nor the settings name an authority to trust.
    #[error("the system has no trust anchors, and none is set")]
    NoTrustAnchors,
    /// The TLS library refuses its configuration.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
    /// A template does not parse, or cannot be filled in.
    #[error("{file}, line {line}: the mail template is broken")]
    Template {
        /// Where it is.
        file: String,
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        #[source]
        problem: minijinja::Error,
    },
    /// A text template begins otherwise than with `Subject: ..`, `Preview: ..` and an empty line.
    #[error("{file}, line 1: the mail template does not begin with its subject and its preview")]
    TemplateHeading {
        /// Where it is.
        file: String,
    },
    /// A template, or the directory of templates, cannot be read.
    #[error("{file} cannot be read")]
    TemplateUnreadable {
        /// Which.
        file: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// There is no mail whose template could have that name.
    #[error("{file} is named after no mail template")]
    UnknownTemplate {
        /// Which.
        file: String,
    },
    /// Kept mails have no place.
    #[error("the directory for kept mails cannot be made")]
    Directory(#[source] std::io::Error),
}
