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
use crate::first_run::News;
use crate::reception::Reception;
use crate::{first_run, listen, telemetry, worker};

/// How long the database may take to say goodbye.
const LAST_WORDS: Duration = Duration::from_secs(3);
/// How long requests are still accepted after SIGTERM, so that a load balancer sees that readiness
/// has turned before connections are refused.
const DRAIN: Duration = Duration::from_secs(5);
/// Connections of those who ask for metrics.
const MONITORS: usize = 16;
/// Between two looks for a database that is away.
const PAUSE: Duration = Duration::from_millis(500);

/// Serves until told to stop.
pub(super) async fn serve(place: &Place, options: &Serve) -> Result<(), Failure> {
    let overrides =
        Overrides { listen: options.listen.clone(), dev: options.dev, ..place.overrides() };
    let (config, _) = load(&overrides, environment())?;
    let telemetry = telemetry::start(config.log_format, config.traces.as_ref());
    if config.dev && !config.listen.ip().is_loopback() {
        let at = format!("server.listen = {}", config.listen);
        return Err(Failure::configuration(at, "--dev listens on this machine only: 127.0.0.1"));
    }
    let listener = bind("server.listen", config.listen).await?;
    let metrics = bind_metrics(&config).await?;
    let address = listener.local_addr()?;
    let orders = Orders::listen(if config.dev { Duration::ZERO } else { DRAIN })?;
    let reception = Reception::new(&config);
    let service = async {
        let started =
            orders.obey(Box::pin(start(&config, address, options.no_migrate, news))).await;
        let Some((mut app, news)) = started.transpose()? else { return Ok(None) };
        app.state.draining = orders.draining.clone();
        reception.open(app.endpoint());
        announce(&app, &config, address, &news)?;
        let work = async {
            if !options.no_worker {
                worker::run(&app, orders.stop.clone()).await;
            }
        };
        let watched = serve_metrics(&app, metrics, orders.stop.clone());
        tokio::join!(work, worker::follow_keys(&app, orders.stop.clone()), watched);
        Ok(Some(app))
    };
    let service = async {
        let ended: Result<Option<App>, Failure> = service.await;
        // However that came about, nobody is to be let in any more.
        orders.stop.cancel();
        ended
    };
    let requests =
        listen::serve(listener, listen::capacity(), reception.clone(), orders.stop.clone());
    let ((), ended) = tokio::join!(requests, service);
    let failed = match ended {
        Ok(Some(app)) => {
            close(app).await;
            None
        }
        Ok(None) => None,
        Err(failure) => Some(failure),
    };
    // After a failure too: it is then that somebody looks for what came before.
    telemetry.stop().await;
    if let Some(failure) = failed {
        return Err(failure);
    }
    tracing::info!("stopped");
    Ok(())
}

/// Sends mail until told to stop.
pub(super) async fn worker(place: &Place) -> Result<(), Failure> {
    let (config, _) = load(&place.overrides(), environment())?;
    let telemetry = telemetry::start(config.log_format, config.traces.as_ref());
    let metrics = bind_metrics(&config).await?;
    let orders = Orders::listen(Duration::ZERO)?;
    let nothing = async |_: &App| Ok(());
    let start = Box::pin(start(&config, config.listen, false, nothing));
    let started = orders.obey(start).await;
    if let Some((app, ())) = started.transpose()? {
        tracing::info!("ready to send mail");
        let (run, stop) = (worker::run(&app, orders.stop.clone()), orders.stop.clone());
        let watched = serve_metrics(&app, metrics, stop.clone());
        tokio::join!(run, worker::follow_keys(&app, stop), watched);
        close(app).await;
    }
    telemetry.stop().await;
    tracing::info!("stopped");
    Ok(())
}

/// Closes the database; one that does not answer is left to notice by itself.
async fn close(app: App) {
    let (tokens, sessions) = (app.access_tokens.recognised(), app.store.recalled_sessions());
    tracing::debug!(
        tokens.recognised = tokens.hits,
        tokens.verified = tokens.misses,
        sessions.recalled = sessions.hits,
        sessions.read = sessions.misses,
        "what was remembered"
    );
    if tokio::time::timeout(LAST_WORDS, app.store.close()).await.is_err() {
        tracing::warn!("the database did not close in time");
    }
}

async fn bind_metrics(config: &Config) -> Result<Option<TcpListener>, Failure> {
    match config.metrics {
        Some(address) => bind("metrics.listen", address).await.map(Some),
        None => Ok(None),
    }
}

/// Tells whoever asks for metrics, until told to stop.
async fn serve_metrics(app: &App, listener: Option<TcpListener>, stop: CancellationToken) {
    if let (Some(listener), Some(endpoint)) = (listener, app.metrics_endpoint()) {
        if let Ok(address) = listener.local_addr() {
            tracing::info!(address = %format!("http://{address}/metrics"), "metrics are served");
        }
        listen::serve(listener, MONITORS, endpoint, stop).await;
    }
}

async fn bind(key: &str, address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        let at = format!("{key} = {address}");
        Failure::configuration(at, format!("cannot be listened on ({error}); choose another"))
    })
}

/// Builds the service, waits for its database, brings it up to date, and asks it for what has to be
/// known.
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
                tracing::warn!(reason = %failure, "the database went away again");
                sleep(PAUSE).await;
            }
            Err(failure) => return Err(failure),
        }
    }
}

/// Returns when the database can be worked with; says why it cannot, once for each reason.
async fn wait_for_database(app: &App) -> Result<(), Failure> {
    let mut said = String::new();
    while let Err(error) = app.store.visit().await {
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

async fn news(app: &App) -> Result<News, Failure> {
    Ok(News {
        setup_link: app.setup.prepare().await?.map(|link| app.setup_link(&link)),
        mail_is_set_up: app.mail_setup.is_set_up().await?,
    })
}

/// Says what is served where; the last line tells scripts that requests are accepted.
fn announce(app: &App, config: &Config, address: SocketAddr, news: &News) -> Result<(), Failure> {
    if telemetry::is_json(config.log_format) {
        for warning in first_run::warnings(config, news) {
            tracing::warn!("{warning}");
        }
    } else {
        use std::io::Write as _;
        let screen = first_run::screen(app, config, news);
        std::io::stderr().write_all(screen.as_bytes())?;
    }
    tracing::info!(target: telemetry::ALWAYS, address = %format!("http://{address}"), "ready");
    Ok(())
}

/// What SIGTERM and Ctrl-C ask for.
struct Orders {
    /// Readiness turns first.
    draining: Arc<AtomicBool>,
    /// The process is asked to stop.
    asked: CancellationToken,
    /// It stops: after SIGTERM requests are accepted for a while longer, unless a second signal says
    /// that it is urgent.
    stop: CancellationToken,
}

impl Orders {
    fn listen(drain: Duration) -> Result<Self, Failure> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let (draining, asked, stop) = Default::default();
        let orders = Self { draining, asked, stop };
        let (draining, asked, stop) =
            (orders.draining.clone(), orders.asked.clone(), orders.stop.clone());
        #[expect(clippy::disallowed_methods, reason = "this is what shutdown waits for")]
        tokio::spawn(async move {
            let drain = tokio::select! {
                _ = terminate.recv() => drain,
                _ = interrupt.recv() => Duration::ZERO,
            };
            tracing::info!("stopping: requests and mails under way are finished first");
            draining.store(true, Ordering::Relaxed);
            asked.cancel();
            tokio::select! {
                () = sleep(drain) => {}
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            stop.cancel();
        });
        Ok(orders)
    }

    /// Does something that is dropped when the process is asked to stop: nobody is served yet.
    async fn obey<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.asked.run_until_cancelled(work).await
    }
}
