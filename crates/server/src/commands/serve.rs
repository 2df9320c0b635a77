//! `vestibule serve` and `vestibule worker`.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::migrate;
use crate::app::{App, compose};
use crate::cli::{Place, Serve};
use crate::config::{Config, Overrides, PublicUrl, environment, load};
use crate::failure::Failure;
use crate::first_run::News;
use crate::{first_run, listen, telemetry, worker};

/// How long the database may take to say goodbye.
const LAST_WORDS: Duration = Duration::from_secs(3);
/// How long requests are still accepted after SIGTERM, so that a load balancer sees that readiness
/// has turned before connections are refused.
const DRAIN: Duration = Duration::from_secs(5);

/// Serves until told to stop.
pub(super) async fn serve(place: &Place, options: &Serve) -> Result<(), Failure> {
    let overrides =
        Overrides { listen: options.listen.clone(), dev: options.dev, ..place.overrides() };
    let (config, _) = load(&overrides, environment())?;
    telemetry::start(config.log_format);
    if config.dev && !config.listen.ip().is_loopback() {
        let at = format!("server.listen = {}", config.listen);
        return Err(Failure::configuration(at, "--dev listens on this machine only: 127.0.0.1"));
    }
    let listener = bind(config.listen).await?;
    let address = listener.local_addr()?;
    let app = start(&config, address, options.no_migrate).await?;
    let endpoint = app.endpoint();
    let stop = stop_on_signal(&app, if config.dev { Duration::ZERO } else { DRAIN })?;
    announce(&app, &config, address).await?;
    let work = async {
        if !options.no_worker {
            worker::run(&app, stop.clone()).await;
        }
    };
    let keys = worker::follow_keys(&app, stop.clone());
    tokio::join!(listen::serve(listener, endpoint, stop.clone()), work, keys);
    close(app).await;
    tracing::info!("stopped");
    Ok(())
}

/// Sends mail until told to stop.
pub(super) async fn worker(place: &Place) -> Result<(), Failure> {
    let (config, _) = load(&place.overrides(), environment())?;
    telemetry::start(config.log_format);
    let app = start(&config, config.listen, false).await?;
    let stop = stop_on_signal(&app, Duration::ZERO)?;
    tracing::info!("ready to send mail");
    tokio::join!(worker::run(&app, stop.clone()), worker::follow_keys(&app, stop));
    close(app).await;
    tracing::info!("stopped");
    Ok(())
}

/// Closes the database; one that does not answer is left to notice by itself.
async fn close(app: App) {
    if tokio::time::timeout(LAST_WORDS, app.store.close()).await.is_err() {
        tracing::warn!("the database did not close in time");
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        let at = format!("server.listen = {address}");
        Failure::configuration(at, format!("cannot be listened on ({error}); choose another"))
    })
}

async fn start(config: &Config, address: SocketAddr, no_migrate: bool) -> Result<App, Failure> {
    let public_url = match &config.public_url {
        Some(url) => url.clone(),
        None => PublicUrl::parse(&format!("http://{address}"))
            .map_err(|remedy| Failure::configuration("server.public_url", remedy))?,
    };
    let app = compose(config, &public_url).await?;
    if no_migrate {
        migrate::refuse_pending(app.store.connection()).await?;
    } else {
        for name in migrate::up(&app.store).await? {
            tracing::info!(name, "migrated");
        }
    }
    Ok(app)
}

/// Says what is served where; the last line tells scripts that requests are accepted.
async fn announce(app: &App, config: &Config, address: SocketAddr) -> Result<(), Failure> {
    let news = News {
        setup_link: app.setup.prepare().await?.map(|link| app.setup_link(&link)),
        mail_is_set_up: app.mail_setup.is_set_up().await?,
    };
    if telemetry::is_json(config.log_format) {
        for warning in first_run::warnings(config, &news) {
            tracing::warn!("{warning}");
        }
    } else {
        use std::io::Write as _;
        let screen = first_run::screen(app, config, &news);
        std::io::stderr().write_all(screen.as_bytes())?;
    }
    tracing::info!(target: telemetry::ALWAYS, address = %format!("http://{address}"), "ready");
    Ok(())
}

/// A token that SIGTERM or Ctrl-C cancels. Readiness turns first; after SIGTERM requests are
/// accepted for a while longer, unless a second signal says that it is urgent.
fn stop_on_signal(app: &App, drain: Duration) -> Result<CancellationToken, Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = CancellationToken::new();
    let (draining, cancel) = (app.state.draining.clone(), stop.clone());
    #[expect(clippy::disallowed_methods, reason = "this is what shutdown waits for")]
    tokio::spawn(async move {
        let drain = tokio::select! {
            _ = terminate.recv() => drain,
            _ = interrupt.recv() => Duration::ZERO,
        };
        tracing::info!("stopping: requests and mails under way are finished first");
        draining.store(true, Ordering::Relaxed);
        tokio::select! {
            () = tokio::time::sleep(drain) => {}
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        cancel.cancel();
    });
    Ok(stop)
}
