//! Mails wait in the database until a relay has them: each arrives once, whatever the relay does
//! and whoever is killed, unless its link has died meanwhile.

mod injection;
mod many_mails;
mod many_workers;
mod relays;
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

/// No request waits for a mail; a busy machine may be slow, a relay's deadline is far longer.
async fn at_once(request: impl Future<Output = Answer>) -> Answer {
    let start = Instant::now();
    let answer = request.await;
    let took = start.elapsed();
    assert!(took < Duration::from_secs(2), "a request took {took:?}");
    answer
}

/// Waits until no mail waits.
async fn all_settled(db: &DatabaseConnection) {
    let settled = eventually(PATIENCE, async || waiting(db).await == 0).await;
    assert!(settled, "{} mails still wait", waiting(db).await);
}

async fn waiting(db: &DatabaseConnection) -> i64 {
    count(db, "SELECT count(*) FROM outbox WHERE state = 'queued'").await
}

/// Every `Message-ID` that has come, each once, in the sender's own domain.
fn message_ids(relay: &SmtpSink) -> BTreeSet<String> {
    let ids = relay.messages().into_iter().map(|message| {
        let id = letter(&message.data).header("Message-ID").expect("one Message-ID").to_owned();
        assert!(id.starts_with('<') && id.ends_with("@example.com>"), "{id}");
        id
    });
    ids.collect()
}
