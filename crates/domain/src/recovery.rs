//! Getting back in without the password: ask for a link, receive it, use it.
//!
//! What the caller waits for is the same for every address. Whether there is an account is found
//! out by the worker, later (decision D4).

use time::{Duration, OffsetDateTime};

use crate::audit::{Doer, EventKind};
use crate::caller::Caller;
use crate::email::EmailAddress;
use crate::error::Error;
use crate::guessable::refuse_guessable;
use crate::id::ResetRequestId;
use crate::limits::Limits;
use crate::mail::{Mail, QueuedMail};
use crate::password::{Password, PasswordError};
use crate::policy::{PasswordPolicy, Policy, ResetPolicy};
use crate::ports::{Action, Ports, StoreError, UnitOfWork, Verdict};
use crate::reset::{PasswordReset, ResetRequest};
use crate::token::SignedToken;
use crate::user::User;

/// Issues and redeems reset links.
pub struct Recovery {
    ports: Ports,
    policy: Policy,
    limits: Limits,
}

/// What a person presents to choose a new password.
pub struct ResetPassword {
    /// The token of the link.
    pub token: String,
    /// The new password, already held against the password policy.
    pub password: Password,
}

impl Recovery {
    /// Wires the use cases.
    pub fn new(ports: Ports, policy: Policy) -> Self {
        let limits = Limits::new(ports.limiter.clone(), policy.limits.clone());
        Self { ports, policy, limits }
    }

    /// Takes note that somebody wants a link; does the same work for every address.
    ///
    /// # Errors
    /// `Throttled` per client, never per address; `Unavailable`, `Internal`.
    pub async fn request(&self, email: &EmailAddress, caller: &Caller) -> Result<(), Error> {
        self.limits.admit_client(Action::RequestReset, caller).await?;
        let now = self.ports.clock.now();
        let request = ResetRequest {
            id: ResetRequestId::generate(now, &*self.ports.random),
            email_key: email.key().clone(),
            requested_at: now,
            caller: caller.clone(),
        };
        self.ports.store.add_reset_request(&request).await?;
        Ok(())
    }

    /// Tells whether a link would work now. Changes nothing, so a mail scanner may ask.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`.
    pub async fn verify(&self, token: &str) -> Result<bool, Error> {
        match self.owner(token).await {
            Ok(_) => Ok(true),
            Err(Error::InvalidToken) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whose password a link would reset now: whoever holds it may know. Changes nothing.
    ///
    /// # Errors
    /// `InvalidToken`, `Unavailable`, `Internal`.
    pub async fn owner(&self, token: &str) -> Result<User, Error> {
        self.find_live(token).await.map(|(_, user)| user)
    }

    /// What a new password has to satisfy.
    pub fn password_policy(&self) -> &PasswordPolicy {
        &self.policy.passwords
    }

    /// How long a link works.
    pub fn link_ttl(&self) -> Duration {
        self.policy.reset.ttl
    }

    /// Sets a new password, ends every session of the account and tells its owner by mail.
    /// Signs nobody in (decision D17).
    ///
    /// # Errors
    /// `Throttled`, `InvalidToken`; `PasswordRefused` when the password is the one in use or would
    /// be guessed first, after which the link stays usable; `Unavailable`, `Internal`.
    pub async fn reset(&self, request: ResetPassword, caller: &Caller) -> Result<(), Error> {
        self.limits.admit_client(Action::SubmitReset, caller).await?;
        let (reset, user) = self.find_live(&request.token).await?;
        let (id, policy) = (reset.user_id, &self.policy.passwords);
        refuse_guessable(&self.ports, policy, &request.password, &user.email, &user.username)?;
        if let Some(current) = self.ports.store.find_password(id).await?
            && self.ports.hasher.verify(&request.password, &current).await? != Verdict::Mismatch
        {
            return Err(Error::PasswordRefused(PasswordError::Reused));
        }
        // Hashing took its time, and of many requests with one link all but one are late by now.
        let (reset, _) = self.find_live(&request.token).await?;
        let hash = self.ports.hasher.hash(&request.password).await?;
        let now = self.ports.clock.now();
        let notice = Mail::PasswordChanged { user_id: id, caller: caller.clone() };

        let mut unit = self.ports.store.begin().await?;
        let spent = unit.spend_reset(reset.id, now).await?.ok_or(Error::InvalidToken)?;
        if !unit.advance_epoch(id, spent.epoch).await? {
            return Err(Error::InvalidToken);
        }
        unit.set_password(id, &hash, now).await?;
        unit.end_sessions(id, now).await?;
        // The new password has been guessed at by nobody yet.
        unit.forget_failures(user.email.key(), None).await?;
        unit.enqueue(&QueuedMail::new(notice, now, &*self.ports.random)).await?;
        let kind = EventKind::PasswordReset;
        unit.record(&self.ports.event(kind, Some(id), Doer::Holder, caller)).await?;
        unit.commit().await?;
        Ok(())
    }

    async fn find_live(&self, token: &str) -> Result<(PasswordReset, User), Error> {
        let Some(claims) = self.ports.reset_tokens.read(token) else {
            return Err(Error::InvalidToken);
        };
        match self.ports.store.find_reset(claims.reset_id).await? {
            Some(found @ (_, _)) if found.0.is_live(&found.1, self.ports.clock.now()) => Ok(found),
            Some(_) | None => Err(Error::InvalidToken),
        }
    }

    /// The worker's half: takes one request, finds out whether there is an account, and if so
    /// issues a link and queues its mail, all at once. Answers `false` when nobody waits.
    ///
    /// # Errors
    /// `Unavailable`, and the request waits on; `Internal`, and the request is dropped, because an
    /// account that cannot be read must not hold up everybody else's.
    pub async fn issue_next(&self) -> Result<bool, Error> {
        let mut unit = self.ports.store.begin().await?;
        let Some(request) = unit.take_reset_request().await? else {
            return Ok(false);
        };
        // Whoever asked so long ago has given up, or asked again; a flood that piled up while no
        // worker ran is not let out on people.
        let is_stale = self.ports.clock.now() - request.requested_at > self.policy.reset.ttl;
        match self.ports.store.find_user_by_email(&request.email_key).await {
            Ok(Some((user, _))) if user.is_active && !is_stale => {
                self.issue_within_limits(&mut *unit, &user, request.caller).await?;
            }
            Ok(_) => {}
            Err(unreadable @ StoreError::Corrupt(_)) => {
                unit.commit().await?;
                return Err(unreadable.into());
            }
            Err(away @ StoreError::Unavailable(_)) => return Err(away.into()),
        }
        unit.commit().await?;
        Ok(true)
    }

    /// Takes one request after the other until nobody waits, at most `limit`.
    ///
    /// # Errors
    /// As [`issue_next`](Self::issue_next); those after the one that failed wait on.
    pub async fn issue_waiting(&self, limit: u32) -> Result<(), Error> {
        for _ in 0..limit {
            if !self.issue_next().await? {
                break;
            }
        }
        Ok(())
    }

    async fn issue_within_limits(
        &self,
        unit: &mut dyn UnitOfWork,
        user: &User,
        caller: Caller,
    ) -> Result<(), Error> {
        let (now, random) = (self.ports.clock.now(), &*self.ports.random);
        let recent = unit.recent_resets(user.id, now - Duration::HOUR).await?;
        if !may_issue(&self.policy.reset, user, &recent, now) {
            return Ok(());
        }
        let kind = EventKind::ResetIssued;
        let event = self.ports.event(kind, Some(user.id), Doer::Holder, &caller);
        let reset = PasswordReset::issue(user, caller, self.policy.reset.ttl, now, random);
        if unit.insert_reset(&reset).await? {
            unit.record(&event).await?;
            let mail = Mail::ResetLink { user_id: user.id, reset_id: reset.id };
            unit.enqueue(&QueuedMail::new(mail, now, random)).await?;
        }
        Ok(())
    }

    /// Issues a link for an administrator to hand over when mail does not work.
    ///
    /// # Errors
    /// `AccountInactive`, `UserNotFound`, `Unavailable`, `Internal`.
    pub async fn issue_by_hand(&self, user: &User) -> Result<SignedToken, Error> {
        if !user.is_active {
            return Err(Error::AccountInactive);
        }
        let (now, random) = (self.ports.clock.now(), &*self.ports.random);
        let ttl = self.policy.reset.ttl;
        let reset = PasswordReset::issue(user, Caller::default(), ttl, now, random);
        let token = self.ports.reset_tokens.issue(&reset.claims())?;
        let mut unit = self.ports.store.begin().await?;
        if !unit.insert_reset(&reset).await? {
            return Err(Error::UserNotFound);
        }
        let (kind, by) = (EventKind::ResetIssued, Doer::Operator);
        unit.record(&self.ports.event(kind, Some(user.id), by, &Caller::default())).await?;
        unit.commit().await?;
        Ok(token)
    }
}

/// Whether another link may be issued, given those of the last hour (decision D5).
///
/// A fresh link stands in the way only as long as it works: one that died of a change of password
/// would leave its owner with nothing.
fn may_issue(
    policy: &ResetPolicy,
    user: &User,
    recent: &[PasswordReset],
    now: OffsetDateTime,
) -> bool {
    let one_still_serves = recent
        .iter()
        .any(|reset| now < reset.issued_at + policy.coalesce && reset.is_live(user, now));
    !one_still_serves && recent.len() < policy.max_per_hour
}

#[cfg(test)]
mod tests;
