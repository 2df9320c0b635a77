//! Who is calling: the peer's address, or the one a trusted proxy vouches for, and what the browser
//! says about the page that calls.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;
use poem::http::{HeaderMap, HeaderName, header};
use poem::{Endpoint, FromRequest, Middleware, Request, RequestBody, Result};
use vestibule_domain::caller::{Caller, Initiator};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The networks whose `X-Forwarded-For` is believed.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// Trusts these networks and nobody else.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks.into())
    }

    /// Whether this address is that of a proxy that is believed.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The address a request comes from.
    ///
    /// Only a trusted peer's header counts, read from the right: each trusted hop vouches for the
    /// one before it, and the first untrusted one is the client. What cannot be parsed was not
    /// written by a proxy of ours, so the hop that passed it on is the last one known.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        // Byte by byte: what a client has put before the word of its proxy may be no text.
        let values = headers.get_all("x-forwarded-for");
        let hops: Vec<&[u8]> =
            values.iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b',')).collect();
        let mut known = peer;
        for hop in hops.iter().rev() {
            if !self.trusts(known) {
                break;
            }
            match parse_hop(hop) {
                Some(address) => known = address,
                None => break,
            }
        }
        known
    }
}

/// An address with or without a port, as proxies write it.
fn parse_hop(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop.trim_ascii()).ok()?;
    let bare = hop.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse().or_else(|_| hop.parse().map(|with_port: SocketAddr| with_port.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

/// What the browser says about the page that makes a request. Of two headers of one name, one may
/// have been put there by somebody else: together they say nothing that fits.
fn initiator(headers: &HeaderMap) -> Initiator {
    let only = |name| {
        let mut values = headers.get_all(name).iter();
        let first = values.next().map(|value| value.to_str().unwrap_or_default());
        if values.next().is_some() { Some("") } else { first }
    };
    Initiator::new(only(SEC_FETCH_SITE), only(header::ORIGIN))
}

/// Finds out who is calling and puts a [`Caller`] and an [`Initiator`] into the request's
/// extensions, for operations and for whatever else answers requests.
#[derive(Clone, Debug, Default)]
pub struct ClientAddress {
    trusted: TrustedProxies,
}

impl ClientAddress {
    /// Believes these proxies.
    pub fn new(trusted: TrustedProxies) -> Self {
        Self { trusted }
    }
}

impl<E: Endpoint> Middleware<E> for ClientAddress {
    type Output = Identified<E>;

    fn transform(&self, inner: E) -> Self::Output {
        Identified { inner, trusted: self.trusted.clone() }
    }
}

/// An endpoint that knows who is calling.
pub struct Identified<E> {
    inner: E,
    trusted: TrustedProxies,
}

impl<E: Endpoint> Endpoint for Identified<E> {
    type Output = E::Output;

    async fn call(&self, mut request: Request) -> Result<Self::Output> {
        let peer = request.remote_addr().as_socket_addr().map(|peer| peer.ip().to_canonical());
        let ip = peer.map(|peer| self.trusted.client(peer, request.headers()));
        let agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        let caller = Caller::new(ip, agent);
        let initiator = initiator(request.headers());
        request.extensions_mut().insert(caller);
        request.extensions_mut().insert(initiator);
        self.inner.call(request).await
    }
}

/// The caller of an operation.
#[derive(Debug)]
pub(crate) struct Client(pub(crate) Caller);

impl<'a> FromRequest<'a> for Client {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        Ok(Self(caller(request)))
    }
}

/// Who is calling.
pub(crate) fn caller(request: &Request) -> Caller {
    request.extensions().get::<Caller>().cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    fn client(trusted: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let proxies = TrustedProxies::new(trusted.iter().map(|net| net.parse().unwrap()).collect());
        let mut headers = HeaderMap::new();
        for value in forwarded {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            headers.append("x-forwarded-for", value);
        }
        proxies.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn a_stranger_is_not_believed() {
        assert_eq!(client(&[], "192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(client(&["10.0.0.0/8"], "192.0.2.1", &["10.0.0.1"]), "192.0.2.1");
    }

    #[test]
    fn the_right_most_untrusted_hop_is_the_client() {
        let trusted = ["10.0.0.0/8", "fd00::/8"];
        assert_eq!(client(&trusted, "10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(client(&trusted, "10.0.0.1", &["1.1.1.1, 198.51.100.7"]), "198.51.100.7");
        assert_eq!(
            client(&trusted, "10.0.0.1", &["1.1.1.1", "198.51.100.7, 10.9.9.9"]),
            "198.51.100.7"
        );
        assert_eq!(client(&trusted, "fd00::1", &["[2001:db8::7]:443"]), "2001:db8::7");
        assert_eq!(client(&trusted, "10.0.0.1", &["198.51.100.7:5000"]), "198.51.100.7");
        assert_eq!(client(&trusted, "10.0.0.1", &["::ffff:198.51.100.7"]), "198.51.100.7");
        assert_eq!(client(&trusted, "10.0.0.1", &["\u{ff}, 198.51.100.7"]), "198.51.100.7");
    }

    #[test]
    fn nonsense_is_blamed_on_whoever_passed_it_on() {
        let trusted = ["10.0.0.0/8"];
        assert_eq!(client(&trusted, "10.0.0.1", &["1.1.1.1, unknown"]), "10.0.0.1");
        assert_eq!(client(&trusted, "10.0.0.1", &["1.1.1.1, nonsense, 10.0.0.2"]), "10.0.0.2");
        assert_eq!(client(&trusted, "10.0.0.1", &[""]), "10.0.0.1");
        assert_eq!(client(&trusted, "10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn a_header_that_is_there_twice_or_is_no_text_fits_nothing() {
        const OURS: &[u8] = b"https://accounts.example.com";
        let ours = str::from_utf8(OURS).unwrap();
        for (sites, origins, site, origin) in [
            (vec![], vec![], None, None),
            (vec!["same-origin"], vec![], Some("same-origin"), None),
            (vec![], vec![OURS], None, Some(ours)),
            (vec!["none"], vec![b"null".as_slice()], Some("none"), Some("null")),
            (vec![""], vec![b"".as_slice()], Some(""), Some("")),
            (vec!["same-origin", "cross-site"], vec![], Some(""), None),
            (vec!["same-origin", "same-origin"], vec![OURS], Some(""), Some(ours)),
            (vec![], vec![OURS, OURS], None, Some("")),
            (vec![], vec![OURS, b"https://evil.example".as_slice()], None, Some("")),
            (vec![], vec![b"https://\xff".as_slice()], None, Some("")),
        ] {
            let mut headers = HeaderMap::new();
            for value in &sites {
                headers.append(SEC_FETCH_SITE, value.parse().unwrap());
            }
            for value in &origins {
                headers.append(header::ORIGIN, HeaderValue::from_bytes(value).unwrap());
            }
            let expected = Initiator::new(site, origin);
            assert_eq!(initiator(&headers), expected, "{sites:?} {origins:?}");
        }
    }
}
