//! Authentication of administrators, by access token, or by browser session for requests from the
//! service's own pages.

use poem::http::{HeaderMap, header};
use poem::{Request, RequestBody, Result};
use poem_openapi::auth::{Bearer, BearerAuthorization};
use poem_openapi::registry::{MetaSecurityScheme, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use vestibule_domain::model::client::{FetchMetadata, RequestOrigin};
use vestibule_domain::use_cases::admin_context::AdminContext;
use vestibule_domain::use_cases::authenticated_session::AuthenticatedSession;

use super::failed;
use crate::bearer::{self, Signed};
use crate::client_ip::client;
use crate::error::ApiError;
use crate::state::ApiState;

const SESSION: &str = "session";

/// The administrator of a request.
///
/// Implemented by hand: the derive macro of poem-openapi tries schemes one after the other, and has
/// no cookies with a configurable name.
pub(super) struct Administrator(pub(super) AdminContext);

impl<'a> ApiExtractor<'a> for Administrator {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        Signed::register(registry);
        registry.create_security_scheme(
            SESSION,
            MetaSecurityScheme {
                ty: "apiKey",
                description: Some(
                    "A browser session from `/login`, if the request has no `Authorization`. All \
                     methods except GET and HEAD require `Sec-Fetch-Site: same-origin` or, without \
                     that header, the service's origin in `Origin`, which browsers send. With a plain \
                     HTTP public URL the name has no prefix `__Host-`.",
                ),
                name: Some("__Host-vestibule_session"),
                key_in: Some("cookie"),
                scheme: None,
                bearer_format: None,
                flows: None,
                openid_connect_url: None,
            },
        );
    }

    fn security_schemes() -> Vec<&'static str> {
        let mut either = Signed::security_schemes();
        either.push(SESSION);
        either
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<Self::ParamType>,
    ) -> Result<Self> {
        let actor = if request.headers().contains_key(header::AUTHORIZATION) {
            bearer::authenticate(request, Bearer::from_request(request)?).await?
        } else {
            by_cookie(request).await?
        };
        Ok(Self(AdminContext::of(actor).map_err(failed)?))
    }
}

/// Authenticates the browser session of a request.
///
/// Checks the request origin first, so that a refused request does not count as use of the session.
async fn by_cookie(request: &Request) -> Result<AuthenticatedSession> {
    let state = ApiState::of(request)?;
    let key = only_cookie(request.headers(), &state.session_cookie)
        .ok_or_else(ApiError::unauthenticated)?;
    if !request.method().is_safe() && !is_own(request, &state.public_origin) {
        return Err(ApiError::cross_site().into());
    }
    Ok(state.sessions.authenticate_browser(key, &client(request)).await.map_err(failed)?)
}

/// Returns the value of a cookie; `None` if there are two of that name, because another host may
/// have set one.
fn only_cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter();
    // As bytes, because cookies of other applications may have any encoding.
    let pairs = lines.flat_map(|line| line.as_bytes().split(|b| *b == b';'));
    let mut values = pairs
        .filter_map(|pair| pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"="));
    let value = values.next().filter(|_| values.next().is_none())?;
    std::str::from_utf8(value).ok()
}

/// Returns `true` if a page of the service sent the request. Without fetch metadata it is refused,
/// because the API has no form token.
fn is_own(request: &Request, own_origin: &str) -> bool {
    let fetch_metadata = request.extensions().get::<FetchMetadata>();
    fetch_metadata.is_some_and(|page| page.request_origin(own_origin) == RequestOrigin::SameOrigin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_counts_by_its_exact_name_and_if_it_is_the_only_one() {
        for (lines, value) in [
            (vec!["s=1"], Some("1")),
            (vec!["a=b; s=1;c"], Some("1")),
            (vec!["a=b", "s=1"], Some("1")),
            (vec!["s="], Some("")),
            (vec!["s=1=2"], Some("1=2")),
            (vec!["s=1; s=1"], None),
            (vec!["s=1", "s=2"], None),
            (vec!["S=1; xs=1; s x=1; s"], None),
            (vec![], None),
        ] {
            let mut headers = HeaderMap::new();
            for line in &lines {
                headers.append(header::COOKIE, line.parse().unwrap());
            }
            assert_eq!(only_cookie(&headers, "s"), value, "{lines:?}");
        }
    }

    #[test]
    fn what_is_not_known_to_be_ours_is_not() {
        const OWN: &str = "https://accounts.example.com";
        for (site, origin, own) in [
            (Some("same-origin"), None, true),
            (Some("same-origin"), Some("null"), true),
            (Some("same-site"), Some(OWN), false),
            (Some("cross-site"), Some(OWN), false),
            (Some("none"), Some(OWN), false),
            (Some(""), Some(OWN), false),
            (None, Some(OWN), true),
            (None, Some("null"), false),
            (None, Some("https://evil.example"), false),
            (None, None, false),
        ] {
            let mut request = Request::default();
            request.extensions_mut().insert(FetchMetadata::new(site, origin));
            assert_eq!(is_own(&request, OWN), own, "{site:?} {origin:?}");
        }
        assert!(!is_own(&Request::default(), OWN));
    }
}
