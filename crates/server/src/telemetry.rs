//! Log lines: text for people at a terminal, one JSON object a line for everybody else.

use std::io::IsTerminal;

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{Directive, filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt, registry};

use crate::config::LogFormat;

/// The target of lines that scripts wait for: they are written whatever `RUST_LOG` says.
pub(crate) const ALWAYS: &str = "vestibule::always";

/// Starts logging to standard error. `RUST_LOG` sets the level; without it, `info`.
pub(crate) fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let filter = filter.add_directive(always());
    let lines = if is_json(format) {
        let json = fmt::layer().json().flatten_event(true).with_span_list(false);
        json.with_writer(std::io::stderr).boxed()
    } else {
        let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        fmt::layer().with_ansi(colours).with_writer(std::io::stderr).boxed()
    };
    let lines = lines.with_filter(filter).with_filter(filter_fn(may_speak));
    // A second start, as in tests, keeps the first one's settings.
    let _ = registry().with(lines).try_init();
    // What a panic says may hold anything; where it happened does not.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic");
    }));
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
/// not get secrets into a file with them.
fn may_speak(event: &Metadata<'_>) -> bool {
    *event.level() <= Level::WARN || event.target().starts_with("vestibule")
}
