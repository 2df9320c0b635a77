//! The dev mailbox, which stores mails instead of sending them.
//!
//! The most recent mails are kept in memory for a page, and each mail is written to a file that
//! mail programs can open. The mails contain valid links, so only the owner can access the
//! directory.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use tokio::io::AsyncWriteExt;
use vestibule_domain::model::id::MailId;
use vestibule_domain::model::mail::Message;
use vestibule_domain::ports::{MailError, Mailer, Receipt};
use vestibule_locales::Locales;

use crate::branding::Branding;
use crate::failure::{Cause, Failure, Stage};
use crate::render::Renderer;
use crate::settings::SettingsError;

/// Maximum number of mails in memory.
const MAX_MAILS: usize = 200;

/// A mailer that stores mails instead of sending them, for development.
#[derive(Debug)]
pub struct DevMailbox {
    renderer: Renderer,
    directory: PathBuf,
    mails: Mutex<VecDeque<DevMail>>,
}

/// A mail in the dev mailbox, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevMail {
    /// Id of the mail, the same for all attempts.
    pub id: MailId,
    /// Address of the recipient.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// Text part.
    pub text: String,
    /// HTML part.
    pub html: String,
    /// Names and decoded values of the headers, in order.
    pub headers: Vec<(String, String)>,
}

impl DevMailbox {
    /// Creates a dev mailbox in `directory`, which is created if necessary.
    ///
    /// # Errors
    /// [`SettingsError::Directory`] if the directory cannot be created, and the errors of
    /// templates.
    pub fn new(
        branding: Branding,
        directory: PathBuf,
        locales: Locales,
    ) -> Result<Self, SettingsError> {
        create_private_directory(&directory).map_err(SettingsError::Directory)?;
        let renderer = Renderer::without_smtp(branding, locales)?;
        Ok(Self { renderer, directory, mails: Mutex::default() })
    }

    /// Returns the last 200 mails of this process, newest last.
    pub fn list(&self) -> Vec<DevMail> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn store(&self, mail: DevMail) {
        let mut mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(previous) = mails.iter_mut().find(|previous| previous.id == mail.id) {
            *previous = mail;
            return;
        }
        if mails.len() == MAX_MAILS {
            mails.pop_front();
        }
        mails.push_back(mail);
    }

    fn failure(&self, cause: Cause) -> Failure {
        Failure { server: self.directory.display().to_string(), stage: Stage::Writing, cause }
    }
}

#[async_trait]
impl Mailer for DevMailbox {
    /// Does nothing, because there is no SMTP server.
    async fn greet(&self) -> Result<(), MailError> {
        Ok(())
    }

    async fn send(&self, message: &Message) -> Result<Receipt, MailError> {
        let mail = self.renderer.render(message).map_err(|cause| self.failure(cause))?;
        let file = self.directory.join(format!("{}.eml", message.id));
        write(&file, &mail.bytes).await.map_err(|source| self.failure(Cause::Io(source)))?;
        let headers = mail.headers.into_iter().map(|(name, value)| (name.to_owned(), value));
        self.store(DevMail {
            id: message.id,
            to: message.to.as_str().to_owned(),
            subject: mail.subject,
            text: mail.text,
            html: mail.html,
            headers: headers.collect(),
        });
        Ok(Receipt { reply: "250 kept".to_owned() })
    }
}

/// Writes a file atomically, so that readers of the directory never see an incomplete mail.
async fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("part");
    let mut options = tokio::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&temporary).await?;
    file.write_all(bytes).await?;
    file.write_all(b"\r\n").await?;
    file.flush().await?;
    tokio::fs::rename(&temporary, path).await
}

fn create_private_directory(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}
