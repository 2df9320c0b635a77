//! Runs the service on port 3000, with its files in `./notes-data`, until Ctrl-C.

use std::path::Path;
use std::sync::Arc;

use example_axum::accounts::Accounts;
use example_axum::letters::Letterbox;
use example_axum::serve;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "prints the mails for trying it out")]
async fn main() -> anyhow::Result<()> {
    let folder = Path::new("notes-data");
    std::fs::create_dir_all(folder)?;
    let (letterbox, mut letters) = Letterbox::new();
    let accounts = Accounts::open(folder, Arc::new(letterbox)).await?;
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    println!("http://{}", listener.local_addr()?);

    let stop = CancellationToken::new();
    let shutdown = async {
        let asked = tokio::signal::ctrl_c().await;
        stop.cancel();
        asked
    };
    let print = async {
        while let Some(letter) = letters.recv().await {
            println!("To {}: {}", letter.to, letter.text);
        }
    };
    let (served, (), asked) =
        tokio::join!(serve(accounts, listener, stop.clone()), print, shutdown);
    asked?;
    served
}
