//! Parity of the databases: the same requests get the same responses on both.

use serde_json::{Value, json};
use vestibule_testkit::smtp::{Behaviour, SmtpSink};

use crate::database::Database;
use crate::evidence::{Dice, Experiment};
use crate::people::RESET;
use crate::service::{Service, Setup, eventually};
use crate::wire::{Draft, Raw};

/// Local parts that a database could confuse with each other or mishandle.
const NAMES: [&str; 12] = [
    "anna",
    "Anna",
    "änna",
    "ÄNNA",
    "bücher",
    "BÜCHER",
    "straße",
    "strasse",
    "ıstanbul",
    "a'b",
    "a%b",
    "a_b",
];
/// Usernames, unique without regard to case. Most get a number, so that they are not taken soon.
const USERNAMES: [&str; 6] = ["anna", "Anna", "ANNA", "a.b", "a_b", "a'b"];
const HOSTS: [&str; 6] =
    ["example.com", "EXAMPLE.com", "bücher.example", "xn--bcher-kva.example", "exämple.com", "x y"];
const PASSWORDS: [&str; 6] = [
    "the first password",
    "the second password",
    "a\0password with a nul",
    "pässword in umlauts",
    "pa\u{308}ssword in umlauts",
    "short",
];

/// A step of a user, without values that only one of the services has issued.
#[derive(Clone, Debug)]
enum Step {
    SignUp { email: String, username: String, password: &'static str },
    SignIn { email: String, password: &'static str },
    Me { session: u64 },
    Change { session: u64, old: &'static str, new: &'static str },
    Forget { email: String },
    Verify { link: u64 },
    Reset { link: u64, password: &'static str },
}

/// One of the two services, with the tokens it has issued so far.
struct Side {
    service: Service,
    smtp: SmtpSink,
    sessions: Vec<String>,
    links: Vec<String>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_databases_give_the_same_answers_sqlite_and_postgres() {
    let title = "Random requests get the same responses on SQLite and PostgreSQL";
    let both = Database::postgres().await;
    let mut experiment = Experiment::begin("E26", title, &both);
    experiment.on("both");
    let steps = experiment.figure("steps", 200, 5000);
    let mut dice = experiment.dice();
    let mut sides = [Side::start(Database::sqlite()).await, Side::start(both).await];
    let (mut different, mut statuses) = (0, std::collections::BTreeMap::<String, usize>::new());
    for number in 0..steps {
        let step = Step::choose(&mut dice);
        let mut answers = Vec::new();
        for side in &mut sides {
            answers.push(side.take(&step).await);
        }
        *statuses.entry(answers[0].0.to_string()).or_default() += 1;
        if answers[0] != answers[1] {
            eprintln!("step {number}, {step:?}: {answers:#?}");
            different += 1;
        }
    }
    let mut users = Vec::new();
    for side in &sides {
        users.push(side.users().await);
    }
    experiment.tried(steps);
    experiment.measure("answers", json!(statuses));
    experiment.measure("users", users[0].len());
    experiment.exactly("answers_that_differ", different, 0);
    experiment.exactly("users_are_the_same", users[0] == users[1], true);
    experiment.conclude();
}

impl Step {
    fn choose(dice: &mut Dice) -> Self {
        let email = format!("{}@{}", dice.pick(&NAMES), dice.pick(&HOSTS));
        let password = *dice.pick(&PASSWORDS);
        let other = *dice.pick(&PASSWORDS);
        let username = format!("{}{}", dice.pick(&USERNAMES), dice.below(40));
        let session = dice.below(1 << 20);
        match dice.below(20) {
            0..7 => Self::SignUp { email, username, password },
            7..12 => Self::SignIn { email, password },
            12..14 => Self::Me { session },
            14..16 => Self::Change { session, old: password, new: other },
            16 => Self::Forget { email },
            17 => Self::Verify { link: session },
            _ => Self::Reset { link: session, password },
        }
    }

    fn draft(&self, side: &Side) -> Draft {
        let of = |all: &[String], number: u64| {
            let count = u64::try_from(all.len().max(1)).unwrap();
            all.get(usize::try_from(number % count).unwrap()).cloned().unwrap_or_default()
        };
        let post = |path: &str, body: Value| Draft::json(path, body.to_string());
        match self {
            Self::SignUp { email, username, password } => {
                let body = json!({ "email": email, "username": username, "password": password });
                post("/api/v1/auth/signup", body)
            }
            Self::SignIn { email, password } => {
                post("/api/v1/auth/signin", json!({ "email": email, "password": password }))
            }
            Self::Me { session } => {
                Draft::new("GET", "/api/v1/auth/me").bearing(&of(&side.sessions, *session))
            }
            Self::Change { session, old, new } => {
                let body = json!({ "old_password": old, "new_password": new });
                let session = of(&side.sessions, *session);
                post("/api/v1/auth/change-password", body).bearing(&session)
            }
            Self::Forget { email } => {
                post("/api/v1/auth/forgot-password", json!({ "email": email }))
            }
            Self::Verify { link } => {
                let token = of(&side.links, *link);
                Draft::new("GET", format!("/password-reset/verify?token={token}"))
            }
            Self::Reset { link, password } => {
                let body = json!({ "token": of(&side.links, *link), "new_password": password });
                post("/api/v1/auth/reset-password", body)
            }
        }
    }
}

impl Side {
    async fn start(database: Database) -> Self {
        let smtp = SmtpSink::start(Behaviour::accept()).await;
        let service = Setup::on(database).mailing_to(&smtp).start().await;
        Self { service, smtp, sessions: Vec::new(), links: Vec::new() }
    }

    /// Takes a step. Returns status and body, without values that are new each time.
    async fn take(&mut self, step: &Step) -> (u16, Value) {
        let raw = self.service.raw(&step.draft(self)).await;
        assert!(raw.status < 500, "{step:?}: {raw:?}");
        if let Some(token) = token(&raw) {
            self.sessions.push(token);
        }
        if let Step::Forget { .. } = step {
            self.wait_for_the_link().await;
        }
        let body = if raw.body.is_empty() { Value::Null } else { raw.json() };
        (raw.status, without_news(body))
    }

    /// Waits until the reset request has been processed and its mail, if any, has arrived.
    async fn wait_for_the_link(&mut self) {
        let db = self.service.database().await;
        let nothing = "SELECT (SELECT count(*) FROM reset_requests) + \
                       (SELECT count(*) FROM outbox WHERE state = 'queued')";
        let done = async || crate::database::count(&db, nothing).await == 0;
        assert!(eventually(crate::people::PATIENCE, done).await);
        db.close().await.unwrap();
        let mut links = Vec::new();
        for message in self.smtp.messages() {
            let letter = vestibule_testkit::smtp::parse::letter(&message.data);
            if letter.subject == RESET {
                links.push(letter.token().unwrap().to_owned());
            }
        }
        self.links = links;
    }

    /// All users in the list for administrators.
    async fn users(&self) -> Vec<(Value, Value, Value)> {
        let listed = self.service.run(&["user", "list", "--json"]).await;
        let listed: Vec<Value> = match serde_json::from_str(&listed) {
            Ok(Value::Array(users)) => users,
            _ => listed.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
        };
        let user = |user: &Value| {
            (user["email"].clone(), user["username"].clone(), user["is_active"].clone())
        };
        let mut users: Vec<_> = listed.iter().map(user).collect();
        users.sort_by_key(|user| user.0.to_string());
        users
    }
}

fn token(raw: &Raw) -> Option<String> {
    let is_success = (200..300).contains(&raw.status) && !raw.body.is_empty();
    is_success.then(|| raw.json()["access_token"].as_str().map(str::to_owned)).flatten()
}

/// A body without IDs, times, tokens and the request ID.
fn without_news(mut body: Value) -> Value {
    match &mut body {
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                let is_new = matches!(name.as_str(), "id")
                    || name.ends_with("_token")
                    || name.ends_with("_id")
                    || name.ends_with("_at");
                *value = if is_new { Value::Null } else { without_news(value.take()) };
            }
            body
        }
        _ => body,
    }
}
