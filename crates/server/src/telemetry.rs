//! Log lines: text for people at a terminal, one JSON object a line for everybody else. And who
//! listens to traces, if anybody does.

use std::io::IsTerminal;

use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::{Directive, filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt, registry};

use crate::config::{LogFormat, TracesConfig};
use crate::traces::{TARGET, Traces};

/// The target of lines that scripts wait for: they are written whatever `RUST_LOG` says.
pub(crate) const ALWAYS: &str = "vestibule::always";

/// What was started.
#[must_use]
pub(crate) struct Telemetry(Option<Traces>);

impl Telemetry {
    /// Exports what waits to be exported.
    pub(crate) async fn stop(self) {
        if let Some(traces) = self.0 {
            traces.stop().await;
        }
    }
}

/// Starts logging to standard error, and tracing if it is configured. `RUST_LOG` sets the level of
/// lines; without it, `info`.
pub(crate) fn start(format: LogFormat, traces: Option<&TracesConfig>) -> Telemetry {
    let traces = traces.map(Traces::start);
    let spans = traces.as_ref().map(Traces::layer);
    // A second start, as in tests, keeps the first one's settings.
    let _ = registry().with(lines(format)).with(spans).try_init();
    // What a panic says may hold anything; where it happened does not.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic");
    }));
    Telemetry(traces)
}

/// What writes lines.
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

/// Whether log lines are JSON.
pub(crate) fn is_json(format: LogFormat) -> bool {
    match format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !std::io::stderr().is_terminal(),
    }
}

/// Libraries warn, and otherwise leave the word to us. What they say at lower levels includes
/// headers, bodies and statements with their values: whoever asks for more of our own lines should
/// not get secrets into a file with them. Spans for traces are nothing for lines, whatever their level.
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
