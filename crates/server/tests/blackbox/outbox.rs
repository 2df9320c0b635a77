//! The outbox: each mail is delivered once, even if the SMTP server fails or a worker is killed. A
//! mail whose link became invalid in the queue is not sent.

mod injection;
mod many_mails;
mod many_workers;
mod smtp_servers;
mod workers;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use sea_orm::DatabaseConnection;
use vestibule_testkit::smtp::SmtpSink;
use vestibule_testkit::smtp::parse::letter;

use crate::database::count;
use crate::people::{Answer, PATIENCE};
use crate::service::eventually;

const PASSWORD: &str = "the password so far";

/// Asserts that a request does not wait for a mail. The limit leaves room for a busy machine; the
/// timeout of an SMTP server is far longer.
async fn at_once(request: impl Future<Output = Answer>) -> Answer {
    let start = Instant::now();
    let answer = request.await;
    let took = start.elapsed();
    assert!(took < Duration::from_secs(2), "a request took {took:?}");
    answer
}

/// Waits until no mail is queued.
async fn all_settled(db: &DatabaseConnection) {
    let settled = eventually(PATIENCE, async || waiting(db).await == 0).await;
    assert!(settled, "{} mails still wait", waiting(db).await);
}

async fn waiting(db: &DatabaseConnection) -> i64 {
    count(db, "SELECT count(*) FROM outbox WHERE state = 'queued'").await
}

/// The distinct `Message-ID`s received. Asserts that each has the domain of the sender.
fn message_ids(smtp: &SmtpSink) -> BTreeSet<String> {
    let ids = smtp.messages().into_iter().map(|message| {
        let id = letter(&message.data).header("Message-ID").expect("one Message-ID").to_owned();
        assert!(id.starts_with('<') && id.ends_with("@example.com>"), "{id}");
        id
    });
    ids.collect()
}
