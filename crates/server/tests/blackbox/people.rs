//! Helpers for actions of users.

use std::time::Duration;

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use vestibule_testkit::smtp::SmtpSink;
use vestibule_testkit::smtp::parse::{Letter, letter};

use crate::service::{PUBLIC_URL, Service};

/// Time limit for a mail on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A status with its body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) async fn of(response: Response) -> Self {
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
        Self { status, body }
    }

    /// Asserts a status and the sentence of the contract.
    pub(crate) fn is(&self, status: u16, sentence: &str) {
        let said = self.body["detail"].as_str().or(self.body["message"].as_str());
        assert_eq!((self.status, said), (status, Some(sentence)), "{:?}", self.body);
    }

    pub(crate) fn token(&self) -> String {
        self.body["access_token"].as_str().expect("an access token").to_owned()
    }
}

impl Service {
    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.http.post(self.url(path)).json(&body).send().await.unwrap()).await
    }

    pub(crate) async fn post_as(&self, token: &str, path: &str, body: Value) -> Answer {
        let request = self.http.post(self.url(path)).bearer_auth(token).json(&body);
        Answer::of(request.send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.http.get(self.url(path)).send().await.unwrap()).await
    }

    /// Creates an account. The username is the local part of the address.
    pub(crate) async fn sign_up(&self, email: &str, password: &str) -> Answer {
        let name = email.split('@').next().unwrap();
        let body = json!({ "email": email, "username": name, "password": password });
        self.post("/api/v1/auth/signup", body).await
    }

    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Answer {
        self.post("/api/v1/auth/signin", json!({ "email": email, "password": password })).await
    }

    pub(crate) async fn me(&self, token: &str) -> Answer {
        let request = self.http.get(self.url("/api/v1/auth/me")).bearer_auth(token);
        Answer::of(request.send().await.unwrap()).await
    }

    pub(crate) async fn forget(&self, email: &str) -> Answer {
        self.post("/api/v1/auth/forgot-password", json!({ "email": email })).await
    }

    pub(crate) async fn reset(&self, token: &str, password: &str) -> Answer {
        let body = json!({ "token": token, "new_password": password });
        self.post("/api/v1/auth/reset-password", body).await
    }

    pub(crate) async fn change(&self, token: &str, old: &str, new: &str) -> Answer {
        let body = json!({ "old_password": old, "new_password": new });
        self.post_as(token, "/api/v1/auth/change-password", body).await
    }

    /// The token of a reset link created on the command line.
    pub(crate) async fn reset_link(&self, email: &str) -> String {
        let link = self.run(&["user", "reset-link", email]).await;
        let token = link.trim_end().strip_prefix(&format!("{PUBLIC_URL}/reset-password?token="));
        token.expect("a link").to_owned()
    }

    /// Returns `true` if a link is valid, without using it.
    pub(crate) async fn verify(&self, token: &str) -> bool {
        let request = self.http.get(self.url("/password-reset/verify"));
        let response = request.query(&[("token", token)]).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        Answer::of(response).await.body["valid"].as_bool().unwrap()
    }
}

/// Waits for the newest mail with that subject to that address.
pub(crate) async fn mail_to(smtp: &SmtpSink, address: &str, subject: &str) -> Letter {
    mails_to(smtp, address, subject, 1).await.pop().unwrap()
}

/// Waits for `count` mails with that subject to that address, oldest first.
pub(crate) async fn mails_to(
    smtp: &SmtpSink,
    address: &str,
    subject: &str,
    count: usize,
) -> Vec<Letter> {
    let come = |smtp: &SmtpSink| mails_so_far(smtp, address, subject);
    let arrived = smtp.wait_until(PATIENCE, |smtp| come(smtp).len() >= count).await;
    let mails = come(smtp);
    assert!(arrived, "{count} mails {subject:?} to {address} awaited, {} came", mails.len());
    mails
}

/// The mails received with that subject for that address, oldest first.
pub(crate) fn mails_so_far(smtp: &SmtpSink, address: &str, subject: &str) -> Vec<Letter> {
    let recipient = format!("<{address}>");
    let messages = smtp.messages().into_iter();
    let to = messages.filter(|m| m.rcpt_to.len() == 1 && m.rcpt_to[0].starts_with(&recipient));
    to.map(|m| letter(&m.data)).filter(|letter| letter.subject == subject).collect()
}

/// Requests a reset link and waits for its mail. Returns the token.
pub(crate) async fn reset_token(service: &Service, smtp: &SmtpSink, email: &str) -> String {
    let already = mails_so_far(smtp, email, RESET).len();
    service.forget(email).await.is(200, REQUESTED);
    let mut mails = mails_to(smtp, email, RESET, already + 1).await;
    mails.pop().unwrap().token().expect("a link").to_owned()
}

pub(crate) const WELCOME: &str = "Welcome to Vestibule";
pub(crate) const RESET: &str = "Reset your Vestibule password";
pub(crate) const CHANGED: &str = "Your Vestibule password was changed";
pub(crate) const REQUESTED: &str = "If the email exists, a password reset link has been sent";
