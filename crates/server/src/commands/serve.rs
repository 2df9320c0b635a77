//! `vestibule serve` and `vestibule worker`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use vestibule_domain::error::chain;

use super::migrate;
use crate::app::{App, Server, compose, no_store};
use crate::cli::{Place, Serve};
use crate::config::{Config, Overrides, PublicUrl, environment, load};
use crate::failure::Failure;
use crate::startup_banner::StartupInfo;
use crate::startup_gate::StartupGate;
use crate::{listen, startup_banner, telemetry, worker};

/// Timeout for closing the database.
const LAST_WORDS: Duration = Duration::from_secs(3);
/// Time after SIGTERM in which requests are still accepted, so that load balancers notice the
/// readiness change before connections are refused.
const DRAIN: Duration = Duration::from_secs(5);
/// Maximum number of connections to the metrics listener.
const MONITORS: usize = 16;
/// Interval of checks for an unavailable database.
const PAUSE: Duration = Duration::from_millis(500);

/// Runs the service until it is stopped.
pub(super) async fn serve(place: &Place, options: &Serve) -> Result<(), Failure> {
    let overrides =
        Overrides { listen: options.listen.clone(), dev: options.dev, ..place.overrides() };
    let (config, _) = load(&overrides, environment())?;
    let telemetry = telemetry::start(config.log_format, config.traces.as_ref());
    if config.dev && !config.listen.ip().is_loopback() {
        let at = format!("server.listen = {}", config.listen);
        return Err(Failure::configuration(
            at,
            "--dev requires a loopback address such as 127.0.0.1",
        ));
    }
    let listener = bind("server.listen", config.listen).await?;
    let metrics = bind_metrics(&config).await?;
    let address = listener.local_addr()?;
    let shutdown = Shutdown::listen(if config.dev { Duration::ZERO } else { DRAIN })?;
    let reception = StartupGate::new(&config);
    let service = async {
        let started = shutdown
            .run_until_stopped(Box::pin(start(&config, address, options.no_migrate, news)))
            .await;
        let Some((mut app, news)) = started.transpose()? else { return Ok(None) };
        app.state.draining = shutdown.draining.clone();
        reception.open(app.endpoint());
        announce(&app, &config, address, &news)?;
        let work = async {
            if !options.no_worker {
                worker::run(&app, shutdown.stop.clone()).await;
            }
        };
        let watched = serve_metrics(&app, metrics, shutdown.stop.clone());
        tokio::join!(work, worker::follow_keys(&app, shutdown.stop.clone()), watched);
        Ok(Some(app))
    };
    let service = async {
        let ended: Result<Option<App>, Failure> = service.await;
        // Also after an error: accept no more requests.
        shutdown.stop.cancel();
        ended
    };
    let requests =
        listen::serve(listener, listen::capacity(), reception.clone(), shutdown.stop.clone());
    let ((), ended) = tokio::join!(requests, service);
    let failed = match ended {
        Ok(Some(app)) => {
            close(app).await;
            None
        }
        Ok(None) => None,
        Err(failure) => Some(failure),
    };
    // Also after an error, when the last spans matter most.
    telemetry.stop().await;
    if let Some(failure) = failed {
        return Err(failure);
    }
    tracing::info!("stopped");
    Ok(())
}

/// Runs the mail worker until it is stopped.
pub(super) async fn worker(place: &Place) -> Result<(), Failure> {
    let (config, _) = load(&place.overrides(), environment())?;
    let telemetry = telemetry::start(config.log_format, config.traces.as_ref());
    let metrics = bind_metrics(&config).await?;
    let shutdown = Shutdown::listen(Duration::ZERO)?;
    let nothing = async |_: &App| Ok(());
    let start = Box::pin(start(&config, config.listen, false, nothing));
    let started = shutdown.run_until_stopped(start).await;
    if let Some((app, ())) = started.transpose()? {
        tracing::info!("ready to send mail");
        let (run, stop) = (worker::run(&app, shutdown.stop.clone()), shutdown.stop.clone());
        let watched = serve_metrics(&app, metrics, stop.clone());
        tokio::join!(run, worker::follow_keys(&app, stop), watched);
        close(app).await;
    }
    telemetry.stop().await;
    tracing::info!("stopped");
    Ok(())
}

/// Closes the database, with a timeout.
async fn close(app: App) {
    let (tokens, sessions) = (app.access_tokens.cache_stats(), app.store.session_cache_usage());
    tracing::debug!(
        tokens.recognised = tokens.hits,
        tokens.verified = tokens.misses,
        sessions.recalled = sessions.hits,
        sessions.read = sessions.misses,
        "what was remembered"
    );
    if tokio::time::timeout(LAST_WORDS, app.store.close()).await.is_err() {
        tracing::warn!("closing the database timed out");
    }
}

async fn bind_metrics(config: &Config) -> Result<Option<TcpListener>, Failure> {
    match config.metrics {
        Some(address) => bind("metrics.listen", address).await.map(Some),
        None => Ok(None),
    }
}

/// Serves metrics until the process is stopped.
async fn serve_metrics(app: &App, listener: Option<TcpListener>, stop: CancellationToken) {
    if let (Some(listener), Some(endpoint)) = (listener, app.metrics_endpoint()) {
        if let Ok(address) = listener.local_addr() {
            tracing::info!(address = %format!("http://{address}/metrics"), "serving metrics");
        }
        listen::serve(listener, MONITORS, endpoint, stop).await;
    }
}

async fn bind(key: &str, address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        let at = format!("{key} = {address}");
        Failure::configuration(at, format!("cannot listen ({error}); choose another address"))
    })
}

/// Wires the service, waits for its database, applies migrations, and reads what the startup banner
/// shows.
async fn start<T>(
    config: &Config,
    address: SocketAddr,
    no_migrate: bool,
    ask: impl AsyncFn(&App) -> Result<T, Failure>,
) -> Result<(App, T), Failure> {
    let public_url = match &config.public_url {
        Some(url) => url.clone(),
        None => PublicUrl::parse(&format!("http://{address}"))
            .map_err(|remedy| Failure::configuration("server.public_url", remedy))?,
    };
    let app = compose(config, &public_url, Server::MayComeLater).await?;
    let prepare = async || {
        bring_up_to_date(&app, no_migrate).await?;
        ask(&app).await
    };
    loop {
        wait_for_database(&app).await?;
        match prepare().await {
            Ok(answer) => return Ok((app, answer)),
            Err(failure) if app.store.is_on_server() && failure.is_transient() => {
                tracing::warn!(reason = %failure, "database unavailable again");
                sleep(PAUSE).await;
            }
            Err(failure) => return Err(failure),
        }
    }
}

/// Waits until the database is available, and logs each reason once.
async fn wait_for_database(app: &App) -> Result<(), Failure> {
    let mut said = String::new();
    while let Err(error) = app.store.check_available().await {
        if !error.is_transient() {
            return Err(Failure::Configuration(no_store(app.config(), &error).into()));
        }
        let reason = chain(&error);
        if reason != said {
            tracing::warn!(reason, "waiting for the database");
            said = reason;
        }
        sleep(PAUSE).await;
    }
    Ok(())
}

async fn bring_up_to_date(app: &App, no_migrate: bool) -> Result<(), Failure> {
    if no_migrate {
        return migrate::refuse_pending(app.store.connection()).await;
    }
    for name in migrate::up(app).await? {
        tracing::info!(name, "migrated");
    }
    Ok(())
}

async fn news(app: &App) -> Result<StartupInfo, Failure> {
    Ok(StartupInfo {
        setup_link: app.setup.prepare().await?.map(|link| app.setup_link(&link)),
        mail_is_set_up: app.smtp.is_set_up().await?,
    })
}

/// Prints the startup banner or log lines; the last line announces readiness to scripts.
fn announce(
    app: &App,
    config: &Config,
    address: SocketAddr,
    news: &StartupInfo,
) -> Result<(), Failure> {
    if telemetry::is_json(config.log_format) {
        for warning in startup_banner::warnings(config, news) {
            tracing::warn!("{warning}");
        }
    } else {
        use std::io::Write as _;
        let screen = startup_banner::screen(app, config, news);
        std::io::stderr().write_all(screen.as_bytes())?;
    }
    tracing::info!(target: telemetry::ALWAYS, address = %format!("http://{address}"), "ready");
    Ok(())
}

/// The phases of a shutdown, started by SIGTERM or Ctrl-C.
struct Shutdown {
    /// Readiness is off, requests are still accepted.
    draining: Arc<AtomicBool>,
    /// The process stops.
    asked: CancellationToken,
    /// Waits for a signal and starts the shutdown. After SIGTERM requests are accepted for a while
    /// longer, unless there is a second signal.
    stop: CancellationToken,
}

impl Shutdown {
    fn listen(drain: Duration) -> Result<Self, Failure> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let (draining, asked, stop) = Default::default();
        let shutdown = Self { draining, asked, stop };
        let (draining, asked, stop) =
            (shutdown.draining.clone(), shutdown.asked.clone(), shutdown.stop.clone());
        #[expect(clippy::disallowed_methods, reason = "this is what shutdown waits for")]
        tokio::spawn(async move {
            let drain = tokio::select! {
                _ = terminate.recv() => drain,
                _ = interrupt.recv() => Duration::ZERO,
            };
            tracing::info!("stopping, finishing requests and mails in progress");
            draining.store(true, Ordering::Relaxed);
            asked.cancel();
            tokio::select! {
                () = sleep(drain) => {}
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            stop.cancel();
        });
        Ok(shutdown)
    }

    /// Runs a startup task that is dropped when the process is stopped.
    async fn run_until_stopped<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.asked.run_until_cancelled(work).await
    }
}
