//! Single values of the domain as text and numbers, and back.
//!
//! For fields: `#[serde(with = "plain")]`, or `plain::option` where there may be none.

use std::net::IpAddr;

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::{OffsetDateTime, UtcOffset};
use uuid::Uuid;
use vestibule_domain::audit::{Doer, EventKind};
use vestibule_domain::caller::Caller;
use vestibule_domain::email::{EmailAddress, EmailKey};
use vestibule_domain::id::{EventId, LeaseId, MailId, ResetRequestId, SessionId, UserId};
use vestibule_domain::language::Language;
use vestibule_domain::mail::Lease;
use vestibule_domain::password::PasswordHash;
use vestibule_domain::refresh::{Refresh, Rotation, RotationNonce};
use vestibule_domain::relay::{RelayHost, RelaySecurity, RelayTest, SealedCredentials, SenderName};
use vestibule_domain::reset::ResetId;
use vestibule_domain::secret::SecretDigest;
use vestibule_domain::user::CredentialEpoch;
use vestibule_domain::username::Username;

/// A value that can be written down.
pub(super) trait Plain: Sized {
    /// As what.
    type Form: Serialize + DeserializeOwned;

    fn form(&self) -> Self::Form;

    /// `None` when no such value was ever written.
    fn read(form: Self::Form) -> Option<Self>;
}

pub(super) fn serialize<T: Plain, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
    value.form().serialize(to)
}

pub(super) fn deserialize<'de, T: Plain, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    T::read(T::Form::deserialize(from)?).ok_or_else(unreadable::<T, D::Error>)
}

fn unreadable<T, E: Error>() -> E {
    E::custom(format_args!("not a {}", std::any::type_name::<T>()))
}

/// Values that may be missing.
pub(super) mod option {
    use super::{Deserialize, Deserializer, Plain, Serialize, Serializer, unreadable};

    #[expect(clippy::ref_option, reason = "serde passes the field as it is")]
    pub(crate) fn serialize<T, S>(value: &Option<T>, to: S) -> Result<S::Ok, S::Error>
    where
        T: Plain,
        S: Serializer,
    {
        value.as_ref().map(T::form).serialize(to)
    }

    pub(crate) fn deserialize<'de, T, D>(from: D) -> Result<Option<T>, D::Error>
    where
        T: Plain,
        D: Deserializer<'de>,
    {
        let form = Option::<T::Form>::deserialize(from)?;
        form.map(|form| T::read(form).ok_or_else(unreadable::<T, D::Error>)).transpose()
    }
}

/// `type as form, writing it, reading it`, for many.
macro_rules! plain {
    ($($type:ty as $form:ty: |$value:ident| $write:expr, |$read:ident| $back:expr;)*) => { $(
        impl Plain for $type {
            type Form = $form;

            fn form(&self) -> $form {
                let $value = self;
                $write
            }

            fn read($read: $form) -> Option<Self> {
                $back
            }
        }
    )* };
}

plain! {
    // To the second, and the microseconds behind it.
    OffsetDateTime as (i64, u32): |at| (at.unix_timestamp(), at.to_offset(UtcOffset::UTC).microsecond()),
        |form| Self::from_unix_timestamp(form.0).ok()?.replace_microsecond(form.1).ok();
    UserId as String: |id| id.to_string(), |text| id(&text).map(Self::from_uuid);
    SessionId as String: |id| id.to_string(), |text| id(&text).map(Self::from_uuid);
    MailId as String: |id| id.to_string(), |text| id(&text).map(Self::from_uuid);
    ResetRequestId as String: |id| id.to_string(), |text| id(&text).map(Self::from_uuid);
    EventId as String: |id| id.to_string(), |text| id(&text).map(Self::from_uuid);
    LeaseId as String: |id| id.to_string(), |text| id(&text).map(Self::from_uuid);
    ResetId as [u8; 16]: |id| *id.as_bytes(), |bytes| Some(Self::from_bytes(bytes));
    SecretDigest as [u8; 32]: |digest| *digest.as_bytes(), |bytes| Some(Self::from_bytes(bytes));
    RotationNonce as [u8; 32]: |nonce| *nonce.as_bytes(), |bytes| Some(Self::from_bytes(bytes));
    CredentialEpoch as i64: |epoch| epoch.as_i64(), |number| Some(Self::from_stored(number));
    EmailAddress as String: |email| email.as_str().to_owned(), |text| Self::parse(&text).ok();
    EmailKey as String: |key| key.as_str().to_owned(), |text| Some(Self::from_stored(text));
    Username as String: |name| name.as_str().to_owned(), |text| Self::parse(&text).ok();
    PasswordHash as String: |hash| hash.as_phc().to_owned(), |text| Some(Self::from_phc(text));
    Language as String: |language| language.tag().to_owned(), |tag| Self::from_tag(&tag);
    Caller as (Option<IpAddr>, Option<String>):
        |caller| (caller.ip, caller.user_agent().map(str::to_owned)),
        |form| Some(Self::new(form.0, form.1.as_deref()));
    EventKind as String: |kind| kind.name().to_owned(), |name| Self::from_name(&name);
    Doer as (String, Option<String>): |doer| doer_form(*doer), |form| read_doer(&form);
    Lease as (String, (i64, u32)): |lease| (lease.id.form(), lease.until.form()),
        |form| Some(Self { id: Plain::read(form.0)?, until: Plain::read(form.1)? });
    Rotation as ([u8; 32], [u8; 32], (i64, u32)):
        |last| (last.from.form(), last.nonce.form(), last.at.form()),
        |form| Some(Self {
            from: Plain::read(form.0)?,
            nonce: Plain::read(form.1)?,
            at: Plain::read(form.2)?,
        });
    Refresh as ([u8; 32], [u8; 32], Option<<Rotation as Plain>::Form>):
        |kept| (kept.family.form(), kept.current.form(), kept.rotation.as_ref().map(Plain::form)),
        |form| Some(Self {
            family: Plain::read(form.0)?,
            current: Plain::read(form.1)?,
            rotation: match form.2 {
                Some(form) => Some(Plain::read(form)?),
                None => None,
            },
        });
    RelayHost as String: |host| host.as_str().to_owned(), |text| Self::parse(&text).ok();
    RelaySecurity as String: |security| security.name().to_owned(),
        |name| Self::from_name(&name).ok();
    SenderName as String: |name| name.as_str().to_owned(), |text| Self::parse(&text).ok();
    SealedCredentials as (String, String): |kept| (kept.username.clone(), kept.password.clone()),
        |form| Some(Self { username: form.0, password: form.1 });
    RelayTest as ((i64, u32), String, bool): |test| (test.at.form(), test.to.form(), test.succeeded),
        |form| Some(Self { at: Plain::read(form.0)?, to: Plain::read(form.1)?, succeeded: form.2 });
}

fn id(text: &str) -> Option<Uuid> {
    Uuid::parse_str(text).ok()
}

fn doer_form(doer: Doer) -> (String, Option<String>) {
    let who = match doer {
        Doer::Administrator(id) => Some(id.to_string()),
        Doer::Holder | Doer::Operator | Doer::Service => None,
    };
    (doer.name().to_owned(), who)
}

fn read_doer((name, who): &(String, Option<String>)) -> Option<Doer> {
    if let Some(who) = who {
        return id(who).map(UserId::from_uuid).map(Doer::Administrator);
    }
    [Doer::Holder, Doer::Operator, Doer::Service].into_iter().find(|doer| doer.name() == name)
}
