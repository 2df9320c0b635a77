//! The endpoint that `doctor` calls at the public URL, to learn which client IP the service sees.
//!
//! The question is sealed with a key of the installation. All other requests get 404.

use std::sync::Arc;

use poem::endpoint::make;
use poem::http::{StatusCode, header};
use poem::{Error, Request, Response, Route, get};
use serde_json::json;
use time::OffsetDateTime;
use vestibule_domain::model::client::ClientInfo;
use vestibule_domain::ports::{Clock, SealError, SealPurpose, Sealer};

/// The path.
pub(crate) const PATH: &str = "/health/probe";
/// The header with the sealed question.
pub(crate) const HEADER: &str = "x-vestibule-probe";
/// Lifetime of a question in seconds, and maximum difference of two clocks.
const LIFE: i64 = 60;
/// Maximum length of a returned header.
const MAX_FORWARDED: usize = 500;

/// Creates a question at the current time.
///
/// # Errors
/// If there is no key to seal it.
pub(crate) fn question(sealer: &dyn Sealer, now: OffsetDateTime) -> Result<String, SealError> {
    sealer.seal(SealPurpose::Probe, &now.unix_timestamp().to_string())
}

/// Adds the endpoint to the routes.
pub(crate) fn add(routes: Route, sealer: Arc<dyn Sealer>, clock: Arc<dyn Clock>) -> Route {
    let answer = make(move |request: Request| {
        let is_ours = is_ours(&request, &*sealer, clock.now());
        async move { if is_ours { Ok(answer(&request)) } else { Err(nothing_here()) } }
    });
    routes.at(PATH, get(answer))
}

fn nothing_here() -> Error {
    Error::from_status(StatusCode::NOT_FOUND)
}

fn is_ours(request: &Request, sealer: &dyn Sealer, now: OffsetDateTime) -> bool {
    let opened = request
        .header(HEADER)
        .and_then(|question| sealer.open(SealPurpose::Probe, question))
        .and_then(|moment| moment.parse::<i64>().ok());
    opened.is_some_and(|asked| now.unix_timestamp().abs_diff(asked) <= LIFE.unsigned_abs())
}

/// Returns the peer address, the headers `X-Forwarded-For` and `traceparent`, and the client IP.
fn answer(request: &Request) -> Response {
    let client = request.extensions().get::<ClientInfo>().and_then(|client| client.ip);
    let peer = request.remote_addr().as_socket_addr().map(|peer| peer.ip().to_canonical());
    let body = json!({
        "peer": peer.map(|peer| peer.to_string()),
        "forwarded": all(request, "x-forwarded-for"),
        "client": client.map(|client| client.to_string()),
        "traceparent": all(request, "traceparent"),
    });
    Response::builder().header(header::CONTENT_TYPE, "application/json").body(body.to_string())
}

/// Returns all headers of a name, joined.
fn all(request: &Request, name: &str) -> String {
    let values = request.headers().get_all(name).iter();
    let values: Vec<_> =
        values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect();
    values.join(", ").chars().take(MAX_FORWARDED).collect()
}

#[cfg(test)]
mod tests {
    use time::Duration;
    use vestibule_domain::ports::SystemClock;
    use vestibule_testkit::sealer::TestSealer;

    use super::*;

    #[test]
    fn a_question_is_good_for_a_minute_and_for_nothing_else() {
        let (sealer, now) = (TestSealer::default(), SystemClock.now());
        let asked = question(&sealer, now).unwrap();
        let is_answered = |question: &str, at| {
            is_ours(&Request::builder().header(HEADER, question).finish(), &sealer, at)
        };
        for seconds in [-60, 0, 60] {
            assert!(is_answered(&asked, now + Duration::seconds(seconds)), "{seconds}");
        }
        for seconds in [-62, 62, 86_400] {
            assert!(!is_answered(&asked, now + Duration::seconds(seconds)), "{seconds}");
        }
        let moment = now.unix_timestamp().to_string();
        let other = sealer.seal(SealPurpose::Flash, &moment).unwrap();
        for stranger in [&moment, &other, ""] {
            assert!(!is_answered(stranger, now), "{stranger}");
        }
        assert!(!is_ours(&Request::builder().finish(), &sealer, now), "nothing was asked");
    }
}
