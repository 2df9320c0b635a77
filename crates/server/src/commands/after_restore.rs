//! `vestibule after-restore`.

use anyhow::anyhow;
use vestibule_domain::authority::Authority;

use super::{configuration, migrate, print_line, public_url};
use crate::app::{Server, compose};
use crate::cli::Place;
use crate::failure::Failure;

/// Ends what a restored database has brought back to life. Running it again changes nothing that
/// anybody would notice.
pub(super) async fn run(place: &Place) -> Result<(), Failure> {
    let config = configuration(place)?;
    let app = compose(&config, &public_url(&config)?, Server::MustBeThere).await?;
    if migrate::is_empty(&app.store).await? {
        return Err(anyhow!("the database is empty; restore the backup first").into());
    }
    // Nobody serves yet, so nobody needs the schema of the day of the backup.
    migrate::up(&app).await?;
    let users = app.administration.revoke_everything(&Authority::operator()).await?;
    print_line(&format!("Every session and every link from before is dead. Accounts: {users}."));
    Ok(())
}
