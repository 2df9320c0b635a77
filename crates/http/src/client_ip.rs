//! Client info and fetch metadata of requests, behind trusted proxies.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;
use poem::http::{HeaderMap, HeaderName, header};
use poem::{Endpoint, FromRequest, Middleware, Request, RequestBody, Result};
use vestibule_domain::model::client::{ClientInfo, FetchMetadata};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The networks whose `X-Forwarded-For` is trusted.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// Trusts these networks only.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks.into())
    }

    /// Returns `true` for the address of a trusted proxy.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Returns the client IP of a request.
    ///
    /// Uses the header of a trusted peer only, from the right: the first untrusted hop is the client. An
    /// entry that cannot be parsed was not written by a trusted proxy, so the hop after it is the
    /// client.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        // As bytes, because entries from the client may not be text.
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

/// Parses an address with or without a port, as proxies write it.
fn parse_hop(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop.trim_ascii()).ok()?;
    let bare = hop.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse().or_else(|_| hop.parse().map(|with_port: SocketAddr| with_port.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

/// Returns the fetch metadata of a request. A repeated header counts as an empty one, which matches
/// nothing, because one of them may be forged.
fn fetch_metadata(headers: &HeaderMap) -> FetchMetadata {
    let only = |name| {
        let mut values = headers.get_all(name).iter();
        let first = values.next().map(|value| value.to_str().unwrap_or_default());
        if values.next().is_some() { Some("") } else { first }
    };
    FetchMetadata::new(only(SEC_FETCH_SITE), only(header::ORIGIN))
}

/// Middleware that adds [`ClientInfo`] and [`FetchMetadata`] to the extensions of requests.
#[derive(Clone, Debug, Default)]
pub struct ClientAddress {
    trusted: TrustedProxies,
}

impl ClientAddress {
    /// Creates the middleware with these trusted proxies.
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

/// An endpoint with client info in its requests.
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
        let client = ClientInfo::new(ip, agent);
        let fetch_metadata = fetch_metadata(request.headers());
        request.extensions_mut().insert(client);
        request.extensions_mut().insert(fetch_metadata);
        self.inner.call(request).await
    }
}

/// The client info of a request, as a parameter of operations.
#[derive(Debug)]
pub(crate) struct Client(pub(crate) ClientInfo);

impl<'a> FromRequest<'a> for Client {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        Ok(Self(client(request)))
    }
}

/// The client info.
pub(crate) fn client(request: &Request) -> ClientInfo {
    request.extensions().get::<ClientInfo>().cloned().unwrap_or_default()
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
            let expected = FetchMetadata::new(site, origin);
            assert_eq!(fetch_metadata(&headers), expected, "{sites:?} {origins:?}");
        }
    }
}
