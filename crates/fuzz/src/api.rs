//! Bodies: whatever is sent, the answer is one of those that are documented.

use std::cell::RefCell;

use poem::Request;
use poem::http::Method;

use crate::input::Input;
use crate::runtime::block_on;
use crate::site::{Answer, ORIGIN, Site};

/// Accounts are made and changed; a fresh service now and then keeps that from adding up.
const REQUESTS_PER_SITE: u32 = 500;

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
    static SITE: RefCell<Option<(Site, u32)>> = const { RefCell::new(None) };
}

/// An operation, whether somebody is signed in, a query on a line, and a JSON body.
///
/// # Panics
/// When the service is at fault, or an error is no problem detail with a code.
pub(crate) fn json(data: &[u8]) {
    let mut input = Input::new(data);
    // From `A` on, so that there are enough readable ones.
    let at = usize::from(input.byte().wrapping_sub(b'A')) % OPERATIONS.len();
    let (method, path) = OPERATIONS[at].clone();
    let signed_in = input.byte() % 2 == 1;
    let query = input.line().into_owned();
    let answer = with_site(async |site| {
        let uri = format!("{path}?{query}").parse().unwrap_or_else(|_| path.parse().unwrap());
        let mut request = Request::builder()
            .method(method)
            .uri(uri)
            .content_type("application/json")
            .header("Origin", ORIGIN);
        if signed_in {
            request = request.header("Authorization", &site.token);
        }
        site.send(request.body(input.rest().to_vec())).await
    });
    assert!(answer.status < 500 || is_unavailable(&answer), "{path}: {answer:?}");
    if answer.status >= 400 {
        assert_eq!(answer.kind, "application/problem+json", "{path}: {answer:?}");
        let problem: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        let code = problem["code"].as_str().unwrap_or_default();
        assert!(!code.is_empty() && problem["status"] == answer.status, "{path}: {answer:?}");
    }
}

/// A form, whether somebody is signed in, and its fields, posted from one of our pages.
///
/// # Panics
/// When the service is at fault, or answers with anything but a page or another place to go to.
pub(crate) fn form(data: &[u8]) {
    let mut input = Input::new(data);
    let at = usize::from(input.byte().wrapping_sub(b'A')) % FORMS.len();
    let signed_in = input.byte() % 2 == 1;
    let path = FORMS[at];
    let answer = with_site(async |site| {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(path.parse().unwrap())
            .content_type("application/x-www-form-urlencoded")
            .header("Sec-Fetch-Site", "same-origin");
        if signed_in {
            request = request.header("Cookie", format!("__Host-vestibule_session={}", site.key));
        }
        site.send(request.body(input.rest().to_vec())).await
    });
    assert!(answer.status < 500 || is_unavailable(&answer), "{path}: {answer:?}");
    if answer.location.is_none() {
        assert!(answer.kind.starts_with("text/html"), "{path}: {answer:?}");
    }
}

/// What cannot be done without a mail relay.
fn is_unavailable(answer: &Answer) -> bool {
    matches!(answer.status, 502 | 503)
}

fn with_site(act: impl AsyncFnOnce(&Site) -> Answer) -> Answer {
    SITE.with_borrow_mut(|kept| {
        block_on(async {
            let fresh = match kept.take() {
                Some((site, requests)) if requests < REQUESTS_PER_SITE => (site, requests + 1),
                _ => (Site::new().await, 0),
            };
            let (site, _) = kept.insert(fresh);
            act(site).await
        })
    })
}
