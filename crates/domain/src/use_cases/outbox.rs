//! Delivery of queued mails: claim, compose, send, store the result.
//!
//! Delivery is at least once: a mail whose acknowledgement was lost is sent again with the same
//! `Message-ID`. No unit of work is open while a mail is sent.

use std::sync::Arc;

use time::Duration;

use crate::error::{Error, chain};
use crate::model::id::{LeaseId, MailId};
use crate::model::mail::{Content, Lease, Mail, MailFate, Message, QueuedMail};
use crate::model::policy::OutboxPolicy;
use crate::ports::{MailError, Mailer, Ports, Random};

/// Maximum length of the stored error of a mail, in characters.
const MAX_REASON: usize = 300;

/// Delivers queued mails.
pub struct Dispatcher {
    ports: Ports,
    mailer: Arc<dyn Mailer>,
    policy: OutboxPolicy,
}

/// A mail that this worker has a lease on.
#[derive(Debug)]
pub struct Claim {
    queued: QueuedMail,
    lease: Lease,
}

impl Claim {
    /// The claimed mail.
    pub fn mail_id(&self) -> MailId {
        self.queued.id
    }
}

/// The outcome of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Settled with this delivery result.
    Settled(MailFate),
    /// Not settled, because the rest of the lease was too short, or another worker claimed the mail.
    LeftToOthers,
}

impl Dispatcher {
    /// Creates the dispatcher.
    pub fn new(ports: Ports, mailer: Arc<dyn Mailer>, policy: OutboxPolicy) -> Self {
        Self { ports, mailer, policy }
    }

    /// Claims at most `limit` due mails, the longest overdue first.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`.
    pub async fn claim(&self, limit: u32) -> Result<Vec<Claim>, Error> {
        let now = self.ports.clock.now();
        let lease = Lease {
            id: LeaseId::generate(now, &*self.ports.random),
            until: now + self.policy.lease,
        };
        let mut unit = self.ports.store.begin().await?;
        let queued = unit.claim_mails(now, lease, limit).await?;
        unit.commit().await?;
        Ok(queued.into_iter().map(|queued| Claim { queued, lease }).collect())
    }

    /// Sends a claimed mail and stores the delivery result.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`. The lease then expires, and the mail is claimed again.
    pub async fn deliver(&self, claim: Claim) -> Result<Delivery, Error> {
        let Claim { queued, lease } = claim;
        if lease.until - self.ports.clock.now() < self.policy.min_lease {
            return Ok(Delivery::LeftToOthers);
        }
        let fate = match self.compose(&queued).await {
            Ok(None) => MailFate::Withdrawn,
            Ok(Some(message)) => match self.mailer.send(&message).await {
                Ok(_) => MailFate::Sent,
                Err(error) => self.fate_of(&queued, &error),
            },
            // The mail cannot be composed: it is retried, and fails in the end, like one that cannot be
            // delivered.
            Err(Error::Internal(cause)) => self.fate_of(&queued, &MailError::Transient(cause)),
            Err(error) => return Err(error),
        };
        let now = self.ports.clock.now();
        let mut unit = self.ports.store.begin().await?;
        if !unit.settle_mail(queued.id, lease.id, &fate, now).await? {
            return Ok(Delivery::LeftToOthers);
        }
        unit.commit().await?;
        Ok(Delivery::Settled(fate))
    }

    /// Claims mails and delivers them one after the other; for tests and embedders without a worker.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`.
    pub async fn run_once(&self) -> Result<Vec<Delivery>, Error> {
        let mut deliveries = Vec::new();
        for claim in self.claim(16).await? {
            deliveries.push(self.deliver(claim).await?);
        }
        Ok(deliveries)
    }

    /// Composes the message, and signs its link; returns `None` if the user or link is gone.
    async fn compose(&self, queued: &QueuedMail) -> Result<Option<Message>, Error> {
        let (store, at) = (&self.ports.store, queued.queued_at);
        let (user, content) = match &queued.mail {
            Mail::Welcome { user_id } => (store.find_user(*user_id).await?, Content::Welcome),
            Mail::PasswordChanged { user_id, client } => {
                let content = Content::PasswordChanged { changed_at: at, client: client.clone() };
                (store.find_user(*user_id).await?, content)
            }
            Mail::PasswordDisabled { user_id, client } => {
                let content = Content::PasswordDisabled { at, client: client.clone() };
                (store.find_user(*user_id).await?, content)
            }
            Mail::SignInAfterFailures { user_id, client } => {
                let content = Content::SignInAfterFailures { at, client: client.clone() };
                (store.find_user(*user_id).await?, content)
            }
            Mail::RefreshTokenReused { user_id, client } => {
                let content = Content::RefreshTokenReused { at, client: client.clone() };
                (store.find_user(*user_id).await?, content)
            }
            Mail::ResetLink { reset_id, .. } => {
                let Some((reset, user)) = store.find_reset(*reset_id).await? else {
                    return Ok(None);
                };
                if !reset.is_live(&user, self.ports.clock.now()) {
                    return Ok(None);
                }
                let token = self.ports.reset_tokens.issue(&reset.claims())?;
                let content = Content::ResetLink {
                    token,
                    requested_at: reset.issued_at,
                    expires_at: reset.expires_at,
                    client: reset.client,
                };
                (Some(user), content)
            }
        };
        Ok(user.map(|user| Message {
            id: queued.id,
            to: user.email,
            language: user.language.unwrap_or_default(),
            written_at: at,
            content,
        }))
    }

    fn fate_of(&self, queued: &QueuedMail, error: &MailError) -> MailFate {
        let (permanent, source) = match error {
            MailError::Permanent(source) => (true, source),
            MailError::Transient(source) => (false, source),
        };
        let reason: String = chain(&**source).chars().take(MAX_REASON).collect();
        let now = self.ports.clock.now();
        if permanent || now - queued.queued_at >= self.policy.give_up_after {
            return MailFate::Failed { reason };
        }
        let pause = pause_after(&self.policy, queued.attempts, &*self.ports.random);
        MailFate::Retry { at: now + pause, reason }
    }
}

/// Returns the delay before the next attempt: doubles up to a maximum, with jitter of up to a fifth.
fn pause_after(policy: &OutboxPolicy, attempts: u32, random: &dyn Random) -> Duration {
    let doublings = attempts.saturating_sub(1).min(20);
    let pause = (policy.first_retry * 2_i32.pow(doublings)).min(policy.max_retry);
    let mut dice = [0];
    random.fill(&mut dice);
    pause - pause * f64::from(dice[0]) / (255.0 * 5.0)
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;
    use crate::fixtures::{CountingRandom, a_user};
    use crate::model::client::ClientInfo;
    use crate::model::password_reset::PasswordReset;
    use crate::model::user::User;
    use crate::ports::mocks::{MockUnit, Scene};
    use crate::ports::{MockMailer, Receipt};

    fn a_claim(scene_now: OffsetDateTime, mail: Mail) -> Claim {
        let random = CountingRandom::default();
        let id = MailId::generate(scene_now, &random);
        let lease = Lease {
            id: LeaseId::generate(scene_now, &random),
            until: scene_now + OutboxPolicy::default().lease,
        };
        Claim { queued: QueuedMail { id, mail, queued_at: scene_now, attempts: 1 }, lease }
    }

    fn welcome() -> Mail {
        Mail::Welcome { user_id: a_user().id }
    }

    fn settles(scene: &mut Scene, expected: fn(&MailFate) -> bool) {
        let mut unit = MockUnit::new();
        unit.expect_settle_mail()
            .once()
            .withf(move |_, _, fate, _| expected(fate))
            .returning(|_, _, _, _| Ok(true));
        unit.expect_commit().once().returning(|| Ok(()));
        scene.opens(unit);
    }

    async fn deliver(scene: Scene, mailer: MockMailer, claim: Claim) -> Delivery {
        let policy = OutboxPolicy::default();
        let dispatcher = Dispatcher::new(scene.ports(), Arc::new(mailer), policy);
        dispatcher.deliver(claim).await.unwrap()
    }

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    #[tokio::test]
    async fn a_mail_is_sent_exactly_once_and_settled() {
        let mut scene = Scene::default();
        scene.store.expect_find_user().returning(|_| Ok(Some(a_user())));
        settles(&mut scene, |fate| *fate == MailFate::Sent);
        let mut mailer = MockMailer::new();
        let receipt = || Ok(Receipt { reply: "250".to_owned() });
        mailer.expect_send().once().returning(move |_| receipt());
        let delivery = deliver(scene, mailer, a_claim(NOW, welcome())).await;
        assert_eq!(delivery, Delivery::Settled(MailFate::Sent));
    }

    #[tokio::test]
    async fn a_permanent_failure_is_not_tried_again() {
        let mut scene = Scene::default();
        scene.store.expect_find_user().returning(|_| Ok(Some(a_user())));
        settles(&mut scene, |fate| matches!(fate, MailFate::Failed { .. }));
        let mut mailer = MockMailer::new();
        let refused = || Err(MailError::Permanent("550 no such user".into()));
        mailer.expect_send().once().returning(move |_| refused());
        deliver(scene, mailer, a_claim(NOW, welcome())).await;
    }

    #[tokio::test]
    async fn a_transient_failure_is_retried_for_days() {
        for (age, gives_up) in [(Duration::ZERO, false), (Duration::days(2), true)] {
            let mut scene = Scene::default();
            scene.store.expect_find_user().returning(|_| Ok(Some(a_user())));
            let mut claim = a_claim(NOW, welcome());
            claim.queued.queued_at = NOW - age;
            if gives_up {
                settles(&mut scene, |fate| matches!(fate, MailFate::Failed { .. }));
            } else {
                settles(&mut scene, |fate| matches!(fate, MailFate::Retry { at, .. } if *at > NOW));
            }
            let mut mailer = MockMailer::new();
            let away = || Err(MailError::Transient("connection refused".into()));
            mailer.expect_send().once().returning(move |_| away());
            deliver(scene, mailer, claim).await;
        }
    }

    #[tokio::test]
    async fn a_link_invalidated_in_the_outbox_is_never_signed_or_sent() {
        let mut scene = Scene::default();
        let user = a_user();
        let reset = PasswordReset::issue(
            &user,
            ClientInfo::default(),
            Duration::minutes(30),
            NOW,
            &CountingRandom::default(),
        );
        let mail = Mail::ResetLink { user_id: user.id, reset_id: reset.id };
        let moved_on = User { credentials_version: user.credentials_version.next(), ..user };
        scene
            .store
            .expect_find_reset()
            .returning(move |_| Ok(Some((reset.clone(), moved_on.clone()))));
        scene.reset_tokens.expect_issue().never();
        settles(&mut scene, |fate| *fate == MailFate::Withdrawn);
        let mut mailer = MockMailer::new();
        mailer.expect_send().never();
        deliver(scene, mailer, a_claim(NOW, mail)).await;
    }

    #[tokio::test]
    async fn a_worker_with_an_expired_lease_does_not_send() {
        let mut mailer = MockMailer::new();
        mailer.expect_send().never();
        let late = a_claim(NOW - Duration::minutes(2), welcome());
        let delivery = deliver(Scene::default(), mailer, late).await;
        assert_eq!(delivery, Delivery::LeftToOthers);
    }

    #[test]
    fn retry_delays_double_up_to_a_limit() {
        let policy = OutboxPolicy::default();
        let pause = |attempts| pause_after(&policy, attempts, &CountingRandom::default());
        assert!(pause(1) <= Duration::SECOND && pause(1) > Duration::milliseconds(799));
        assert!(pause(3) > Duration::seconds(3) && pause(3) <= Duration::seconds(4));
        assert!(pause(u32::MAX) <= policy.max_retry);
        assert!(pause(u32::MAX) > policy.max_retry / 2);
    }
}
