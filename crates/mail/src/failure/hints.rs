//! For whoever sets up mail: what failed, and what to do next.

use std::io;

use rustls::{CertificateError, Error as TlsError};
use vestibule_domain::ports::MailError;

use super::{Cause, Failure, Stage};

/// Says in one sentence what failed and what to do next.
///
/// Holds no secret; meant for the command line and for an administrator's page.
pub fn describe(error: &MailError) -> String {
    let (MailError::Transient(source) | MailError::Permanent(source)) = error;
    source.downcast_ref::<Failure>().map_or_else(|| format!("{error}: {source}"), hint)
}

fn hint(failure: &Failure) -> String {
    let Failure { relay, stage, cause } = failure;
    match cause {
        Cause::Io(source) => unreachable_relay(relay, *stage, source),
        Cause::Timeout => timeout(relay, *stage),
        Cause::Tls(source) => tls(relay, source),
        Cause::Reply { code, text } => refusal(relay, *stage, *code, text),
        Cause::NoStartTls => format!(
            "{relay} does not offer STARTTLS, so nothing was sent: use its TLS port (often 465) with \
             mail.security = \"tls\", or switch STARTTLS on at the relay."
        ),
        Cause::NoMechanism => format!(
            "{relay} offers neither PLAIN nor LOGIN to sign in: check that this port is meant for \
             submission (often 587), or remove mail.username and mail.password."
        ),
        Cause::NotSmtp => format!(
            "{relay} hung up or does not speak SMTP ({stage}): check mail.port, and that \
             mail.security fits it (\"tls\" for 465, \"starttls\" for 587)."
        ),
        Cause::NoUtf8 => format!(
            "{relay} does not offer SMTPUTF8, so it cannot carry an address outside ASCII: use \
             another address, or a relay that offers it."
        ),
        Cause::Address => "The address cannot be written to: use another one.".to_owned(),
        Cause::Token | Cause::Heading | Cause::Template(_) => {
            format!("The mail could not be written ({cause}): please report this as a bug.")
        }
    }
}

fn unreachable_relay(relay: &str, stage: Stage, source: &io::Error) -> String {
    match (stage, source.kind()) {
        (Stage::Writing, _) => {
            format!("The mail could not be kept in {relay} ({source}): check that it is writable.")
        }
        (Stage::Resolving, _) => format!(
            "The host of {relay} does not resolve ({source}): check mail.host, and the DNS of this \
             machine."
        ),
        (Stage::Connecting, io::ErrorKind::ConnectionRefused) => format!(
            "Nothing listens at {relay}: check mail.host and mail.port, and that the relay is \
             running."
        ),
        (Stage::Connecting, _) => format!(
            "{relay} cannot be reached ({source}): check mail.host and mail.port, the network, and \
             firewalls in between."
        ),
        _ => format!(
            "The connection to {relay} broke ({stage}: {source}): try again, and if it stays so, \
             look into the relay's log."
        ),
    }
}

fn timeout(relay: &str, stage: Stage) -> String {
    match stage {
        Stage::Resolving => {
            format!("The host of {relay} was not resolved in time: check the DNS of this machine.")
        }
        Stage::Connecting => format!(
            "{relay} did not answer in time: check mail.host and mail.port; many networks block \
             port 25, so try 587 or 465."
        ),
        Stage::Tls | Stage::Greeting => format!(
            "{relay} said nothing in time ({stage}): check that mail.security fits the port \
             (\"tls\" for 465, \"starttls\" for 587)."
        ),
        _ => format!("{relay} stopped answering ({stage}): look into the relay's log."),
    }
}

fn tls(relay: &str, source: &TlsError) -> String {
    match source {
        TlsError::InvalidCertificate(CertificateError::UnknownIssuer) => format!(
            "The certificate of {relay} comes from an authority this machine does not know: if it \
             is your own, name its certificate in mail.ca_file."
        ),
        TlsError::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => format!(
            "The certificate of {relay} is made out to another name: set mail.host to a name in \
             the certificate."
        ),
        TlsError::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        ) => format!(
            "The certificate of {relay} has expired: have it renewed, and check the clock of this \
             machine."
        ),
        TlsError::InvalidCertificate(reason) => format!(
            "The certificate of {relay} is not acceptable ({reason}): have it replaced; checks \
             cannot be switched off."
        ),
        _ => format!(
            "TLS with {relay} failed ({source}): check that mail.security fits the port (\"tls\" \
             for 465, \"starttls\" for 587)."
        ),
    }
}

fn refusal(relay: &str, stage: Stage, code: u16, text: &str) -> String {
    let said = format!("{code} {text}");
    match (stage, code) {
        (Stage::SignIn, 500..) => format!(
            "{relay} refused the user name or the password ({said}): check mail.username and \
             mail.password; some providers want a password made for applications."
        ),
        (_, 530 | 534 | 535 | 538) => format!(
            "{relay} wants somebody to sign in first ({said}): set mail.username and mail.password."
        ),
        (_, 400..500) => format!(
            "{relay} is not ready for this mail ({stage}: {said}): mails in the queue are tried \
             again by themselves; if it stays so, look into the relay's log."
        ),
        (Stage::Sender, _) => format!(
            "{relay} refused the sender ({said}): check that this account may send as \
             mail.from_address."
        ),
        (Stage::Recipient, _) => format!(
            "{relay} refused the recipient ({said}): check the address, and that the relay may \
             send to other domains."
        ),
        _ => format!("{relay} refused ({stage}: {said}): ask whoever runs the relay."),
    }
}
