//! Targets `json` and `form`: any request body gets a documented response.

use std::cell::RefCell;

use poem::Request;
use poem::http::Method;

use crate::input::Input;
use crate::runtime::block_on;
use crate::test_app::{ORIGIN, TestApp, TestResponse};

/// Requests until the app is replaced, so that accounts do not accumulate.
const REQUESTS_PER_APP: u32 = 500;

const OPERATIONS: [(Method, &str); 20] = [
    (Method::POST, "/api/v1/auth/signup"),
    (Method::POST, "/api/v1/auth/signin"),
    (Method::POST, "/api/v1/auth/change-password"),
    (Method::POST, "/api/v1/auth/refresh"),
    (Method::POST, "/api/v1/auth/forgot-password"),
    (Method::POST, "/api/v1/auth/reset-password"),
    (Method::POST, "/password-reset/request"),
    (Method::POST, "/password-reset/reset"),
    (Method::GET, "/password-reset/verify"),
    (Method::PUT, "/api/v1/admin/settings/smtp"),
    (Method::POST, "/api/v1/admin/settings/smtp/test"),
    (Method::GET, "/api/v1/admin/users"),
    (Method::PATCH, "/api/v1/admin/users/01890000-0000-7000-8000-000000000001"),
    (Method::DELETE, "/api/v1/admin/users/01890000-0000-7000-8000-000000000001"),
    (Method::GET, "/api/v1/admin/mail"),
    (Method::POST, "/api/v1/admin/mail/01890000-0000-7000-8000-000000000001/resend"),
    (Method::GET, "/api/v1/admin/audit"),
    (Method::GET, "/api/v1/auth/sessions"),
    (Method::DELETE, "/api/v1/auth/sessions/01890000-0000-7000-8000-000000000001"),
    (Method::GET, "/api/v1/auth/me"),
];

const FORMS: [&str; 12] = [
    "/login",
    "/signup",
    "/setup",
    "/account/password",
    "/password-reset",
    "/reset-password",
    "/reset_password_request",
    "/reset_password/abc",
    "/admin/settings",
    "/admin/users/01890000-0000-7000-8000-000000000001/deactivate",
    "/preferences/theme",
    "/preferences/language",
];

thread_local! {
    static APP: RefCell<Option<(TestApp, u32)>> = const { RefCell::new(None) };
}

/// Sends a JSON body to an operation of the API.
///
/// Input: an operation, signed in or not, a query on a line, and the body.
///
/// # Panics
/// Panics if the service reports an internal error, or if an error is not a problem detail with a
/// code.
pub(crate) fn json(data: &[u8]) {
    let mut input = Input::new(data);
    // Starts at `A`, so that seeds are readable.
    let at = usize::from(input.byte().wrapping_sub(b'A')) % OPERATIONS.len();
    let (method, path) = OPERATIONS[at].clone();
    let signed_in = input.byte() % 2 == 1;
    let query = input.line().into_owned();
    let response = with_app(async |app| {
        let uri = format!("{path}?{query}").parse().unwrap_or_else(|_| path.parse().unwrap());
        let mut request = Request::builder()
            .method(method)
            .uri(uri)
            .content_type("application/json")
            .header("Origin", ORIGIN);
        if signed_in {
            request = request.header("Authorization", &app.token);
        }
        app.send(request.body(input.rest().to_vec())).await
    });
    assert!(response.status < 500 || is_unavailable(&response), "{path}: {response:?}");
    if response.status >= 400 {
        assert_eq!(response.kind, "application/problem+json", "{path}: {response:?}");
        let problem: serde_json::Value = serde_json::from_str(&response.body).unwrap();
        let code = problem["code"].as_str().unwrap_or_default();
        assert!(!code.is_empty() && problem["status"] == response.status, "{path}: {response:?}");
    }
}

/// Posts a form from one of the service's own pages.
///
/// Input: a form, signed in or not, and the fields.
///
/// # Panics
/// Panics if the service reports an internal error, or if the response is neither a page nor a
/// redirect.
pub(crate) fn form(data: &[u8]) {
    let mut input = Input::new(data);
    let at = usize::from(input.byte().wrapping_sub(b'A')) % FORMS.len();
    let signed_in = input.byte() % 2 == 1;
    let path = FORMS[at];
    let response = with_app(async |app| {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(path.parse().unwrap())
            .content_type("application/x-www-form-urlencoded")
            .header("Sec-Fetch-Site", "same-origin");
        if signed_in {
            request = request.header("Cookie", format!("__Host-vestibule_session={}", app.key));
        }
        app.send(request.body(input.rest().to_vec())).await
    });
    assert!(response.status < 500 || is_unavailable(&response), "{path}: {response:?}");
    if response.location.is_none() {
        assert!(response.kind.starts_with("text/html"), "{path}: {response:?}");
    }
}

/// Returns `true` for the status of operations that need an SMTP server.
fn is_unavailable(response: &TestResponse) -> bool {
    matches!(response.status, 502 | 503)
}

fn with_app(send: impl AsyncFnOnce(&TestApp) -> TestResponse) -> TestResponse {
    APP.with_borrow_mut(|kept| {
        block_on(async {
            let current = match kept.take() {
                Some((app, requests)) if requests < REQUESTS_PER_APP => (app, requests + 1),
                _ => (TestApp::new().await, 0),
            };
            let (app, _) = kept.insert(current);
            send(app).await
        })
    })
}
