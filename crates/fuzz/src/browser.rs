//! Targets `next`, `cookies` and `forgery`: redirects after sign-in, cookies and cross-site
//! requests.

use std::cell::{LazyCell, RefCell};

use poem::Request;
use poem::http::{HeaderValue, Method};
use url::Url;

use crate::input::Input;
use crate::runtime::block_on;
use crate::test_app::{ORIGIN, TestApp};

const SESSION: &str = "__Host-vestibule_session";

thread_local! {
    static APP: LazyCell<RefCell<TestApp>> =
        const { LazyCell::new(|| RefCell::new(block_on(TestApp::new()))) };
}

fn get(target: &str) -> poem::RequestBuilder {
    Request::builder().method(Method::GET).uri(target.parse().unwrap())
}

/// Uses the input as the page to redirect to after signing in.
///
/// # Panics
/// Panics if the redirect leaves the service's origin.
pub(crate) fn next(data: &[u8]) {
    let next: String =
        url::form_urlencoded::byte_serialize(String::from_utf8_lossy(data).as_bytes()).collect();
    let responses = APP.with(|app| {
        let app = app.borrow();
        let cookie = format!("{SESSION}={}", app.key);
        let seen = get(&format!("/login?next={next}")).header("Cookie", cookie).finish();
        let chosen = Request::builder()
            .method(Method::POST)
            .uri("/preferences/theme".parse().unwrap())
            .content_type("application/x-www-form-urlencoded")
            .header("Sec-Fetch-Site", "same-origin")
            .body(format!("theme=dark&back={next}"));
        block_on(async { [app.send(seen).await, app.send(chosen).await] })
    });
    for response in responses {
        let location = response.location.as_deref().unwrap_or_default();
        assert!(response.status == 303 && location.starts_with('/'), "{next}: {response:?}");
        let whole = Url::parse(ORIGIN).unwrap().join(location).unwrap();
        assert_eq!(whole.origin().ascii_serialization(), ORIGIN, "{next}: {location}");
        assert!(!location.contains(['\\', '\r', '\n', '\t']), "{next}: {location}");
    }
}

/// Sends the input as other cookies before or after the session cookie.
///
/// # Panics
/// Panics if other cookies change the user. Two session cookies must be treated as signed out.
pub(crate) fn cookies(data: &[u8]) {
    let named = format!("{SESSION}=");
    let planted = data.split(|b| *b == b';').map(<[u8]>::trim_ascii);
    let rivals = planted.filter(|pair| pair.starts_with(named.as_bytes())).count();
    APP.with(|app| {
        let app = app.borrow();
        let own = [named.as_bytes(), app.key.as_bytes()].concat();
        let Ok(alone) = HeaderValue::from_bytes(data) else {
            return;
        };
        let account = |cookies: &HeaderValue| get("/account").header("Cookie", cookies).finish();
        for [first, second] in [[data, &own], [&own, data]] {
            let whole = HeaderValue::from_bytes(&[first, b"; ", second].concat()).unwrap();
            let both = block_on(app.send(account(&whole)));
            assert_eq!(both.status == 200, rivals == 0, "{whole:?}: {}", both.status);
        }
        if !data.windows(app.key.len()).any(|part| part == app.key.as_bytes()) {
            let planted = block_on(app.send(account(&alone)));
            assert_eq!(planted.status, 303, "{alone:?}");
        }
    });
}

/// Sends a sign-out as a cross-site request could.
///
/// Input: `Sec-Fetch-Site` and `Origin` on a line each, and the form.
///
/// # Panics
/// Panics if a cross-site request signs the user out, or if a same-origin request does not.
pub(crate) fn forgery(data: &[u8]) {
    let mut input = Input::new(data);
    let [sites, origins] = [input.line(), input.line()].map(|line| {
        // A bar separates several headers of the same name; a dash stands for none.
        let values = line.split('|').filter(|value| *value != "-");
        values.filter_map(|value| HeaderValue::from_str(value).ok()).collect::<Vec<_>>()
    });
    let is_same_origin = match (sites.as_slice(), origins.as_slice()) {
        ([site], _) => site == "same-origin",
        ([], [origin]) => origin == ORIGIN,
        _ => false,
    };
    APP.with(|app| {
        let mut app = app.borrow_mut();
        let mut request = Request::builder()
            .method(Method::POST)
            .uri("/logout".parse().unwrap())
            .content_type("application/x-www-form-urlencoded")
            .header("Cookie", format!("{SESSION}={}", app.key))
            .body(input.rest().to_vec());
        for (name, values) in [("sec-fetch-site", &sites), ("origin", &origins)] {
            for value in values {
                request.headers_mut().append(name, value.clone());
            }
        }
        block_on(async {
            let response = app.send(request).await;
            let is_signed_out = !app.is_signed_in().await;
            assert_eq!(is_signed_out, is_same_origin, "{sites:?} {origins:?}: {response:?}");
            assert_eq!(
                response.status == 403,
                !is_same_origin,
                "{sites:?} {origins:?}: {response:?}"
            );
            if is_signed_out {
                app.open_browser().await;
            }
        });
    });
}
