//! The JSON API: documented, thin, stateless.
//!
//! Every operation parses its input, calls one use case and presents the outcome; rules live in
//! the domain. The API structs hold nothing, so the document can be printed without a database;
//! what operations need reaches them as [`State`].

mod accounts;
mod admin;
mod allow;
mod bearer;
mod body;
mod client;
mod closed;
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
mod request_id;
mod revocations;
mod sessions;
mod state;
mod views;

use poem::middleware::{AddData, CatchPanic};
use poem::{Endpoint, EndpointExt, Response, Route};
use poem_openapi::{LicenseObject, OpenApiService, ServerObject, Tags};

pub use client::{ClientAddress, TrustedProxies};
pub use error::respond;
pub use health::starting;
pub use keys::PublishedKey;
pub use observer::{Answered, Observer, TraceIds, operation_of};
/// The framework, in the version that everything here belongs to.
pub use poem;
pub use request_id::{Requests, X_REQUEST_ID};
pub use state::State;

/// The chapters of the document.
#[derive(Tags)]
enum Tag {
    /// Accounts and sessions: sign up, sign in, recover, change.
    Authentication,
    /// Password reset for front ends that bring their own pages.
    #[oai(rename = "Password reset")]
    PasswordReset,
    /// Accounts of other people, and where mail goes: for administrators.
    Administration,
    /// Public keys for services that verify access tokens by themselves.
    Keys,
    /// Probes for load balancers and process managers.
    Operations,
}

type Api = (
    accounts::Accounts,
    sessions::Sessions,
    recovery::Recovery,
    password_reset::PasswordReset,
    admin::Settings,
    admin::Users,
    admin::Mails,
    admin::Events,
    keys::Keys,
    revocations::Revocations,
    health::Health,
);

/// Where the words of both licences are found.
const LICENSES: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/README.md");

fn service() -> OpenApiService<Api, ()> {
    let api = (
        accounts::Accounts,
        sessions::Sessions,
        recovery::Recovery,
        password_reset::PasswordReset,
        admin::Settings,
        admin::Users,
        admin::Mails,
        admin::Events,
        keys::Keys,
        revocations::Revocations,
        health::Health,
    );
    let description = "User accounts for a service: sign-up, sign-in with PASETO tokens, password \
                       recovery by e-mail, sessions.\n\nEvery answer with a status of 400 or more \
                       is a problem detail (RFC 9457) with a stable `code`.";
    OpenApiService::new(api, "Vestibule", env!("CARGO_PKG_VERSION"))
        .description(description)
        .license(LicenseObject::new("MIT OR Apache-2.0").url(LICENSES))
        .server(ServerObject::new("/").description("Where this document comes from"))
        .url_prefix("")
}

/// The OpenAPI document as JSON. Needs no state, no database and no configuration.
pub fn openapi_json() -> String {
    let mut document = closed::in_json(&service().spec());
    document.push('\n');
    document
}

/// The OpenAPI document as YAML.
pub fn openapi_yaml() -> String {
    closed::in_yaml(&service().spec_yaml())
}

/// The API with its documents, for the composition root to mount at `/`.
///
/// Paths it does not know are not found; whoever has pages looks there first. Wrap the whole in
/// [`protect`]. Paths of one's own are added with [`Route::at`], and ask [`State::signed_in`] who
/// calls.
pub fn routes(state: State) -> Route {
    Route::new()
        .nest_no_strip("/", service().with(AddData::new(state)))
        .at("/docs", docs::page(&service()))
        .at("/openapi.json", docs::json(openapi_json()))
        .at("/openapi.yaml", docs::yaml(openapi_yaml()))
}

/// What every request passes through: an id, the client's address, bounds on the body, problem
/// details for every error, and headers that keep answers out of caches and frames.
///
/// An error of a path of one's own that is a whole answer ([`poem::Error::from_response`]) is left
/// as it is. Any other becomes one of the API's, which knows the statuses of its own operations
/// only: a 4xx it does not know is told as 400. `Allow` on a 405 is added on the API's own paths; an
/// answer of a path of one's own has to bring it.
pub fn protect<E>(
    routes: E,
    client: ClientAddress,
    requests: Requests,
) -> impl Endpoint<Output = Response> + 'static
where
    E: Endpoint<Output = Response> + 'static,
{
    routes
        .with(body::BodyLimit)
        .with(deadline::Deadline)
        .with(CatchPanic::new().with_handler(error::Panicked))
        .catch_all_error(respond)
        .with(allow::AllowHeader::from_document(&openapi_json()))
        .with(requests)
        // Outermost: every line about a request says who called.
        .with(client)
}

/// The examples of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
