//! SMTP settings and the setup link, each in a table of one row: rows, reads and writes.

use std::num::NonZeroU16;

use async_trait::async_trait;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseConnection, EntityTrait, Iterable, QueryFilter,
};
use time::OffsetDateTime;
use vestibule_domain::model::email::EmailAddress;
use vestibule_domain::model::secret::SecretDigest;
use vestibule_domain::model::smtp_settings::{
    SealedSmtpCredentials, SenderName, SmtpHost, SmtpSecurity, SmtpSettings, SmtpTest,
    StoredSmtpSettings,
};
use vestibule_domain::ports::{InstallationStore, StoreError};

use crate::columns::{digest, micros, moment};
use crate::entities::setup_link;
use crate::entities::smtp_settings::{ActiveModel, Column, Entity, Model};
use crate::error::{corrupt, store_error};
use crate::unit::SeaUnit;

/// The key of the only row.
const ONLY: i16 = 1;

fn smtp(row: Model) -> Result<StoredSmtpSettings, StoreError> {
    let port = u16::try_from(row.port).ok().and_then(NonZeroU16::new);
    let from_name = row.from_name.as_deref().map(SenderName::parse).transpose();
    let smtp = SmtpSettings {
        host: SmtpHost::parse(&row.host).map_err(corrupt)?,
        port: port.ok_or_else(|| corrupt("the SMTP settings have an invalid port"))?,
        security: SmtpSecurity::from_name(&row.security).map_err(corrupt)?,
        credentials: None,
        from_address: EmailAddress::parse(&row.from_address).map_err(corrupt)?,
        from_name: from_name.map_err(corrupt)?,
    };
    let sealed_credentials = match (row.username, row.sealed_password) {
        (Some(username), Some(password)) => Some(SealedSmtpCredentials { username, password }),
        (None, None) => None,
        _ => return Err(corrupt("the SMTP settings have incomplete credentials")),
    };
    let tested = match (row.tested_at, row.tested_to, row.test_succeeded) {
        (Some(at), Some(to), Some(succeeded)) => {
            let to = EmailAddress::parse(&to).map_err(corrupt)?;
            Some(SmtpTest { at: moment(at)?, to, succeeded })
        }
        (None, None, None) => None,
        _ => return Err(corrupt("the SMTP settings have an incomplete test result")),
    };
    Ok(StoredSmtpSettings { smtp, sealed_credentials, saved_at: moment(row.saved_at)?, tested })
}

pub(crate) async fn find_smtp_settings(
    db: &DatabaseConnection,
) -> Result<Option<StoredSmtpSettings>, StoreError> {
    let row = Entity::find_by_id(ONLY).one(db).await.map_err(store_error)?;
    row.map(smtp).transpose()
}

pub(crate) async fn is_setup_link_live(
    db: &DatabaseConnection,
    link: &SecretDigest,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let row = setup_link::Entity::find_by_id(ONLY).one(db).await.map_err(store_error)?;
    match row {
        Some(row) => Ok(digest(row.digest)? == *link && row.expires_at > micros(now)),
        None => Ok(false),
    }
}

#[async_trait]
impl InstallationStore for SeaUnit {
    async fn save_smtp_settings(&mut self, smtp: &StoredSmtpSettings) -> Result<(), StoreError> {
        let StoredSmtpSettings { smtp, sealed_credentials, saved_at, tested: _ } = smtp;
        let (username, sealed_password) =
            sealed_credentials.clone().map(|account| (account.username, account.password)).unzip();
        let row = ActiveModel {
            id: Set(ONLY),
            host: Set(smtp.host.as_str().to_owned()),
            port: Set(i32::from(smtp.port.get())),
            security: Set(smtp.security.name().to_owned()),
            username: Set(username),
            sealed_password: Set(sealed_password),
            from_address: Set(smtp.from_address.as_str().to_owned()),
            from_name: Set(smtp.from_name.as_ref().map(|name| name.as_str().to_owned())),
            saved_at: Set(micros(*saved_at)),
            // A test of earlier settings is not valid for these.
            tested_at: Set(None),
            tested_to: Set(None),
            test_succeeded: Set(None),
        };
        let replace = OnConflict::column(Column::Id).update_columns(Column::iter()).to_owned();
        Entity::insert(row)
            .on_conflict(replace)
            .exec_without_returning(&self.tx)
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn record_smtp_test(
        &mut self,
        saved_at: OffsetDateTime,
        test: &SmtpTest,
    ) -> Result<bool, StoreError> {
        let tested = ActiveModel {
            tested_at: Set(Some(micros(test.at))),
            tested_to: Set(Some(test.to.as_str().to_owned())),
            test_succeeded: Set(Some(test.succeeded)),
            ..Default::default()
        };
        let outcome = Entity::update_many()
            .set(tested)
            .filter(Column::SavedAt.eq(micros(saved_at)))
            .exec(&self.tx)
            .await
            .map_err(store_error)?;
        Ok(outcome.rows_affected > 0)
    }

    async fn save_setup_link(
        &mut self,
        link: &SecretDigest,
        expires_at: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let row = setup_link::ActiveModel {
            id: Set(ONLY),
            digest: Set(link.as_bytes().to_vec()),
            expires_at: Set(micros(expires_at)),
        };
        let replace = OnConflict::column(setup_link::Column::Id)
            .update_columns(setup_link::Column::iter())
            .to_owned();
        setup_link::Entity::insert(row)
            .on_conflict(replace)
            .exec_without_returning(&self.tx)
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn spend_setup_link(
        &mut self,
        link: &SecretDigest,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let outcome = setup_link::Entity::delete_many()
            .filter(setup_link::Column::Digest.eq(link.as_bytes().to_vec()))
            .filter(setup_link::Column::ExpiresAt.gt(micros(now)))
            .exec(&self.tx)
            .await
            .map_err(store_error)?;
        Ok(outcome.rows_affected > 0)
    }
}
