//! Keeps mails instead of sending them, for development.
//!
//! The last ones are in memory, to be shown on a page, and every one is a file that a mail program
//! opens. They hold working links, so the directory is for its owner only.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use tokio::io::AsyncWriteExt;
use vestibule_domain::id::MailId;
use vestibule_domain::mail::Message;
use vestibule_domain::ports::{MailError, Mailer, Receipt};
use vestibule_locales::Locales;

use crate::failure::{Cause, Failure, Stage};
use crate::letterhead::Letterhead;
use crate::render::Renderer;
use crate::settings::SettingsError;

const MAX_KEPT: usize = 200;

/// Keeps mails instead of sending them.
#[derive(Debug)]
pub struct KeptMails {
    renderer: Renderer,
    directory: PathBuf,
    mails: Mutex<VecDeque<KeptMail>>,
}

/// A mail that was kept, as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptMail {
    /// The same when it is sent again.
    pub id: MailId,
    /// Whom it would have gone to.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// The text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// Names and values in order, decoded.
    pub headers: Vec<(String, String)>,
}

impl KeptMails {
    /// Keeps mails in `directory`, which is made if need be.
    ///
    /// # Errors
    /// [`SettingsError::Directory`] when it cannot be made, and the ones about templates.
    pub fn new(
        letterhead: Letterhead,
        directory: PathBuf,
        locales: Locales,
    ) -> Result<Self, SettingsError> {
        private_directory(&directory).map_err(SettingsError::Directory)?;
        let renderer = Renderer::for_nobody(letterhead, locales)?;
        Ok(Self { renderer, directory, mails: Mutex::default() })
    }

    /// The last 200 mails of this process, newest last.
    pub fn list(&self) -> Vec<KeptMail> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn keep(&self, mail: KeptMail) {
        let mut mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = mails.iter_mut().find(|known| known.id == mail.id) {
            *known = mail;
            return;
        }
        if mails.len() == MAX_KEPT {
            mails.pop_front();
        }
        mails.push_back(mail);
    }

    fn failure(&self, cause: Cause) -> Failure {
        Failure { relay: self.directory.display().to_string(), stage: Stage::Writing, cause }
    }
}

#[async_trait]
impl Mailer for KeptMails {
    /// There is nobody to greet.
    async fn greet(&self) -> Result<(), MailError> {
        Ok(())
    }

    async fn send(&self, message: &Message) -> Result<Receipt, MailError> {
        let letter = self.renderer.letter(message).map_err(|cause| self.failure(cause))?;
        let file = self.directory.join(format!("{}.eml", message.id));
        write(&file, &letter.bytes).await.map_err(|source| self.failure(Cause::Io(source)))?;
        let headers = letter.headers.into_iter().map(|(name, value)| (name.to_owned(), value));
        self.keep(KeptMail {
            id: message.id,
            to: message.to.as_str().to_owned(),
            subject: letter.subject,
            text: letter.text,
            html: letter.html,
            headers: headers.collect(),
        });
        Ok(Receipt { reply: "250 kept".to_owned() })
    }
}

/// Writes a file at once or not at all: a page that shows the directory never sees half a mail.
async fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = path.with_extension("part");
    let mut options = tokio::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&draft).await?;
    file.write_all(bytes).await?;
    file.write_all(b"\r\n").await?;
    file.flush().await?;
    tokio::fs::rename(&draft, path).await
}

fn private_directory(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}
