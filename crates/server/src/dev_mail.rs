//! `/dev/mail`: the pages of the dev mailbox.
#![expect(clippy::needless_pass_by_value, reason = "handlers take their extractors by value")]

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::{Environment, context};
use poem::http::{StatusCode, header};
use poem::web::{Data, Path};
use poem::{EndpointExt, Error, Request, Response, Result, Route, get, handler};
use serde_json::json;
use vestibule_mail::{DevMail, DevMailbox};

const PAGE: &str = include_str!("dev_mail.html");

/// Content security policy of a mail: styles and links only, no scripts and no other resources.
const MAIL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; \
                           sandbox allow-popups allow-popups-to-escape-sandbox";
const PAGE_POLICY: &str = "default-src 'none'; frame-src 'self'; style-src 'unsafe-inline'; \
                           base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Adds the pages to the routes.
pub(crate) fn add(routes: Route, kept: Arc<DevMailbox>) -> Route {
    routes
        .at("/dev/mail", get(list).data(kept.clone()).before(only_here))
        .at("/dev/mail.json", get(list_json).data(kept.clone()).before(only_here))
        .at("/dev/mail/:id", get(html_part).data(kept).before(only_here))
}

/// Refuses requests with another `Host` than the own address, against DNS rebinding.
async fn only_here(request: Request) -> Result<Request> {
    let host = request.header(header::HOST).or(request.uri().host()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, port)| {
        if port.bytes().all(|b| b.is_ascii_digit()) { name } else { host }
    });
    if ["localhost", "127.0.0.1", "[::1]"].contains(&name) {
        return Ok(request);
    }
    Err(Error::from_status(StatusCode::NOT_FOUND))
}

#[handler]
fn list(kept: Data<&Arc<DevMailbox>>) -> Response {
    let mails: Vec<_> = kept.list().into_iter().rev().map(as_context).collect();
    let mut environment = Environment::new();
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    let page = environment
        .add_template("dev_mail.html", PAGE)
        .and_then(|()| environment.get_template("dev_mail.html")?.render(context! { mails }));
    match page {
        Ok(page) => answer("text/html; charset=utf-8", PAGE_POLICY, page),
        Err(error) => {
            tracing::error!(%error, "the dev mailbox cannot be shown");
            StatusCode::INTERNAL_SERVER_ERROR.into()
        }
    }
}

#[handler]
fn list_json(kept: Data<&Arc<DevMailbox>>) -> Response {
    let mails: Vec<_> = kept.list().iter().map(as_json).collect();
    let body = serde_json::Value::from(mails).to_string();
    Response::builder().content_type("application/json").body(body)
}

#[handler]
fn html_part(kept: Data<&Arc<DevMailbox>>, id: Path<String>) -> Result<Response> {
    let mail = kept.list().into_iter().find(|mail| mail.id.to_string() == id.0);
    let mail = mail.ok_or_else(|| Error::from_status(StatusCode::NOT_FOUND))?;
    Ok(answer("text/html; charset=utf-8", MAIL_POLICY, mail.html))
}

fn answer(content_type: &str, policy: &str, body: String) -> Response {
    Response::builder()
        .content_type(content_type)
        .header(header::CONTENT_SECURITY_POLICY, policy)
        .header(header::X_FRAME_OPTIONS, "SAMEORIGIN")
        .body(body)
}

fn as_context(mail: DevMail) -> minijinja::Value {
    let DevMail { id, to, subject, text, .. } = mail;
    context! { id => id.to_string(), to, subject, text }
}

fn as_json(mail: &DevMail) -> serde_json::Value {
    let headers: BTreeMap<&str, &str> =
        mail.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    json!({
        "id": mail.id.to_string(),
        "to": mail.to,
        "subject": mail.subject,
        "text": mail.text,
        "html": mail.html,
        "headers": headers,
    })
}
