//! The loop behind the requests: issues links, sends mails, follows key rotation, cleans up.
//!
//! It looks at a steady pace instead of being woken, so that nothing a request does for one address
//! and not for another moves anybody's answer.

use std::time::Duration;

use std::sync::Arc;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use vestibule_domain::error::Error;
use vestibule_domain::mail::MailFate;
use vestibule_domain::outbox::{Claim, Delivery, Dispatcher};

use crate::app::App;

const PACE: Duration = Duration::from_millis(250);
const CLEAN_UP_EVERY: Duration = Duration::from_hours(1);
const KEYS_EVERY: Duration = Duration::from_secs(1);
/// Mails on their way at a time: one slow relay connection must not hold up the others.
const PARALLEL: usize = 8;
/// How long mails on their way may take once the process is asked to stop.
const LAST_MAILS: Duration = Duration::from_secs(20);

/// Runs until told to stop; mails on their way are finished first.
pub(crate) async fn run(app: &App, stop: CancellationToken) {
    let mut worker = Worker {
        app,
        dispatcher: app.dispatcher().map(Arc::new),
        sending: JoinSet::new(),
        troubled: false,
    };
    let housekeeping = app.housekeeping();
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let start = Instant::now();
    let (mut keys_due, mut clean_up_due) = (start, start);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            now = pace.tick() => {
                if now >= keys_due {
                    keys_due = now + KEYS_EVERY;
                    worker.follow_keys();
                }
                let outcome = worker.turn().await;
                worker.report(outcome);
                if now >= clean_up_due {
                    clean_up_due = now + CLEAN_UP_EVERY;
                    let outcome = housekeeping.run_once().await;
                    worker.report(outcome);
                }
            }
            Some(_) = worker.sending.join_next() => {}
        }
    }
    let finish = async { while worker.sending.join_next().await.is_some() {} };
    if tokio::time::timeout(LAST_MAILS, finish).await.is_err() {
        tracing::warn!("mails on their way were left; they will be sent after the next start");
    }
}

struct Worker<'a> {
    app: &'a App,
    dispatcher: Option<Arc<Dispatcher>>,
    sending: JoinSet<()>,
    troubled: bool,
}

impl Worker<'_> {
    /// Issues every link that waits, then sends as many mails as there is room for.
    async fn turn(&mut self) -> Result<(), Error> {
        while self.app.state.recovery.issue_next().await? {}
        let Some(dispatcher) = self.dispatcher.clone() else {
            return Ok(());
        };
        loop {
            let room = PARALLEL.saturating_sub(self.sending.len());
            if room == 0 {
                return Ok(());
            }
            let claims = dispatcher.claim(u32::try_from(room).unwrap_or(1)).await?;
            if claims.is_empty() {
                return Ok(());
            }
            for claim in claims {
                self.sending.spawn(deliver(dispatcher.clone(), claim));
            }
        }
    }

    fn follow_keys(&self) {
        match self.app.keys.reload_if_changed() {
            Ok(true) => tracing::info!("the token keys have changed and were loaded"),
            Ok(false) => {}
            Err(error) => {
                tracing::error!(%error, "the token keys cannot be loaded; those in memory stay");
            }
        }
    }

    /// A database that is away is reported once, not four times a second.
    fn report(&mut self, outcome: Result<(), Error>) {
        match outcome {
            Ok(()) if self.troubled => {
                self.troubled = false;
                tracing::info!("the worker goes on");
            }
            Err(error) if !self.troubled => {
                self.troubled = true;
                let error = anyhow::Error::from(error);
                tracing::warn!(error = format!("{error:#}"), "the worker has to wait");
            }
            Ok(()) | Err(_) => {}
        }
    }
}

async fn deliver(dispatcher: Arc<Dispatcher>, claim: Claim) {
    match dispatcher.deliver(claim).await {
        Ok(Delivery::Settled(MailFate::Sent)) => tracing::info!("mail sent"),
        Ok(Delivery::Settled(MailFate::Retry { reason, .. })) => {
            tracing::warn!(reason, "mail could not be sent and will be tried again");
        }
        Ok(Delivery::Settled(MailFate::Failed { reason })) => {
            tracing::error!(reason, "mail could not be sent");
        }
        Ok(Delivery::Settled(MailFate::Withdrawn)) => {
            tracing::info!("mail withdrawn: its link or its account is gone");
        }
        Ok(Delivery::LeftToOthers) => tracing::debug!("mail left to another worker"),
        Err(error) => {
            let error = anyhow::Error::from(error);
            tracing::warn!(error = format!("{error:#}"), "a mail's fate could not be recorded");
        }
    }
}
