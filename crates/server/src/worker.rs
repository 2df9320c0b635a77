//! The background loops: one issues reset links, sends mails and deletes old rows, one reloads token
//! keys.
//!
//! They poll at a steady pace instead of being notified, so that the time of a response does not
//! reveal if an address has an account.

use std::time::Duration;

use std::sync::Arc;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::field::Empty;
use tracing::{Instrument, Span};
use vestibule_domain::error::{Error, chain};
use vestibule_domain::model::mail::MailFate;
use vestibule_domain::ports::Mailer;
use vestibule_domain::use_cases::outbox::{Claim, Delivery, Dispatcher};

use crate::app::App;
use crate::{metrics, traces};

const PACE: Duration = Duration::from_millis(250);
const CLEAN_UP_EVERY: Duration = Duration::from_hours(1);
/// Maximum number of reset links per turn, before mails.
const LINKS_A_TURN: u32 = 64;
const KEYS_EVERY: Duration = Duration::from_secs(1);
/// Number of concurrent deliveries, so that a slow connection does not block the others.
const PARALLEL: usize = 8;
/// Time for deliveries in progress at shutdown.
const LAST_MAILS: Duration = Duration::from_secs(20);

/// Runs until shutdown, and finishes deliveries in progress.
pub(crate) async fn run(app: &App, stop: CancellationToken) {
    let mut worker =
        Worker { app, way: None, sending: JoinSet::new(), backlog: false, troubled: false };
    let housekeeping = app.housekeeping();
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut clean_up_due = Instant::now();
    loop {
        let turn = tokio::select! {
            () = stop.cancelled() => break,
            now = pace.tick() => Turn::Full(now),
            Some(sent) = worker.sending.join_next() => {
                worker.note(sent);
                Turn::Refill
            }
        };
        // Shutdown interrupts a turn at any point: a dropped unit of work is rolled back.
        tokio::select! {
            () = stop.cancelled() => break,
            outcome = worker.turn(turn) => worker.report(outcome),
        }
        if let Turn::Full(now) = turn
            && now >= clean_up_due
        {
            clean_up_due = now + CLEAN_UP_EVERY;
            tokio::select! {
                () = stop.cancelled() => break,
                outcome = housekeeping.run_once() => worker.report(outcome),
            }
        }
    }
    let finish = async {
        while let Some(sent) = worker.sending.join_next().await {
            worker.note(sent);
        }
    };
    if tokio::time::timeout(LAST_MAILS, finish).await.is_err() {
        tracing::warn!("stopped during delivery; these mails are sent after the next start");
    }
}

/// Reloads the token keys when their files change, until shutdown.
pub(crate) async fn follow_keys(app: &App, stop: CancellationToken) {
    let mut pace = interval(KEYS_EVERY);
    let mut troubled = false;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = pace.tick() => {}
        }
        match app.keys.reload_if_changed() {
            Ok(true) => tracing::info!("token keys reloaded"),
            Ok(false) => troubled = false,
            // Logged once, not every second.
            Err(_) if troubled => {}
            Err(error) => {
                troubled = true;
                tracing::error!(
                    error = chain(&error),
                    "reloading the token keys failed, keeping the loaded ones"
                );
            }
        }
    }
}

/// The next task of the worker.
#[derive(Clone, Copy)]
enum Turn {
    /// The interval has passed: check everything.
    Full(Instant),
    /// A delivery has finished: claim another mail if more are waiting.
    Refill,
}

struct Worker<'a> {
    app: &'a App,
    /// The current mailer and its dispatcher.
    way: Option<(Arc<dyn Mailer>, Arc<Dispatcher>)>,
    sending: JoinSet<Option<Delivery>>,
    /// `true` if the last claim was full, so that more mails may be waiting.
    backlog: bool,
    troubled: bool,
}

impl Worker<'_> {
    async fn turn(&mut self, turn: Turn) -> Result<(), Error> {
        match turn {
            Turn::Full(_) => {
                let issued = self.issue().await;
                let way = self.find_way().await;
                let sent = self.send().await;
                issued.and(way).and(sent)
            }
            Turn::Refill if self.backlog => self.send().await,
            Turn::Refill => Ok(()),
        }
    }

    /// Issues waiting reset links, up to a maximum, so that mails get their turn.
    async fn issue(&self) -> Result<(), Error> {
        self.app.state.recovery.issue_waiting(LINKS_A_TURN).await
    }

    /// Gets the current mailer, because an administrator may have saved other settings on any node.
    async fn find_way(&mut self) -> Result<(), Error> {
        let mailer = match self.app.smtp.mailer().await {
            Ok(mailer) => mailer,
            // The database is unavailable: keep the mailer.
            Err(error @ Error::Unavailable(_)) => return Err(error),
            Err(error) => {
                self.way = None;
                return Err(error);
            }
        };
        let known = self.way.as_ref().map(|(mailer, _)| mailer);
        match (mailer, known) {
            (Some(new), Some(known)) if Arc::ptr_eq(&new, known) => {}
            (Some(new), known) => {
                if known.is_some() {
                    tracing::info!("SMTP settings changed");
                }
                let dispatcher = Arc::new(self.app.dispatcher(new.clone()));
                self.way = Some((new, dispatcher));
            }
            (None, _) => self.way = None,
        }
        Ok(())
    }

    /// Starts as many deliveries as there is room for.
    async fn send(&mut self) -> Result<(), Error> {
        let Some((_, dispatcher)) = self.way.clone() else { return Ok(()) };
        let room = PARALLEL.saturating_sub(self.sending.len());
        if room == 0 {
            return Ok(());
        }
        let claims = dispatcher.claim(u32::try_from(room).unwrap_or(1)).await?;
        self.backlog = claims.len() == room;
        for claim in claims {
            let mail_id = claim.mail_id();
            let trace = tracing::info_span!(
                target: traces::TARGET,
                parent: None,
                "mail",
                otel.kind = "consumer",
                otel.status_code = Empty,
                vestibule.mail_id = %mail_id,
                vestibule.outcome = Empty,
            );
            let ids = traces::ids(&trace);
            let lines = tracing::info_span!(
                "mail",
                %mail_id,
                trace_id = ids.as_ref().map(|ids| &*ids.trace_id),
                span_id = ids.as_ref().map(|ids| &*ids.span_id),
            );
            let delivery = deliver(dispatcher.clone(), claim, trace.clone());
            self.sending.spawn(delivery.instrument(lines).instrument(trace));
        }
        Ok(())
    }

    /// Handles the result of a delivery task.
    fn note(&self, sent: Result<Option<Delivery>, JoinError>) {
        match sent {
            Ok(Some(delivery)) => self.app.count_delivery(&delivery),
            Ok(None) => {}
            Err(error) => {
                tracing::error!(%error, "mail lease lost");
            }
        }
    }

    /// Logs a lasting problem, such as an unavailable database, once and not four times a second.
    fn report(&mut self, outcome: Result<(), Error>) {
        self.app.set_worker_state(outcome.is_err());
        match outcome {
            Ok(()) if self.troubled => {
                self.troubled = false;
                tracing::info!("worker running again");
            }
            Err(error) if !self.troubled => {
                self.troubled = true;
                let cause = chain(&error);
                if matches!(error, Error::Unavailable(_)) {
                    tracing::warn!(error = cause, "database unavailable, retrying");
                } else {
                    tracing::warn!(error = cause, "worker error, retrying");
                }
            }
            Ok(()) | Err(_) => {}
        }
    }
}

/// Delivers a mail and logs the result; returns `None` if the result was not stored.
async fn deliver(dispatcher: Arc<Dispatcher>, claim: Claim, trace: Span) -> Option<Delivery> {
    let delivery = match dispatcher.deliver(claim).await {
        Ok(delivery) => delivery,
        Err(error) => {
            tracing::warn!(error = chain(&error), "delivery result could not be stored");
            trace.record("otel.status_code", "error");
            return None;
        }
    };
    match &delivery {
        Delivery::Settled(MailFate::Sent) => tracing::info!("mail sent"),
        Delivery::Settled(MailFate::Retry { reason, .. }) => {
            tracing::warn!(reason, "mail could not be sent, will retry");
        }
        Delivery::Settled(MailFate::Failed { reason }) => {
            tracing::error!(reason, "mail could not be sent");
        }
        Delivery::Settled(MailFate::Withdrawn) => {
            tracing::info!("mail withdrawn: its link or account is no longer valid");
        }
        Delivery::LeftToOthers => tracing::debug!("mail left to another worker"),
    }
    trace.record("vestibule.outcome", metrics::outcome_of(&delivery));
    Some(delivery)
}
