//! Who is calling: what a client writes before its proxy's word changes nothing.

use std::net::IpAddr;

use poem::endpoint::make_sync;
use poem::http::HeaderValue;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Body, Endpoint, EndpointExt, Request, RequestParts, Response, http};
use vestibule_domain::caller::Caller;
use vestibule_http::{ClientAddress, TrustedProxies};

use crate::input::Input;
use crate::runtime::block_on;

const PROXIES: [&str; 2] = ["10.0.0.0/8", "fd00::/8"];
const PROXY: &str = "10.0.0.1:443";
const STRANGER: &str = "192.0.2.1:443";
/// What the proxy has seen.
const CLIENTS: [&str; 3] = ["198.51.100.7", "2001:db8::7", "::ffff:198.51.100.7"];

/// Lines of `X-Forwarded-For`, as a client sends them.
///
/// # Panics
/// When the client chooses its own address, or has none.
pub(crate) fn client(data: &[u8]) {
    let mut input = Input::new(data);
    let seen = *input.choose(&CLIENTS);
    let mut forged = Vec::new();
    while !input.is_empty() && forged.len() < 16 {
        forged.extend(HeaderValue::from_str(&input.line()));
    }
    let address: IpAddr = seen.parse().unwrap();

    // The proxy adds a line, or adds to the last one.
    let line: HeaderValue = seen.parse().unwrap();
    let added = forged.iter().cloned().chain([line]).collect::<Vec<_>>();
    assert_eq!(caller(PROXY, &added).ip, Some(address.to_canonical()), "{added:?}");
    if let Some((last, before)) = forged.split_last() {
        let longer = [last.as_bytes(), b", ", seen.as_bytes()].concat();
        let mut longer = vec![HeaderValue::from_bytes(&longer).unwrap()];
        longer.splice(0..0, before.iter().cloned());
        assert_eq!(caller(PROXY, &longer).ip, Some(address.to_canonical()), "{longer:?}");
    }
    assert_eq!(caller(STRANGER, &forged).ip, Some("192.0.2.1".parse().unwrap()), "{forged:?}");
    let caller = caller(PROXY, &forged);
    assert!(caller.ip.is_some() && !caller.network().to_string().is_empty(), "{forged:?}");
}

fn caller(peer: &str, forwarded: &[HeaderValue]) -> Caller {
    let networks = PROXIES.iter().map(|network| network.parse().unwrap()).collect();
    let seen = make_sync(|request: Request| {
        let caller = request.extensions().get::<Caller>().cloned();
        Response::builder().extension(caller).finish()
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
    response.data::<Option<Caller>>().cloned().flatten().unwrap()
}
