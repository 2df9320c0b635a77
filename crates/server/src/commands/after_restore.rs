//! `vestibule after-restore`.

use anyhow::anyhow;
use vestibule_domain::use_cases::admin_context::AdminContext;

use super::{configuration, migrate, print_line, public_url};
use crate::app::{Server, compose};
use crate::cli::Place;
use crate::failure::Failure;

/// Revokes all sessions and reset links of a restored database. Can be run again.
pub(super) async fn run(place: &Place) -> Result<(), Failure> {
    let config = configuration(place)?;
    let app = compose(&config, &public_url(&config)?, Server::Required).await?;
    if migrate::is_empty(&app.store).await? {
        return Err(anyhow!("the database is empty; restore the backup first").into());
    }
    // No process serves yet, so none needs the schema of the backup.
    migrate::up(&app).await?;
    let users = app.administration.revoke_everything(&AdminContext::operator()).await?;
    print_line(&format!("All sessions and reset links were revoked. Accounts: {users}."));
    Ok(())
}
