//! Password recovery: request a reset link, verify it, and reset the password.
//!
//! A request does the same work for each address. The worker looks up the account later
//! (decision 0019).

use time::{Duration, OffsetDateTime};

use crate::error::Error;
use crate::model::audit::{Actor, AuditAction};
use crate::model::claims::SignedToken;
use crate::model::client::ClientInfo;
use crate::model::email::EmailAddress;
use crate::model::id::ResetRequestId;
use crate::model::mail::{Mail, QueuedMail};
use crate::model::password::{Password, PasswordError};
use crate::model::password_reset::{PasswordReset, ResetRequest};
use crate::model::policy::{PasswordPolicy, Policy, ResetPolicy};
use crate::model::user::User;
use crate::ports::{Action, Ports, StoreError, UnitOfWork, Verdict};
use crate::use_cases::password_strength::check_strength;
use crate::use_cases::rate_limits::RateLimits;

/// Issues and redeems reset links.
pub struct Recovery {
    ports: Ports,
    policy: Policy,
    limits: RateLimits,
}

/// The input of [`Recovery::reset`].
pub struct ResetPassword {
    /// The token of the link.
    pub token: String,
    /// The new password, of valid length.
    pub password: Password,
}

impl Recovery {
    /// Creates the use cases.
    pub fn new(ports: Ports, policy: Policy) -> Self {
        let limits = RateLimits::new(ports.limiter.clone(), policy.limits.clone());
        Self { ports, policy, limits }
    }

    /// Stores a request for a reset link, with the same work for each address.
    ///
    /// # Errors
    /// `Throttled` per client, never per address; `Unavailable`, `Internal`.
    pub async fn request(&self, email: &EmailAddress, client: &ClientInfo) -> Result<(), Error> {
        self.limits.admit_client(Action::RequestReset, client).await?;
        let now = self.ports.clock.now();
        let request = ResetRequest {
            id: ResetRequestId::generate(now, &*self.ports.random),
            email_key: email.key().clone(),
            requested_at: now,
            client: client.clone(),
        };
        self.ports.store.add_reset_request(&request).await?;
        Ok(())
    }

    /// Returns `true` if a link is valid now. Changes nothing, so mail scanners do no harm.
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

    /// Returns the user whose password a valid link resets. Changes nothing.
    ///
    /// # Errors
    /// `InvalidToken`, `Unavailable`, `Internal`.
    pub async fn owner(&self, token: &str) -> Result<User, Error> {
        self.find_live(token).await.map(|(_, user)| user)
    }

    /// Returns the rules for new passwords.
    pub fn password_policy(&self) -> &PasswordPolicy {
        &self.policy.passwords
    }

    /// Returns the lifetime of a link.
    pub fn link_ttl(&self) -> Duration {
        self.policy.reset.ttl
    }

    /// Sets a new password, ends all sessions of the account and queues a mail to the user.
    /// Does not sign in (decision 0026).
    ///
    /// # Errors
    /// `Throttled`, `InvalidToken`; `PasswordRefused` if the password is the current one or easy to
    /// guess, after which the link stays valid; `Unavailable`, `Internal`.
    pub async fn reset(&self, request: ResetPassword, client: &ClientInfo) -> Result<(), Error> {
        self.limits.admit_client(Action::SubmitReset, client).await?;
        let (reset, user) = self.find_live(&request.token).await?;
        let (id, policy) = (reset.user_id, &self.policy.passwords);
        check_strength(&self.ports, policy, &request.password, &user.email, &user.username)?;
        if let Some(current) = self.ports.store.find_password(id).await?
            && self.ports.hasher.verify(&request.password, &current).await? != Verdict::Mismatch
        {
            return Err(Error::PasswordRefused(PasswordError::Reused));
        }
        // Hashing is slow: check again, because another request may have used the link meanwhile.
        let (reset, _) = self.find_live(&request.token).await?;
        let hash = self.ports.hasher.hash(&request.password).await?;
        let now = self.ports.clock.now();
        let notice = Mail::PasswordChanged { user_id: id, client: client.clone() };

        let mut unit = self.ports.store.begin().await?;
        let spent = unit.spend_reset(reset.id, now).await?.ok_or(Error::InvalidToken)?;
        if !unit.advance_credentials_version(id, spent.credentials_version).await? {
            return Err(Error::InvalidToken);
        }
        unit.set_password(id, &hash, now).await?;
        unit.end_sessions(id, now).await?;
        // Wrong passwords so far do not count against the new password.
        unit.forget_failures(user.email.key(), None).await?;
        unit.enqueue(&QueuedMail::new(notice, now, &*self.ports.random)).await?;
        let kind = AuditAction::PasswordReset;
        unit.record(&self.ports.event(kind, Some(id), Actor::Client, client)).await?;
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

    /// Takes a reset request, looks up the account, and if there is one issues a link and queues its
    /// mail, in one unit; called by the worker. Returns `false` if there is no request.
    ///
    /// # Errors
    /// `Unavailable`, and the request stays; `Internal`, and the request is dropped, because an account
    /// that cannot be read must not block the others.
    pub async fn issue_next(&self) -> Result<bool, Error> {
        let mut unit = self.ports.store.begin().await?;
        let Some(request) = unit.take_reset_request().await? else {
            return Ok(false);
        };
        // Outdated requests are dropped: requests that piled up while no worker ran must not become
        // mails.
        let is_stale = self.ports.clock.now() - request.requested_at > self.policy.reset.ttl;
        match self.ports.store.find_user_by_email(&request.email_key).await {
            Ok(Some((user, _))) if user.is_active && !is_stale => {
                self.issue_within_limits(&mut *unit, &user, request.client).await?;
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

    /// Processes reset requests until there are none, at most `limit`.
    ///
    /// # Errors
    /// As [`issue_next`](Self::issue_next); the requests after the failed one stay.
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
        client: ClientInfo,
    ) -> Result<(), Error> {
        let (now, random) = (self.ports.clock.now(), &*self.ports.random);
        let recent = unit.recent_resets(user.id, now - Duration::HOUR).await?;
        if !may_issue(&self.policy.reset, user, &recent, now) {
            return Ok(());
        }
        let kind = AuditAction::ResetIssued;
        let event = self.ports.event(kind, Some(user.id), Actor::Client, &client);
        let reset = PasswordReset::issue(user, client, self.policy.reset.ttl, now, random);
        if unit.insert_reset(&reset).await? {
            unit.record(&event).await?;
            let mail = Mail::ResetLink { user_id: user.id, reset_id: reset.id };
            unit.enqueue(&QueuedMail::new(mail, now, random)).await?;
        }
        Ok(())
    }

    /// Issues a link that an operator passes on if mail does not work.
    ///
    /// # Errors
    /// `AccountInactive`, `UserNotFound`, `Unavailable`, `Internal`.
    pub async fn issue_by_hand(&self, user: &User) -> Result<SignedToken, Error> {
        if !user.is_active {
            return Err(Error::AccountInactive);
        }
        let (now, random) = (self.ports.clock.now(), &*self.ports.random);
        let ttl = self.policy.reset.ttl;
        let reset = PasswordReset::issue(user, ClientInfo::default(), ttl, now, random);
        let token = self.ports.reset_tokens.issue(&reset.claims())?;
        let mut unit = self.ports.store.begin().await?;
        if !unit.insert_reset(&reset).await? {
            return Err(Error::UserNotFound);
        }
        let (kind, by) = (AuditAction::ResetIssued, Actor::Operator);
        unit.record(&self.ports.event(kind, Some(user.id), by, &ClientInfo::default())).await?;
        unit.commit().await?;
        Ok(token)
    }
}

/// Returns `true` if another link may be issued, given those of the last hour (decision 0020).
///
/// A recent link counts only while it is valid: after a change of password the user needs a new one.
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
