//! What a browser brings along: where to go next, cookies, and who has made it ask.

use std::cell::{LazyCell, RefCell};

use poem::Request;
use poem::http::{HeaderValue, Method};
use url::Url;

use crate::input::Input;
use crate::runtime::block_on;
use crate::site::{ORIGIN, Site};

const SESSION: &str = "__Host-vestibule_session";

thread_local! {
    static SITE: LazyCell<RefCell<Site>> =
        const { LazyCell::new(|| RefCell::new(block_on(Site::new()))) };
}

fn get(target: &str) -> poem::RequestBuilder {
    Request::builder().method(Method::GET).uri(target.parse().unwrap())
}

/// A text as the page to go to after signing in.
///
/// # Panics
/// When it leads anywhere but to the service itself.
pub(crate) fn next(data: &[u8]) {
    let next: String =
        url::form_urlencoded::byte_serialize(String::from_utf8_lossy(data).as_bytes()).collect();
    let answers = SITE.with(|site| {
        let site = site.borrow();
        let cookie = format!("{SESSION}={}", site.key);
        let seen = get(&format!("/login?next={next}")).header("Cookie", cookie).finish();
        let chosen = Request::builder()
            .method(Method::POST)
            .uri("/preferences/theme".parse().unwrap())
            .content_type("application/x-www-form-urlencoded")
            .header("Sec-Fetch-Site", "same-origin")
            .body(format!("theme=dark&back={next}"));
        block_on(async { [site.send(seen).await, site.send(chosen).await] })
    });
    for answer in answers {
        let location = answer.location.as_deref().unwrap_or_default();
        assert!(answer.status == 303 && location.starts_with('/'), "{next}: {answer:?}");
        let whole = Url::parse(ORIGIN).unwrap().join(location).unwrap();
        assert_eq!(whole.origin().ascii_serialization(), ORIGIN, "{next}: {location}");
        assert!(!location.contains(['\\', '\r', '\n', '\t']), "{next}: {location}");
    }
}

/// A `Cookie` header that somebody else has written before or after the session's own cookie.
///
/// # Panics
/// When a neighbour's cookies change who somebody is, but for a second one of the same name, with
/// which somebody is nobody.
pub(crate) fn cookies(data: &[u8]) {
    let named = format!("{SESSION}=");
    let planted = data.split(|b| *b == b';').map(<[u8]>::trim_ascii);
    let rivals = planted.filter(|pair| pair.starts_with(named.as_bytes())).count();
    SITE.with(|site| {
        let site = site.borrow();
        let own = [named.as_bytes(), site.key.as_bytes()].concat();
        let Ok(alone) = HeaderValue::from_bytes(data) else {
            return;
        };
        let account = |cookies: &HeaderValue| get("/account").header("Cookie", cookies).finish();
        for [first, second] in [[data, &own], [&own, data]] {
            let whole = HeaderValue::from_bytes(&[first, b"; ", second].concat()).unwrap();
            let both = block_on(site.send(account(&whole)));
            assert_eq!(both.status == 200, rivals == 0, "{whole:?}: {}", both.status);
        }
        if !data.windows(site.key.len()).any(|part| part == site.key.as_bytes()) {
            let planted = block_on(site.send(account(&alone)));
            assert_eq!(planted.status, 303, "{alone:?}");
        }
    });
}

/// `Sec-Fetch-Site`, `Origin` and a form, as another site might have them sent.
///
/// # Panics
/// When somebody is signed out by another site, or cannot sign out on one of our pages.
pub(crate) fn forgery(data: &[u8]) {
    let mut input = Input::new(data);
    let [sites, origins] = [input.line(), input.line()].map(|line| {
        // Several headers of one name are divided by a bar; none at all is a dash.
        let values = line.split('|').filter(|value| *value != "-");
        values.filter_map(|value| HeaderValue::from_str(value).ok()).collect::<Vec<_>>()
    });
    let is_ours = match (sites.as_slice(), origins.as_slice()) {
        ([site], _) => site == "same-origin",
        ([], [origin]) => origin == ORIGIN,
        _ => false,
    };
    SITE.with(|site| {
        let mut site = site.borrow_mut();
        let mut request = Request::builder()
            .method(Method::POST)
            .uri("/logout".parse().unwrap())
            .content_type("application/x-www-form-urlencoded")
            .header("Cookie", format!("{SESSION}={}", site.key))
            .body(input.rest().to_vec());
        for (name, values) in [("sec-fetch-site", &sites), ("origin", &origins)] {
            for value in values {
                request.headers_mut().append(name, value.clone());
            }
        }
        block_on(async {
            let answer = site.send(request).await;
            let is_over = !site.is_signed_in().await;
            assert_eq!(is_over, is_ours, "{sites:?} {origins:?}: {answer:?}");
            assert_eq!(answer.status == 403, !is_ours, "{sites:?} {origins:?}: {answer:?}");
            if is_over {
                site.open_browser().await;
            }
        });
    });
}
