//! Serialization of single values of the domain as text and numbers.
//!
//! Use `#[serde(with = "plain")]` for fields, and `plain::option` for optional ones.

use std::net::IpAddr;

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::{OffsetDateTime, UtcOffset};
use uuid::Uuid;
use vestibule_domain::model::audit::{Actor, AuditAction};
use vestibule_domain::model::client::ClientInfo;
use vestibule_domain::model::email::{EmailAddress, EmailKey};
use vestibule_domain::model::id::{
    EventId, LeaseId, MailId, ResetId, ResetRequestId, SessionId, UserId,
};
use vestibule_domain::model::language::Language;
use vestibule_domain::model::mail::Lease;
use vestibule_domain::model::password::PasswordHash;
use vestibule_domain::model::refresh_token::{Refresh, Rotation, RotationNonce};
use vestibule_domain::model::secret::SecretDigest;
use vestibule_domain::model::smtp_settings::{
    SealedSmtpCredentials, SenderName, SmtpHost, SmtpSecurity, SmtpTest,
};
use vestibule_domain::model::user::CredentialsVersion;
use vestibule_domain::model::username::Username;

/// A value that can be serialized.
pub(super) trait Plain: Sized {
    /// The serialized form.
    type Form: Serialize + DeserializeOwned;

    fn form(&self) -> Self::Form;

    /// Returns `None` if the form is invalid.
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

/// Optional values.
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

/// Implements [`Plain`] for types: `type as form, serialize, deserialize`.
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
    // Seconds, and the microseconds after it.
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
    CredentialsVersion as i64: |credentials_version| credentials_version.as_i64(), |number| Some(Self::from_stored(number));
    EmailAddress as String: |email| email.as_str().to_owned(), |text| Self::parse(&text).ok();
    EmailKey as String: |key| key.as_str().to_owned(), |text| Some(Self::from_stored(text));
    Username as String: |name| name.as_str().to_owned(), |text| Self::parse(&text).ok();
    PasswordHash as String: |hash| hash.as_phc().to_owned(), |text| Some(Self::from_phc(text));
    Language as String: |language| language.tag().to_owned(), |tag| Self::from_tag(&tag);
    ClientInfo as (Option<IpAddr>, Option<String>):
        |client| (client.ip, client.user_agent().map(str::to_owned)),
        |form| Some(Self::new(form.0, form.1.as_deref()));
    AuditAction as String: |kind| kind.name().to_owned(), |name| Self::from_name(&name);
    Actor as (String, Option<String>): |actor| actor_form(*actor), |form| read_actor(&form);
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
    SmtpHost as String: |host| host.as_str().to_owned(), |text| Self::parse(&text).ok();
    SmtpSecurity as String: |security| security.name().to_owned(),
        |name| Self::from_name(&name).ok();
    SenderName as String: |name| name.as_str().to_owned(), |text| Self::parse(&text).ok();
    SealedSmtpCredentials as (String, String): |kept| (kept.username.clone(), kept.password.clone()),
        |form| Some(Self { username: form.0, password: form.1 });
    SmtpTest as ((i64, u32), String, bool): |test| (test.at.form(), test.to.form(), test.succeeded),
        |form| Some(Self { at: Plain::read(form.0)?, to: Plain::read(form.1)?, succeeded: form.2 });
}

fn id(text: &str) -> Option<Uuid> {
    Uuid::parse_str(text).ok()
}

fn actor_form(actor: Actor) -> (String, Option<String>) {
    let who = match actor {
        Actor::Administrator(id) => Some(id.to_string()),
        Actor::Client | Actor::Operator | Actor::Service => None,
    };
    (actor.name().to_owned(), who)
}

fn read_actor((name, who): &(String, Option<String>)) -> Option<Actor> {
    if let Some(who) = who {
        return id(who).map(UserId::from_uuid).map(Actor::Administrator);
    }
    [Actor::Client, Actor::Operator, Actor::Service].into_iter().find(|actor| actor.name() == name)
}
