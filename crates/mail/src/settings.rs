//! Errors of the settings of a mailer.
//!
//! The domain validates SMTP settings. Everything else that can be checked without the network,
//! such as templates and trust anchors, is checked here, so that problems are reported at startup
//! and not with the first mail.

use vestibule_domain::model::smtp_settings::SmtpSettingsError;

/// The reason why a mailer cannot be created.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The product name is empty, longer than 64 characters, or has control characters.
    #[error("the product name is empty, too long, or contains control characters")]
    ProductName,
    /// The public URL does not have the form `https://host[:port]`.
    #[error("invalid public URL, expected https://host or https://host:port in ASCII")]
    PublicUrl,
    /// The SMTP settings are invalid.
    #[error("invalid SMTP settings")]
    SmtpSettings(#[from] SmtpSettingsError),
    /// A certificate cannot be valid for the host.
    #[error("the host of the SMTP server is not a valid name in a certificate")]
    Host,
    /// The additional trust anchor contains no certificate, or an invalid one.
    #[error("the additional trust anchor is not a certificate in PEM format")]
    CaFile,
    /// The system has no trust anchors, and there is no additional one.
    #[error("no trust anchors found")]
    NoTrustAnchors,
    /// The TLS library rejected its configuration.
    #[error("cannot set up TLS")]
    Tls(#[source] rustls::Error),
    /// A template cannot be parsed or rendered.
    #[error("{file}, line {line}: invalid mail template")]
    Template {
        /// Path of the file.
        file: String,
        /// Line number, starting at 1.
        line: usize,
        /// Error of the template engine.
        #[source]
        problem: minijinja::Error,
    },
    /// A text template does not start with `Subject: ..`, `Preview: ..` and an empty line.
    #[error("{file}, line 1: the mail template does not start with its subject and preview")]
    TemplateHeading {
        /// Path of the file.
        file: String,
    },
    /// A template or the directory of templates cannot be read.
    #[error("cannot read {file}")]
    TemplateUnreadable {
        /// Path of the file or directory.
        file: String,
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// There is no mail template with that name.
    #[error("{file} is not the name of a mail template")]
    UnknownTemplate {
        /// Path of the file.
        file: String,
    },
    /// The directory of the dev mailbox cannot be created.
    #[error("cannot create the directory of the dev mailbox")]
    Directory(#[source] std::io::Error),
}
