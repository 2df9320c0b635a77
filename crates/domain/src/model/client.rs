//! The client of a request: its address and user agent, and the origin of a browser's request.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const MAX_USER_AGENT_CHARACTERS: usize = 256;

/// The client of a request, for rate limits, mails and the audit log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientInfo {
    /// The client IP; `None` without a network, as on the command line.
    pub ip: Option<IpAddr>,
    user_agent: Option<String>,
}

impl ClientInfo {
    /// Creates the info of a client. The user agent is cut to 256 characters, without control
    /// characters.
    pub fn new(ip: Option<IpAddr>, user_agent: Option<&str>) -> Self {
        let user_agent = user_agent
            .map(|text| {
                let printable = text.chars().filter(|c| !c.is_control());
                printable.take(MAX_USER_AGENT_CHARACTERS).collect::<String>()
            })
            .filter(|text| !text.is_empty());
        Self { ip: ip.map(|ip| ip.to_canonical()), user_agent }
    }

    /// Returns the user agent. Chosen by the client, so never shown to other users unescaped.
    pub fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }

    /// Returns the network that rate limits count by.
    pub fn network(&self) -> ClientNetwork {
        ClientNetwork::of(self.ip)
    }
}

/// The headers `Sec-Fetch-Site` and `Origin`, which a browser sets and a page cannot forge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchMetadata {
    site: Option<String>,
    origin: Option<String>,
}

/// The origin of a browser's request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequestOrigin {
    /// A page of this service.
    SameOrigin,
    /// Another origin. Such a request must not change anything.
    CrossOrigin,
    /// Not stated by the client; another check is needed.
    #[default]
    Unknown,
}

impl FetchMetadata {
    /// Creates the metadata from both headers; `None` for an absent one.
    ///
    /// Pass an empty string for a header that is repeated or not text: it matches nothing.
    pub fn new(site: Option<&str>, origin: Option<&str>) -> Self {
        Self { site: site.map(str::to_owned), origin: origin.map(str::to_owned) }
    }

    /// Classifies a request, given the origin of this service: scheme, host and port, as browsers
    /// write it (decision 0010).
    pub fn request_origin(&self, own_origin: &str) -> RequestOrigin {
        match (self.site.as_deref(), self.origin.as_deref()) {
            (Some("same-origin"), _) => RequestOrigin::SameOrigin,
            (None, Some(origin)) if origin == own_origin => RequestOrigin::SameOrigin,
            // "none" means that no page sent the request, so our origin alone is not enough.
            (Some("none"), Some(origin)) if origin == own_origin => RequestOrigin::Unknown,
            // Pages with the policy "no-referrer" send "null", ours as well as others.
            (None | Some("none"), None | Some("null")) => RequestOrigin::Unknown,
            _ => RequestOrigin::CrossOrigin,
        }
    }
}

/// The network of a client, which it cannot change at will.
///
/// An IPv4 address, or the /64 of an IPv6 address; IPv4-mapped IPv6 addresses count as IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientNetwork(Option<IpAddr>);

/// The /48 of an IPv6 address: the usual allocation of a site (RFC 6177), with 65,536 networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientPrefix(Ipv6Addr);

impl ClientNetwork {
    /// Returns the network of an address; clients without an address share one.
    pub fn of(ip: Option<IpAddr>) -> Self {
        Self(ip.map(|ip| match ip.to_canonical() {
            IpAddr::V6(v6) => match translated(v6) {
                Some(v4) => IpAddr::V4(v4),
                None => IpAddr::V6(prefix(v6, 64)),
            },
            v4 @ IpAddr::V4(_) => v4,
        }))
    }

    /// Returns the prefix around an IPv6 network; `None` for IPv4.
    pub fn site(self) -> Option<ClientPrefix> {
        match self.0 {
            Some(IpAddr::V6(v6)) => Some(ClientPrefix(prefix(v6, 48))),
            Some(IpAddr::V4(_)) | None => None,
        }
    }
}

fn prefix(address: Ipv6Addr, length: u32) -> Ipv6Addr {
    Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (128 - length)))
}

/// Returns the IPv4 address of a NAT64 address (RFC 6052); all of them share one /64.
fn translated(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d] = match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            [a, b, c, d]
        }
        _ => return None,
    };
    Some(Ipv4Addr::new(a, b, c, d))
}

impl fmt::Display for ClientPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/48", self.0)
    }
}

impl fmt::Display for ClientNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(IpAddr::V6(v6)) => write!(f, "{v6}/64"),
            Some(v4) => v4.fmt(f),
            None => f.write_str("local"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_subscriber_share_a_network() {
        let network = |text: &str| ClientNetwork::of(Some(text.parse().unwrap()));
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1:2:3"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_eq!(network("64:ff9b::192.0.2.1"), network("192.0.2.1"));
        assert_eq!(network("2001:db8::1").to_string(), "2001:db8::/64");
    }

    #[test]
    fn networks_of_one_customer_share_a_site() {
        let site = |text: &str| ClientNetwork::of(Some(text.parse().unwrap())).site();
        assert_eq!(site("2001:db8:1:2::3"), site("2001:db8:1:ffff::"));
        assert_ne!(site("2001:db8:1::1"), site("2001:db8:2::1"));
        assert_eq!(site("2001:db8:1:2::3").unwrap().to_string(), "2001:db8:1::/48");
        for alone in ["192.0.2.1", "::ffff:192.0.2.1", "64:ff9b::192.0.2.1"] {
            assert_eq!(site(alone), None, "{alone}");
        }
        assert_eq!(ClientNetwork::of(None).site(), None);
    }

    #[test]
    fn fetch_metadata_takes_precedence_over_the_origin() {
        use RequestOrigin::{CrossOrigin, SameOrigin, Unknown};
        const OURS: &str = "https://accounts.example.com";
        for (site, origin, request_origin) in [
            (Some("same-origin"), None, SameOrigin),
            (Some("same-origin"), Some(OURS), SameOrigin),
            (Some("same-origin"), Some("null"), SameOrigin),
            (Some("same-origin"), Some("https://evil.example"), SameOrigin),
            (Some("same-site"), None, CrossOrigin),
            (Some("same-site"), Some(OURS), CrossOrigin),
            (Some("same-site"), Some("https://evil.example.com"), CrossOrigin),
            (Some("cross-site"), None, CrossOrigin),
            (Some("cross-site"), Some("null"), CrossOrigin),
            (Some("cross-site"), Some(OURS), CrossOrigin),
            (Some(""), None, CrossOrigin),
            (Some(""), Some(OURS), CrossOrigin),
            (Some("Same-Origin"), Some(OURS), CrossOrigin),
            (Some("none"), None, Unknown),
            (Some("none"), Some("null"), Unknown),
            (Some("none"), Some(OURS), Unknown),
            (Some("none"), Some("https://evil.example"), CrossOrigin),
            (Some("none"), Some(""), CrossOrigin),
            (None, None, Unknown),
            (None, Some("null"), Unknown),
            (None, Some(OURS), SameOrigin),
            (None, Some(""), CrossOrigin),
            (None, Some("https://evil.example"), CrossOrigin),
            (None, Some("https://accounts.example.com.evil.example"), CrossOrigin),
            (None, Some("https://accounts.example.com:8443"), CrossOrigin),
            (None, Some("https://accounts.example.com/"), CrossOrigin),
            (None, Some("http://accounts.example.com"), CrossOrigin),
        ] {
            let fetch_metadata = FetchMetadata::new(site, origin);
            assert_eq!(fetch_metadata.request_origin(OURS), request_origin, "{site:?} {origin:?}");
        }
        assert_eq!(FetchMetadata::default().request_origin(OURS), RequestOrigin::default());
    }

    #[test]
    fn a_user_agent_is_bounded_and_printable() {
        let client = ClientInfo::new(None, Some(&format!("a\0\r\n\u{1b}b{}", "x".repeat(1000))));
        let agent = client.user_agent().unwrap();
        assert!(agent.starts_with("abx"));
        assert_eq!(agent.chars().count(), 256);
        assert_eq!(ClientInfo::new(None, Some("\0")).user_agent(), None);
    }
}
