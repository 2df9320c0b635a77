//! Who may administer: whoever holds an administrator's access token, or an administrator's browser
//! session while one of our own pages makes the request.

use poem::http::{HeaderMap, header};
use poem::{Request, RequestBody, Result};
use poem_openapi::auth::{Bearer, BearerAuthorization};
use poem_openapi::registry::{MetaSecurityScheme, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use vestibule_domain::authority::Authority;
use vestibule_domain::caller::{Initiator, Provenance};
use vestibule_domain::sessions::Actor;

use super::failed;
use crate::bearer::{self, Signed};
use crate::client::caller;
use crate::error::ApiError;
use crate::state::State;

const SESSION: &str = "session";

/// An administrator who makes a request.
///
/// The framework can derive a choice of schemes, but tries one after the other, and knows no cookie
/// whose name is found out at the start.
pub(super) struct Administrator(pub(super) Authority);

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
                    "A browser session from `/login`, if the request has no `Authorization`. Every \
                     method but GET and HEAD also needs `Sec-Fetch-Site: same-origin` or, without \
                     that header, the service's own `Origin`; browsers send them by themselves. \
                     Where the service is reached by plain HTTP the name has no `__Host-`.",
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
        Ok(Self(Authority::of(actor).map_err(failed)?))
    }
}

/// Finds out whose browser session the request belongs to.
///
/// Where the request comes from is looked at first: what is refused shall not even count as a sign
/// of life.
async fn by_cookie(request: &Request) -> Result<Actor> {
    let state = State::of(request)?;
    let key = only_cookie(request.headers(), &state.session_cookie)
        .ok_or_else(ApiError::unauthenticated)?;
    if !request.method().is_safe() && !is_own(request, &state.public_origin) {
        return Err(ApiError::cross_site().into());
    }
    Ok(state.sessions.authenticate_browser(key, &caller(request)).await.map_err(failed)?)
}

/// The value of a cookie. Of two with one name, another host may have planted one.
fn only_cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter();
    // Byte by byte: what another application has put beside our cookie may be of any encoding.
    let pairs = lines.flat_map(|line| line.as_bytes().split(|b| *b == b';'));
    let mut values = pairs
        .filter_map(|pair| pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"="));
    let value = values.next().filter(|_| values.next().is_none())?;
    std::str::from_utf8(value).ok()
}

/// Whether one of our own pages makes the request. There is no form token here that could prove it
/// where the browser does not say.
fn is_own(request: &Request, own_origin: &str) -> bool {
    let initiator = request.extensions().get::<Initiator>();
    initiator.is_some_and(|page| page.provenance(own_origin) == Provenance::Own)
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
            request.extensions_mut().insert(Initiator::new(site, origin));
            assert_eq!(is_own(&request, OWN), own, "{site:?} {origin:?}");
        }
        assert!(!is_own(&Request::default(), OWN));
    }
}
