//! Target `client`: `X-Forwarded-For` headers of a client do not change the client IP.

use std::net::IpAddr;

use poem::endpoint::make_sync;
use poem::http::HeaderValue;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Body, Endpoint, EndpointExt, Request, RequestParts, Response, http};
use vestibule_domain::model::client::ClientInfo;
use vestibule_http::{ClientAddress, TrustedProxies};

use crate::input::Input;
use crate::runtime::block_on;

const PROXIES: [&str; 2] = ["10.0.0.0/8", "fd00::/8"];
const PROXY: &str = "10.0.0.1:443";
const UNTRUSTED_PEER: &str = "192.0.2.1:443";
/// Client addresses as seen by the proxy.
const CLIENTS: [&str; 3] = ["198.51.100.7", "2001:db8::7", "::ffff:198.51.100.7"];

/// Uses the input as `X-Forwarded-For` headers of a client, one per line.
///
/// # Panics
/// Panics if the client can choose its IP address, or has none.
pub(crate) fn client(data: &[u8]) {
    let mut input = Input::new(data);
    let seen = *input.choose(&CLIENTS);
    let mut forged = Vec::new();
    while !input.is_empty() && forged.len() < 16 {
        forged.extend(HeaderValue::from_str(&input.line()));
    }
    let address: IpAddr = seen.parse().unwrap();

    // A proxy adds a header, or appends to the last one.
    let line: HeaderValue = seen.parse().unwrap();
    let added = forged.iter().cloned().chain([line]).collect::<Vec<_>>();
    assert_eq!(client_info(PROXY, &added).ip, Some(address.to_canonical()), "{added:?}");
    if let Some((last, before)) = forged.split_last() {
        let longer = [last.as_bytes(), b", ", seen.as_bytes()].concat();
        let mut longer = vec![HeaderValue::from_bytes(&longer).unwrap()];
        longer.splice(0..0, before.iter().cloned());
        assert_eq!(client_info(PROXY, &longer).ip, Some(address.to_canonical()), "{longer:?}");
    }
    assert_eq!(
        client_info(UNTRUSTED_PEER, &forged).ip,
        Some("192.0.2.1".parse().unwrap()),
        "{forged:?}"
    );
    let client = client_info(PROXY, &forged);
    assert!(client.ip.is_some() && !client.network().to_string().is_empty(), "{forged:?}");
}

fn client_info(peer: &str, forwarded: &[HeaderValue]) -> ClientInfo {
    let networks = PROXIES.iter().map(|network| network.parse().unwrap()).collect();
    let seen = make_sync(|request: Request| {
        let client = request.extensions().get::<ClientInfo>().cloned();
        Response::builder().extension(client).finish()
    });
    let middleware = ClientAddress::new(TrustedProxies::new(networks));
    let mut request = http::Request::new(());
    for value in forwarded {
        request.headers_mut().append("x-forwarded-for", value.clone());
    }
    let peer = RemoteAddr(Addr::SocketAddr(peer.parse().unwrap()));
    let parts = (request.into_parts().0, LocalAddr::default(), peer, Scheme::HTTP);
    let request = Request::from_parts(RequestParts::from(parts), Body::empty());
    let response = block_on(seen.with(middleware).call(request)).unwrap();
    response.data::<Option<ClientInfo>>().cloned().flatten().unwrap()
}
