//! Tests of the dev mailbox.

use std::fs;

use uuid::Uuid;
use vestibule_domain::model::id::MailId;
use vestibule_domain::model::mail::{Content, Message};
use vestibule_domain::ports::{MailError, Mailer};
use vestibule_locales::Locales;
use vestibule_mail::DevMailbox;
use vestibule_testkit::smtp::parse;

use crate::given;

#[tokio::test]
async fn a_mail_is_listed_and_written_to_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data/mails");
    let mailer = DevMailbox::new(given::branding(), path.clone(), Locales::embedded()).unwrap();
    let message = given::message(given::reset_link());
    assert_eq!(mailer.send(&message).await.unwrap().reply, "250 kept");

    let [mail] = mailer.list().try_into().unwrap();
    assert_eq!(mail.id, message.id);
    assert_eq!(
        (mail.to.as_str(), mail.subject.as_str()),
        ("anna@example.com", "Reset your Acme password")
    );
    let names: Vec<&str> = mail.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, given::HEADERS[..8]);

    let data = fs::read(path.join(format!("{}.eml", message.id))).unwrap();
    let letter = parse::letter(&data);
    assert_eq!((letter.text, letter.html, letter.subject), (mail.text, mail.html, mail.subject));
    assert_eq!(fs::read_dir(&path).unwrap().count(), 1, "a temporary file remains");
}

#[tokio::test]
async fn only_the_owner_can_access_the_files() {
    use std::os::unix::fs::PermissionsExt;

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("mails");
    let mailer = DevMailbox::new(given::branding(), path.clone(), Locales::embedded()).unwrap();
    let message = given::message(given::reset_link());
    mailer.send(&message).await.unwrap();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path.clone()), 0o700);
    assert_eq!(mode(path.join(format!("{}.eml", message.id))), 0o600);
}

#[tokio::test]
async fn a_mail_that_is_sent_again_replaces_the_previous_one() {
    let directory = tempfile::tempdir().unwrap();
    let mailer =
        DevMailbox::new(given::branding(), directory.path().to_owned(), Locales::embedded())
            .unwrap();
    let first = given::message(Content::Welcome);
    mailer.send(&first).await.unwrap();
    mailer.send(&given::another(&first)).await.unwrap();
    mailer.send(&Message { content: Content::Test, ..first.clone() }).await.unwrap();
    let subjects: Vec<String> = mailer.list().into_iter().map(|mail| mail.subject).collect();
    assert_eq!(subjects, ["Test e-mail from Acme", "Welcome to Acme"]);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
}

#[tokio::test]
async fn only_the_last_200_mails_are_kept_in_memory() {
    let directory = tempfile::tempdir().unwrap();
    let mailer =
        DevMailbox::new(given::branding(), directory.path().to_owned(), Locales::embedded())
            .unwrap();
    for number in 0..205 {
        let id = MailId::from_uuid(Uuid::from_u128(number));
        mailer.send(&Message { id, ..given::message(Content::Test) }).await.unwrap();
    }
    let mails = mailer.list();
    assert_eq!(mails.len(), 200);
    assert_eq!(mails[0].id, MailId::from_uuid(Uuid::from_u128(5)));
    assert_eq!(mails[199].id, MailId::from_uuid(Uuid::from_u128(204)));
}

#[tokio::test]
async fn a_missing_directory_is_a_temporary_failure() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("mails");
    let mailer = DevMailbox::new(given::branding(), path.clone(), Locales::embedded()).unwrap();
    fs::remove_dir(&path).unwrap();
    let error = mailer.send(&given::message(Content::Test)).await.unwrap_err();
    assert!(matches!(error, MailError::Transient(_)));
    assert!(given::describe(&error).contains("Check that it is writable"));
    assert_eq!(mailer.list(), []);
}
