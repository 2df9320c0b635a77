//! Runs the service on port 3000, with its files in `./notes-data`, until Ctrl-C. The API
//! documentation is at `/docs`.

use std::path::Path;

use example_poem::accounts::Accounts;
use example_poem::serve;
use poem::listener::{Listener as _, TcpListener};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = Path::new("notes-data");
    std::fs::create_dir_all(folder)?;
    let accounts = Accounts::open(folder).await?;
    let acceptor = TcpListener::bind("127.0.0.1:3000").into_acceptor().await?;
    let stop = CancellationToken::new();
    let shutdown = async {
        let asked = tokio::signal::ctrl_c().await;
        stop.cancel();
        asked
    };
    let (served, asked) = tokio::join!(serve(accounts, acceptor, stop.clone()), shutdown);
    asked?;
    served
}
