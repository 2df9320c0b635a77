//! An SMTP session with a client.

use std::io;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::net::TcpStream;

use super::behaviour::{Behaviour, Encryption, Stage, TroubleKind};
use super::certificate_authority::acceptor;
use super::wire::{Line, Wire};
use super::{Received, Session, Shared};

const OK: &str = "250 2.0.0 ok";

/// Serves a client until either side closes the connection.
pub(super) async fn run(stream: TcpStream, state: Arc<Shared>) {
    let session = state.change(|inner| {
        inner.sessions.push(Session::default());
        inner.sessions.len() - 1
    });
    // The received bytes are already recorded; the error is not needed.
    let _ = talk(stream, Arc::clone(&state), session).await;
    state.change(|inner| inner.sessions[session].ended = true);
}

async fn talk(stream: TcpStream, state: Arc<Shared>, session: usize) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut wire = Wire::new(Box::new(stream), Arc::clone(&state), session);
    if behaviour(&state).encryption == Encryption::Tls {
        wire = encrypt(wire, &state).await?;
    }
    let mut session = SmtpSession { wire, state, draft: Draft::default(), signed_in: false };
    session.at(Stage::Greeting, "220 sink.example ESMTP").await?;
    loop {
        let line = session.wire.line(Line::Command).await?;
        let line = String::from_utf8_lossy(&line).into_owned();
        if line.eq_ignore_ascii_case("STARTTLS") && session.offers_starttls() {
            if !session.at(Stage::StartTls, "220 2.0.0 go ahead").await? {
                continue;
            }
            let SmtpSession { wire, state, .. } = session;
            let wire = encrypt(wire, &state).await?;
            session = SmtpSession { wire, state, draft: Draft::default(), signed_in: false };
        } else {
            session.obey(&line).await?;
        }
    }
}

async fn encrypt(wire: Wire, state: &Arc<Shared>) -> io::Result<Wire> {
    let session = wire.session();
    let acceptor = acceptor(behaviour(state).certificate);
    let stream = acceptor.accept(wire.into_stream()).await?;
    Ok(Wire::encrypted(Box::new(stream), Arc::clone(state), session))
}

fn behaviour(state: &Shared) -> Behaviour {
    state.read().behaviour.clone()
}

struct SmtpSession {
    wire: Wire,
    state: Arc<Shared>,
    draft: Draft,
    signed_in: bool,
}

#[derive(Default)]
struct Draft {
    mail_from: Option<String>,
    rcpt_to: Vec<String>,
}

impl SmtpSession {
    fn offers_starttls(&self) -> bool {
        behaviour(&self.state).encryption == Encryption::StartTls && !self.wire.is_encrypted()
    }

    async fn obey(&mut self, line: &str) -> io::Result<()> {
        let upper = line.to_ascii_uppercase();
        let verb = upper.split([' ', ':']).next().unwrap_or_default();
        match verb {
            "EHLO" => self.hello().await,
            "AUTH" => self.sign_in(line).await,
            "MAIL" | "RCPT" | "DATA" if self.lacks_sign_in() => {
                self.wire.say("530 5.7.0 sign in first").await
            }
            "MAIL" => self.sender(line).await,
            "RCPT" => self.recipient(line).await,
            "DATA" => self.data().await,
            "RSET" => {
                self.draft = Draft::default();
                self.at(Stage::Reset, OK).await.map(drop)
            }
            "NOOP" => self.wire.say(OK).await,
            "QUIT" => {
                self.wire.say("221 2.0.0 bye").await?;
                Err(io::ErrorKind::ConnectionAborted.into())
            }
            _ => {
                self.wire.violation(&format!("the command {verb:?}"));
                self.wire.say("502 5.5.1 unknown command").await
            }
        }
    }

    /// Sends the usual reply, or fails as configured. Returns `true` for the usual reply.
    async fn at(&mut self, stage: Stage, usual: &str) -> io::Result<bool> {
        let trouble = self.trouble(stage);
        self.answer(trouble, usual).await
    }

    fn trouble(&self, stage: Stage) -> Option<TroubleKind> {
        self.state.change(|inner| inner.behaviour.take_trouble(stage))
    }

    async fn answer(&mut self, trouble: Option<TroubleKind>, usual: &str) -> io::Result<bool> {
        match trouble {
            None => {
                self.wire.say(usual).await?;
                Ok(true)
            }
            Some(TroubleKind::Stall) => self.wire.stall().await.map(|()| false),
            Some(TroubleKind::Cut) => Err(io::ErrorKind::ConnectionAborted.into()),
            Some(TroubleKind::Answer(reply)) => {
                self.wire.say(&reply).await?;
                if reply.starts_with("421") {
                    return Err(io::ErrorKind::ConnectionAborted.into());
                }
                Ok(false)
            }
        }
    }

    async fn hello(&mut self) -> io::Result<()> {
        let behaviour = behaviour(&self.state);
        let mut offers = vec!["8BITMIME".to_owned(), "SIZE 10485760".to_owned()];
        if self.offers_starttls() {
            offers.push("STARTTLS".to_owned());
        }
        if behaviour.login.is_some() {
            offers.push(format!("AUTH {}", behaviour.mechanisms));
        }
        if behaviour.utf8 {
            offers.push("SMTPUTF8".to_owned());
        }
        let mut reply = "250-sink.example".to_owned();
        for (position, offer) in offers.iter().enumerate() {
            let separator = if position + 1 == offers.len() { ' ' } else { '-' };
            reply = format!("{reply}\r\n250{separator}{offer}");
        }
        self.draft = Draft::default();
        self.at(Stage::Hello, &reply).await.map(drop)
    }

    fn lacks_sign_in(&self) -> bool {
        behaviour(&self.state).login.is_some() && !self.signed_in
    }

    async fn sign_in(&mut self, line: &str) -> io::Result<()> {
        let mut words = line.split_ascii_whitespace().skip(1);
        let mechanism = words.next().unwrap_or_default().to_ascii_uppercase();
        let given = match (mechanism.as_str(), words.next()) {
            ("PLAIN", Some(initial)) => plain(initial),
            ("PLAIN", None) => plain(&self.ask("").await?),
            ("LOGIN", _) => {
                let username = self.ask("VXNlcm5hbWU6").await?;
                let password = self.ask("UGFzc3dvcmQ6").await?;
                decode(&username).zip(decode(&password))
            }
            _ => {
                self.wire.violation(&format!("the mechanism {mechanism:?}"));
                return self.wire.say("504 5.5.4 unknown mechanism").await;
            }
        };
        let wanted = behaviour(&self.state).login;
        if given.is_none() || given != wanted {
            return self.at(Stage::SignIn, "535 5.7.8 wrong username or password").await.map(drop);
        }
        self.signed_in = self.at(Stage::SignIn, "235 2.7.0 welcome").await?;
        Ok(())
    }

    async fn ask(&mut self, challenge: &str) -> io::Result<String> {
        self.wire.say(&format!("334 {challenge}")).await?;
        let answer = self.wire.line(Line::Command).await?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    async fn sender(&mut self, line: &str) -> io::Result<()> {
        if self.draft.mail_from.is_some() {
            self.wire.violation("a second MAIL");
            return self.wire.say("503 5.5.1 one at a time").await;
        }
        if self.at(Stage::Mail, OK).await? {
            self.draft.mail_from = Some(after_colon(line));
        }
        Ok(())
    }

    async fn recipient(&mut self, line: &str) -> io::Result<()> {
        if self.draft.mail_from.is_none() {
            self.wire.violation("RCPT before MAIL");
            return self.wire.say("503 5.5.1 who is it from").await;
        }
        let recipient = after_colon(line);
        let address = recipient.split('>').next().unwrap_or_default().trim_start_matches('<');
        if (behaviour(&self.state).refused)(address) {
            return self.wire.say("550 5.1.1 no such user here").await;
        }
        if self.at(Stage::Recipient, OK).await? {
            self.draft.rcpt_to.push(recipient);
        }
        Ok(())
    }

    async fn data(&mut self) -> io::Result<()> {
        let Some(mail_from) =
            self.draft.mail_from.clone().filter(|_| !self.draft.rcpt_to.is_empty())
        else {
            self.wire.violation("DATA before MAIL and RCPT");
            return self.wire.say("503 5.5.1 to whom").await;
        };
        if !self.at(Stage::Data, "354 go ahead").await? {
            return Ok(());
        }
        let mut data = Vec::new();
        loop {
            let line = self.wire.line(Line::Text).await?;
            if line == b"." {
                break;
            }
            data.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
            data.extend_from_slice(b"\r\n");
        }
        let rcpt_to = std::mem::take(&mut self.draft).rcpt_to;
        let received = Received { mail_from, rcpt_to, data, session: self.wire.session() };
        // Recorded before the reply, so that a test finds the mail after the reply. A client whose
        // connection is cut here does not know the outcome, so a cut records it as well.
        let trouble = self.trouble(Stage::FinalDot);
        if matches!(trouble, None | Some(TroubleKind::Cut)) {
            self.state.change(|inner| inner.messages.push(received));
        }
        self.answer(trouble, "250 2.0.0 queued as 42").await.map(drop)
    }
}

fn after_colon(line: &str) -> String {
    line.split_once(':').map_or("", |(_, value)| value).to_owned()
}

fn plain(encoded: &str) -> Option<(String, String)> {
    let fields = decode(encoded)?;
    let mut fields = fields.split('\0').skip(1).map(str::to_owned);
    fields.next().zip(fields.next())
}

fn decode(encoded: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(encoded).ok()?).ok()
}
