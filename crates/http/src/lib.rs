//! The JSON API and its OpenAPI document.
//!
//! Each operation parses its input, calls one use case and returns the result; rules are in the
//! domain. Use cases are passed as [`ApiState`] with each request, so the document can be printed
//! without a database.

mod accounts;
mod additional_properties;
mod admin;
mod allow_header;
mod bearer;
mod body;
mod client_ip;
mod deadline;
mod docs;
mod error;
mod health;
mod keys;
mod observer;
mod password_reset;
mod payload;
mod problem;
mod recovery;
mod request_context;
mod revocations;
mod sessions;
mod state;
mod tag;
mod views;

use poem::middleware::{AddData, CatchPanic};
use poem::{Endpoint, EndpointExt, Response, Route};
use poem_openapi::{LicenseObject, OpenApiService, ServerObject};

pub use client_ip::{ClientAddress, TrustedProxies};
pub use error::respond;
pub use health::starting;
pub use observer::{Answered, Observer, TraceIds, operation_of};
/// The web framework, in the version of this API.
pub use poem;
pub use request_context::{RequestContext, X_REQUEST_ID};
pub use state::ApiState;
pub use views::PublishedKey;

type Api = (
    accounts::AccountsApi,
    sessions::SessionsApi,
    recovery::RecoveryApi,
    password_reset::PasswordResetApi,
    admin::SettingsApi,
    admin::UsersApi,
    admin::MailsApi,
    admin::AuditLogApi,
    keys::KeysApi,
    revocations::RevocationsApi,
    health::HealthApi,
);

/// URL of the licences.
const LICENSES: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/README.md");

fn service() -> OpenApiService<Api, ()> {
    let api = (
        accounts::AccountsApi,
        sessions::SessionsApi,
        recovery::RecoveryApi,
        password_reset::PasswordResetApi,
        admin::SettingsApi,
        admin::UsersApi,
        admin::MailsApi,
        admin::AuditLogApi,
        keys::KeysApi,
        revocations::RevocationsApi,
        health::HealthApi,
    );
    let description = "User accounts for a service: sign-up, sign-in with PASETO tokens, password \
                       recovery by email, sessions.\n\nAll responses with a status of 400 or more \
                       are problem details (RFC 9457) with a stable `code`.";
    OpenApiService::new(api, "Vestibule", env!("CARGO_PKG_VERSION"))
        .description(description)
        .license(LicenseObject::new("MIT OR Apache-2.0").url(LICENSES))
        .server(ServerObject::new("/").description("This installation"))
        .url_prefix("")
}

/// Returns the OpenAPI document as JSON. Needs no state, database or configuration.
pub fn openapi_json() -> String {
    let mut document = additional_properties::in_json(&service().spec());
    document.push('\n');
    document
}

/// Returns the OpenAPI document as YAML.
pub fn openapi_yaml() -> String {
    additional_properties::in_yaml(&service().spec_yaml())
}

/// Returns the routes of the API and its documentation, to be mounted at `/`.
///
/// Unknown paths are 404. Wrap the routes in [`protect`]. Add custom paths with [`Route::at`], and
/// authenticate their requests with [`ApiState::signed_in`].
pub fn routes(state: ApiState) -> Route {
    Route::new()
        .nest_no_strip("/", service().with(AddData::new(state)))
        .at("/docs", docs::page(&service()))
        .at("/openapi.json", docs::json(openapi_json()))
        .at("/openapi.yaml", docs::yaml(openapi_yaml()))
}

/// Wraps routes in the middleware of all requests: request id, client IP, body limit, timeout,
/// problem details for errors, and headers against caching and framing.
///
/// An error of a custom path that is a complete response ([`poem::Error::from_response`]) stays as
/// it is. Others become problem details; a 4xx status that the API does not use becomes 400. `Allow`
/// on 405 is added for the API's own paths only.
pub fn protect<E>(
    routes: E,
    client: ClientAddress,
    requests: RequestContext,
) -> impl Endpoint<Output = Response> + 'static
where
    E: Endpoint<Output = Response> + 'static,
{
    routes
        .with(body::BodyLimit)
        .with(deadline::Deadline)
        .with(CatchPanic::new().with_handler(error::Panicked))
        .catch_all_error(respond)
        .with(allow_header::AllowHeader::from_document(&openapi_json()))
        .with(requests)
        // Outermost, so that all log lines of a request contain the client IP.
        .with(client)
}

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
