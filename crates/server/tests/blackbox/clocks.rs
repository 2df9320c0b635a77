//! Wrong clocks: what has expired stays expired, and no date causes an error.
//!
//! The clock of a service is set by a fault on purpose, so that these need `fault-injection`.

use crate::database::Database;
use crate::evidence::Experiment;
use crate::on_both_databases;
use crate::service::{Service, Setup};

on_both_databases! {
    a_clock_that_is_wrong_keeps_no_token_alive;
    no_date_is_too_much;
}

const FIRST: &str = "the first password";
const SECOND: &str = "the second password";
const MINUTE: i64 = 60;
const DAY: i64 = 24 * 60 * MINUTE;

async fn a_clock_that_is_wrong_keeps_no_token_alive(database: Database) {
    let title = "Every node refuses a token that has expired by its own clock";
    let mut experiment = Experiment::begin("E23", title, &database);
    let present = Setup::on(database).start().await;
    let token = present.sign_up("anna@example.com", FIRST).await.token();
    let (mut alive, mut refused, mut reset_alive) = (0, 0, 0);
    // Access tokens live a quarter of an hour, links half an hour or so, sessions days.
    for ahead in [16 * MINUTE, 60 * MINUTE, DAY, 8 * DAY, 31 * DAY] {
        let node = beside(&present, ahead).await;
        alive += usize::from(node.me(&token).await.status != 401);
        let link = present.reset_link("anna@example.com").await;
        reset_alive += usize::from(ahead >= 60 * MINUTE && node.verify(&link).await);
        experiment.tried(2);
    }
    // Behind: a token from the future is not believed either, but for a minute that clocks differ.
    for behind in [5 * MINUTE, DAY] {
        let node = beside(&present, -behind).await;
        refused += usize::from(node.me(&token).await.status == 401);
        experiment.tried(1);
    }
    for within in [-30, 30] {
        assert_eq!(beside(&present, within).await.me(&token).await.status, 200, "{within} s");
    }
    experiment.exactly("tokens_accepted_after_their_end", alive, 0);
    experiment.exactly("links_accepted_after_their_end", reset_alive, 0);
    experiment.exactly("tokens_of_the_future_refused", refused, 2);
    experiment.conclude();
}

async fn no_date_is_too_much(database: Database) {
    let title = "A service with a clock years off works, and no date causes a panic";
    let mut experiment = Experiment::begin("E23", title, &database);
    let mut panics = 0;
    // A day and five minutes either way; the ends of 32 bits, signed and not; the last year.
    let year = 365 * DAY;
    let far = [-DAY, -5 * MINUTE, 5 * MINUTE, DAY, 12 * year, 80 * year, 7970 * year];
    for (number, offset) in far.into_iter().enumerate() {
        let fresh = match &database {
            Database::Sqlite => Database::sqlite(),
            Database::Postgres(_) => Database::postgres().await,
        };
        let setup = Setup::on(fresh).with("VESTIBULE_CLOCK_OFFSET", &offset.to_string());
        let service = setup.start().await;
        let email = format!("anna{number}@example.com");
        assert_eq!(service.sign_up(&email, FIRST).await.status, 201, "{offset}");
        let session = service.sign_in(&email, FIRST).await.token();
        assert_eq!(service.me(&session).await.status, 200, "{offset}");
        service.change(&session, FIRST, SECOND).await.is(200, "Password changed successfully");
        let link = service.reset_link(&email).await;
        service.reset(&link, FIRST).await.is(200, "Password reset successfully");
        assert_eq!(service.forget(&email).await.status, 200, "{offset}");
        assert_eq!(service.get("/health/ready").await.status, 200, "{offset}");
        panics += service.log.lines().iter().filter(|line| line.contains("\"panic\"")).count();
        experiment.tried(1);
    }
    experiment.exactly("panics", panics, 0);
    experiment.conclude();
}

/// A node of the same installation whose clock is ahead by so many seconds.
async fn beside(present: &Service, ahead: i64) -> Service {
    present.another_with("VESTIBULE_CLOCK_OFFSET", &ahead.to_string()).await
}
