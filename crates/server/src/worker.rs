//! The loops behind the requests: one issues links, sends mails and cleans up, one follows key
//! rotation.
//!
//! They look at a steady pace instead of being woken, so that nothing a request does for one address
//! and not for another moves anybody's answer.

use std::time::Duration;

use std::sync::Arc;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::field::Empty;
use tracing::{Instrument, Span};
use vestibule_domain::error::{Error, chain};
use vestibule_domain::mail::MailFate;
use vestibule_domain::outbox::{Claim, Delivery, Dispatcher};
use vestibule_domain::ports::Mailer;

use crate::app::App;
use crate::{metrics, traces};

const PACE: Duration = Duration::from_millis(250);
const CLEAN_UP_EVERY: Duration = Duration::from_hours(1);
/// Links issued before mails get their turn.
const LINKS_A_TURN: u32 = 64;
const KEYS_EVERY: Duration = Duration::from_secs(1);
/// Mails on their way at a time: one slow relay connection must not hold up the others.
const PARALLEL: usize = 8;
/// How long mails on their way may take once the process is asked to stop.
const LAST_MAILS: Duration = Duration::from_secs(20);

/// Runs until told to stop; mails on their way are finished first.
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
        // Whatever a turn is waiting for, the end comes first: a unit that is dropped is discarded.
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
        tracing::warn!("mails on their way were left; they will be sent after the next start");
    }
}

/// Loads the token keys again whenever their files change, until told to stop.
pub(crate) async fn follow_keys(app: &App, stop: CancellationToken) {
    let mut pace = interval(KEYS_EVERY);
    let mut troubled = false;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = pace.tick() => {}
        }
        match app.keys.reload_if_changed() {
            Ok(true) => tracing::info!("the token keys have changed and were loaded"),
            Ok(false) => troubled = false,
            // Reported once, not every second.
            Err(_) if troubled => {}
            Err(error) => {
                troubled = true;
                tracing::error!(
                    error = chain(&error),
                    "the token keys cannot be loaded; those in memory stay"
                );
            }
        }
    }
}

/// What there is to do.
#[derive(Clone, Copy)]
enum Turn {
    /// It is time: look for everything.
    Full(Instant),
    /// A mail has left and made room: fill it if more are known to wait.
    Refill,
}

struct Worker<'a> {
    app: &'a App,
    /// The way mail goes, and who sends by it.
    way: Option<(Arc<dyn Mailer>, Arc<Dispatcher>)>,
    sending: JoinSet<Option<Delivery>>,
    /// Whether the last claim took all there was room for, so that more may wait.
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

    /// Issues the links that wait, a bounded number, so that mails get their turn.
    async fn issue(&self) -> Result<(), Error> {
        self.app.state.recovery.issue_waiting(LINKS_A_TURN).await
    }

    /// Takes the way mail goes now: an administrator may have changed it, here or on another node.
    async fn find_way(&mut self) -> Result<(), Error> {
        let mailer = match self.app.mail_setup.mailer().await {
            Ok(mailer) => mailer,
            // The database is away for a moment: what was right before still is.
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
                    tracing::info!("mail goes another way now");
                }
                let dispatcher = Arc::new(self.app.dispatcher(new.clone()));
                self.way = Some((new, dispatcher));
            }
            (None, _) => self.way = None,
        }
        Ok(())
    }

    /// Sends as many mails as there is room for.
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

    /// A mail has left, or has not.
    fn note(&self, sent: Result<Option<Delivery>, JoinError>) {
        match sent {
            Ok(Some(delivery)) => self.app.note_mail(&delivery),
            Ok(None) => {}
            Err(error) => {
                tracing::error!(%error, "a mail was lost sight of; its lease will run out");
            }
        }
    }

    /// A database that is away is reported once, not four times a second.
    fn report(&mut self, outcome: Result<(), Error>) {
        self.app.note_worker(outcome.is_err());
        match outcome {
            Ok(()) if self.troubled => {
                self.troubled = false;
                tracing::info!("the worker goes on");
            }
            Err(error) if !self.troubled => {
                self.troubled = true;
                tracing::warn!(error = chain(&error), "the worker has to wait");
            }
            Ok(()) | Err(_) => {}
        }
    }
}

/// Sends a mail and says what became of it; `None` if that could not be recorded.
async fn deliver(dispatcher: Arc<Dispatcher>, claim: Claim, trace: Span) -> Option<Delivery> {
    let delivery = match dispatcher.deliver(claim).await {
        Ok(delivery) => delivery,
        Err(error) => {
            tracing::warn!(error = chain(&error), "a mail's fate could not be recorded");
            trace.record("otel.status_code", "error");
            return None;
        }
    };
    match &delivery {
        Delivery::Settled(MailFate::Sent) => tracing::info!("mail sent"),
        Delivery::Settled(MailFate::Retry { reason, .. }) => {
            tracing::warn!(reason, "mail could not be sent and will be tried again");
        }
        Delivery::Settled(MailFate::Failed { reason }) => {
            tracing::error!(reason, "mail could not be sent");
        }
        Delivery::Settled(MailFate::Withdrawn) => {
            tracing::info!("mail withdrawn: its link or its account is gone");
        }
        Delivery::LeftToOthers => tracing::debug!("mail left to another worker"),
    }
    trace.record("vestibule.outcome", metrics::outcome_of(&delivery));
    Some(delivery)
}
