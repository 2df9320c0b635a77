//! What the installation remembers about itself, each in a table of one row: rows, reads and verbs.

use std::num::NonZeroU16;

use async_trait::async_trait;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseConnection, EntityTrait, Iterable, QueryFilter,
};
use time::OffsetDateTime;
use vestibule_domain::email::EmailAddress;
use vestibule_domain::ports::{Installation, StoreError};
use vestibule_domain::relay::{
    Relay, RelayHost, RelaySecurity, RelayTest, SealedCredentials, SenderName, StoredRelay,
};
use vestibule_domain::secret::SecretDigest;

use crate::columns::{digest, micros, moment};
use crate::entities::relay::{ActiveModel, Column, Entity, Model};
use crate::entities::setup_link;
use crate::error::{corrupt, store_error};
use crate::unit::SeaUnit;

/// The key of the only row.
const ONLY: i16 = 1;

fn relay(row: Model) -> Result<StoredRelay, StoreError> {
    let port = u16::try_from(row.port).ok().and_then(NonZeroU16::new);
    let from_name = row.from_name.as_deref().map(SenderName::parse).transpose();
    let relay = Relay {
        host: RelayHost::parse(&row.host).map_err(corrupt)?,
        port: port.ok_or_else(|| corrupt("the relay has no port"))?,
        security: RelaySecurity::from_name(&row.security).map_err(corrupt)?,
        credentials: None,
        from_address: EmailAddress::parse(&row.from_address).map_err(corrupt)?,
        from_name: from_name.map_err(corrupt)?,
    };
    let sealed_credentials = match (row.username, row.sealed_password) {
        (Some(username), Some(password)) => Some(SealedCredentials { username, password }),
        (None, None) => None,
        _ => return Err(corrupt("the relay has half an account")),
    };
    let tested = match (row.tested_at, row.tested_to, row.test_succeeded) {
        (Some(at), Some(to), Some(succeeded)) => {
            let to = EmailAddress::parse(&to).map_err(corrupt)?;
            Some(RelayTest { at: moment(at)?, to, succeeded })
        }
        (None, None, None) => None,
        _ => return Err(corrupt("the relay has half a test")),
    };
    Ok(StoredRelay { relay, sealed_credentials, saved_at: moment(row.saved_at)?, tested })
}

pub(crate) async fn find_relay(db: &DatabaseConnection) -> Result<Option<StoredRelay>, StoreError> {
    let row = Entity::find_by_id(ONLY).one(db).await.map_err(store_error)?;
    row.map(relay).transpose()
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
impl Installation for SeaUnit {
    async fn save_relay(&mut self, relay: &StoredRelay) -> Result<(), StoreError> {
        let StoredRelay { relay, sealed_credentials, saved_at, tested: _ } = relay;
        let (username, sealed_password) =
            sealed_credentials.clone().map(|account| (account.username, account.password)).unzip();
        let row = ActiveModel {
            id: Set(ONLY),
            host: Set(relay.host.as_str().to_owned()),
            port: Set(i32::from(relay.port.get())),
            security: Set(relay.security.name().to_owned()),
            username: Set(username),
            sealed_password: Set(sealed_password),
            from_address: Set(relay.from_address.as_str().to_owned()),
            from_name: Set(relay.from_name.as_ref().map(|name| name.as_str().to_owned())),
            saved_at: Set(micros(*saved_at)),
            // No test of an earlier description speaks for this one.
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

    async fn note_relay_test(
        &mut self,
        saved_at: OffsetDateTime,
        test: &RelayTest,
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
