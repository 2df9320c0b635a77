//! Clients that sign up, change and reset passwords continuously, and record the responses.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};
use vestibule_testkit::smtp::SmtpSink;
use vestibule_testkit::smtp::parse::letter;

use crate::people::{Answer, RESET};
use crate::service::Service;

const NEWCOMERS: usize = 4;
const CHANGERS: usize = 2;
const FORGETFUL: usize = 2;
/// Upper limit for any step on a busy machine; and for a mail, before it is requested again.
const PATIENCE: Duration = Duration::from_mins(1);
const MAIL: Duration = Duration::from_secs(5);
/// Between two requests of one client, at least.
const PACE: Duration = Duration::from_millis(10);

/// Returns the password of a user after `n` changes.
fn password(number: usize) -> String {
    format!("a good long password, {number}")
}

/// Results of all clients.
#[derive(Default)]
pub(super) struct Seen {
    signed_up: Vec<String>,
    /// Request times of the acknowledged writes.
    asked: Vec<Instant>,
    /// Acknowledged passwords that did not work any more.
    passwords_lost: usize,
    /// Neither what was asked for nor 503.
    pub(super) wrong: Vec<String>,
    pub(super) unavailable: usize,
    pub(super) slowest_503: Duration,
}

impl Seen {
    pub(super) fn acknowledged(&self) -> usize {
        self.asked.len()
    }

    /// Returns the number of acknowledged writes that are missing, given the existing addresses.
    pub(super) fn lost(&self, there: &str) -> usize {
        let there: BTreeSet<&str> = there.split(' ').collect();
        let missing = self.signed_up.iter().filter(|email| !there.contains(email.as_str()));
        missing.count() + self.passwords_lost
    }
}

/// Eight clients at work.
pub(super) struct Crowd {
    common: Arc<Common>,
    clients: JoinSet<()>,
    postman: JoinSet<()>,
}

struct Common {
    http: reqwest::Client,
    base: String,
    seen: Mutex<Seen>,
    changed: watch::Sender<()>,
    /// The newest link of each address.
    links: watch::Sender<BTreeMap<String, String>>,
    over: AtomicBool,
}

impl Crowd {
    /// Opens the accounts whose passwords change, and begins.
    pub(super) async fn begin(service: &Service, smtp: &Arc<SmtpSink>) -> Self {
        let common = Arc::new(Common {
            http: service.http.clone(),
            base: service.url("/api/v1/auth"),
            seen: Mutex::default(),
            changed: watch::Sender::new(()),
            links: watch::Sender::new(BTreeMap::new()),
            over: AtomicBool::new(false),
        });
        let (mut clients, mut postman) = (JoinSet::new(), JoinSet::new());
        postman.spawn(deliver(smtp.clone(), common.clone()));
        for client in 0..NEWCOMERS {
            clients.spawn(sign_up(common.clone(), client));
        }
        for client in 0..CHANGERS + FORGETFUL {
            let email = format!("account{client}@example.com");
            assert_eq!(service.sign_up(&email, &password(0)).await.status, 201);
            let account = Account { common: common.clone(), email, acknowledged: 0, tried: 0 };
            clients.spawn(account.live(client < CHANGERS));
        }
        Self { common, clients, postman }
    }

    /// Waits until so many writes are acknowledged that were asked for after that moment.
    pub(super) async fn writes(&self, count: usize, since: Instant) {
        let mut changes = self.common.changed.subscribe();
        let enough = changes.wait_for(|()| {
            let seen = self.common.seen.lock().unwrap();
            seen.asked.iter().filter(|asked| **asked > since).count() >= count
        });
        timeout(PATIENCE, enough).await.expect("writes go on").unwrap();
    }

    /// Waits until all clients have finished and checked once more.
    pub(super) async fn end(self) -> Seen {
        self.common.over.store(true, Ordering::Relaxed);
        timeout(PATIENCE, self.clients.join_all()).await.expect("an end");
        drop(self.postman);
        std::mem::take(&mut *self.common.seen.lock().unwrap())
    }
}

impl Common {
    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    fn note<T>(&self, change: impl FnOnce(&mut Seen) -> T) -> T {
        let noted = change(&mut self.seen.lock().unwrap());
        self.changed.send_replace(());
        noted
    }

    /// An answer other than 503, once its whole body has been read.
    async fn post(&self, path: &str, token: &str, body: &Value) -> Option<Answer> {
        let asked = Instant::now();
        let request = self.http.post(format!("{}/{path}", self.base)).bearer_auth(token);
        let answer = match request.json(body).send().await {
            Ok(response) => Answer::of(response).await,
            Err(error) => {
                self.note(|seen| seen.wrong.push(format!("{path}: {error}")));
                return None;
            }
        };
        let took = asked.elapsed();
        if answer.status == 503 {
            self.note(|seen| {
                seen.unavailable += 1;
                seen.slowest_503 = seen.slowest_503.max(took);
            });
            return None;
        }
        if answer.status >= 500 {
            self.note(|seen| seen.wrong.push(format!("{path}: {}", answer.status)));
        }
        let is_write = matches!(path, "signup" | "change-password" | "reset-password");
        if is_write && answer.status < 300 {
            self.note(|seen| seen.asked.push(asked));
        }
        Some(answer)
    }
}

/// Delivers reset links to the clients that requested them.
async fn deliver(smtp: Arc<SmtpSink>, common: Arc<Common>) {
    loop {
        smtp.wait_until(PATIENCE, |smtp| !smtp.messages().is_empty()).await;
        for message in smtp.take() {
            let to = message.rcpt_to[0].trim_start_matches('<').split('>').next().unwrap();
            let letter = letter(&message.data);
            if letter.subject == RESET {
                let token = letter.token().expect("a link").to_owned();
                common.links.send_modify(|links| drop(links.insert(to.to_owned(), token)));
            }
        }
    }
}

async fn sign_up(common: Arc<Common>, client: usize) {
    static NAMES: AtomicUsize = AtomicUsize::new(0);
    let mut pace = interval(PACE);
    while !common.is_over() {
        pace.tick().await;
        let username = format!("new{client}-{}", NAMES.fetch_add(1, Ordering::Relaxed));
        let email = format!("{username}@example.com");
        let body = json!({ "email": email, "username": username, "password": password(0) });
        match common.post("signup", "", &body).await {
            Some(answer) if answer.status == 201 => {
                common.note(|seen| seen.signed_up.push(email));
            }
            Some(answer) => common.note(|seen| seen.wrong.push(format!("{email}: {answer:?}"))),
            None => {}
        }
    }
}

/// A user whose password contains a counter.
struct Account {
    common: Arc<Common>,
    email: String,
    /// The password that was acknowledged last, or worked since.
    acknowledged: usize,
    /// The newest that was asked for.
    tried: usize,
}

impl Account {
    async fn live(mut self, by_hand: bool) {
        let mut pace = interval(PACE);
        while !self.common.is_over() {
            pace.tick().await;
            let token = self.sign_in().await;
            let answer =
                if by_hand { self.change(&token).await } else { self.forget_and_reset().await };
            if answer.is_some_and(|answer| answer.status == 200) {
                self.acknowledged = self.tried;
            }
        }
        self.sign_in().await;
    }

    /// With the newest password that works, which must not be older than the acknowledged one.
    async fn sign_in(&mut self) -> String {
        let since = Instant::now();
        let mut pace = interval(PACE);
        loop {
            pace.tick().await;
            assert!(since.elapsed() < PATIENCE, "no password of {} works", self.email);
            for number in (0..=self.tried).rev() {
                let body = json!({ "email": self.email, "password": password(number) });
                match self.common.post("signin", "", &body).await {
                    Some(answer) if answer.status == 200 => {
                        let lost = self.acknowledged.saturating_sub(number);
                        self.common.note(|seen| seen.passwords_lost += lost);
                        self.acknowledged = number;
                        return answer.token();
                    }
                    Some(_) => {}
                    // The newest password may work once the service is available.
                    None => break,
                }
            }
        }
    }

    async fn change(&mut self, token: &str) -> Option<Answer> {
        self.tried += 1;
        let (old, new) = (password(self.acknowledged), password(self.tried));
        let body = json!({ "old_password": old, "new_password": new });
        self.common.post("change-password", token, &body).await
    }

    async fn forget_and_reset(&mut self) -> Option<Answer> {
        let mine = |links: &mut BTreeMap<String, String>| links.remove(&self.email);
        self.common.links.send_modify(|links| drop(mine(links)));
        let body = json!({ "email": self.email });
        self.common.post("forgot-password", "", &body).await?;
        let mut links = self.common.links.subscribe();
        let come = links.wait_for(|links| links.contains_key(&self.email));
        let token = timeout(MAIL, come).await.ok()?.unwrap()[&self.email].clone();
        self.tried += 1;
        let body = json!({ "token": token, "new_password": password(self.tried) });
        self.common.post("reset-password", "", &body).await
    }
}
