//! Logging, as text on a terminal and as JSON lines otherwise, and the export of traces.

use std::io::IsTerminal;

use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::{Directive, filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt, registry};

use crate::config::{LogFormat, TracesConfig};
use crate::traces::{TARGET, Traces};

/// Target of log lines that scripts wait for; written at any `RUST_LOG`.
pub(crate) const ALWAYS: &str = "vestibule::always";

/// The running exporter of traces, if configured.
#[must_use]
pub(crate) struct Telemetry(Option<Traces>);

impl Telemetry {
    /// Exports the remaining spans.
    pub(crate) async fn stop(self) {
        if let Some(traces) = self.0 {
            traces.stop().await;
        }
    }
}

/// Starts logging to standard error, and tracing if configured. `RUST_LOG` sets the level, by
/// default `info`.
pub(crate) fn start(format: LogFormat, traces: Option<&TracesConfig>) -> Telemetry {
    let traces = traces.map(Traces::start);
    let spans = traces.as_ref().map(Traces::layer);
    // A second start, as in tests, keeps the settings of the first one.
    let _ = registry().with(lines(format)).with(spans).try_init();
    // The message of a panic may contain secrets; its location does not.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic");
    }));
    Telemetry(traces)
}

/// Creates the layer that writes log lines.
fn lines<S>(format: LogFormat) -> impl Layer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let filter = filter.add_directive(always());
    let lines = if is_json(format) {
        let json = fmt::layer().json().flatten_event(true).with_span_list(false);
        json.with_writer(std::io::stderr).boxed()
    } else {
        let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        fmt::layer().with_ansi(colours).with_writer(std::io::stderr).boxed()
    };
    lines.with_filter(filter).with_filter(filter_fn(may_speak))
}

fn always() -> Directive {
    let mut directive = Directive::from(Level::INFO);
    if let Ok(named) = format!("{ALWAYS}=info").parse() {
        directive = named;
    }
    directive
}

/// Returns `true` if log lines are JSON.
pub(crate) fn is_json(format: LogFormat) -> bool {
    match format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !std::io::stderr().is_terminal(),
    }
}

/// Returns the filter of log lines. Libraries log warnings only: at lower levels they log headers,
/// bodies and statements with values, which may be secret. Spans for traces are not logged.
fn may_speak(event: &Metadata<'_>) -> bool {
    let is_loud = *event.level() <= Level::WARN || event.target().starts_with("vestibule");
    is_loud && event.target() != TARGET
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_collector_nobody_takes_the_spans_of_traces() {
        let logging = registry().with(lines(LogFormat::Json));
        tracing::subscriber::with_default(logging, || {
            assert!(tracing::error_span!(target: TARGET, "request").is_disabled());
            assert!(!tracing::error_span!("request").is_disabled(), "but those of lines are");
        });
    }
}
