//! Who is calling: what inbound adapters know about the other end of a request, and whether one of
//! our own pages has made it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const MAX_USER_AGENT_CHARACTERS: usize = 256;

/// The other end of a request, for limits and notifications.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// The client's address; `None` where there is no network, as on the command line.
    pub ip: Option<IpAddr>,
    user_agent: Option<String>,
}

impl Caller {
    /// Describes a caller. A user agent is cut to 256 characters and freed of control characters.
    pub fn new(ip: Option<IpAddr>, user_agent: Option<&str>) -> Self {
        let user_agent = user_agent
            .map(|text| {
                let printable = text.chars().filter(|c| !c.is_control());
                printable.take(MAX_USER_AGENT_CHARACTERS).collect::<String>()
            })
            .filter(|text| !text.is_empty());
        Self { ip: ip.map(|ip| ip.to_canonical()), user_agent }
    }

    /// What the client calls itself. Chosen by the client: never shown to others as it is.
    pub fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }

    /// The network that limits count by.
    pub fn network(&self) -> ClientNetwork {
        ClientNetwork::of(self.ip)
    }
}

/// The page that makes a request, in the browser's words: what it writes into `Sec-Fetch-Site` and
/// `Origin`, which no page can forge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Initiator {
    site: Option<String>,
    origin: Option<String>,
}

/// Where a request comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Provenance {
    /// One of our own pages.
    Own,
    /// Somewhere else. Whatever else the request carries, it may change nothing.
    Foreign,
    /// The browser does not say; only a proof of another kind helps.
    #[default]
    Unknown,
}

impl Initiator {
    /// Takes both headers down; `None` for one that is not there.
    ///
    /// One that is there twice, or is no text, is an empty text: it says something, but nothing
    /// that would fit.
    pub fn new(site: Option<&str>, origin: Option<&str>) -> Self {
        Self { site: site.map(str::to_owned), origin: origin.map(str::to_owned) }
    }

    /// Judges where the request comes from, given the origin of our own pages: scheme, host and
    /// port, as browsers write it (decision D11).
    pub fn provenance(&self, own_origin: &str) -> Provenance {
        match (self.site.as_deref(), self.origin.as_deref()) {
            (Some("same-origin"), _) => Provenance::Own,
            (None, Some(origin)) if origin == own_origin => Provenance::Own,
            // "None" means that no page has made it: then our origin alone does not vouch for it.
            (Some("none"), Some(origin)) if origin == own_origin => Provenance::Unknown,
            // Pages without a referrer write "null" about themselves, ours as well as others.
            (None | Some("none"), None | Some("null")) => Provenance::Unknown,
            _ => Provenance::Foreign,
        }
    }
}

/// The part of a client's address that its owner cannot change at will.
///
/// An IPv4 address, or the /64 of an IPv6 address; IPv4 in IPv6 clothes counts as IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientNetwork(Option<IpAddr>);

/// The /48 of an IPv6 address: what a customer is commonly given (RFC 6177), with room for 65 536
/// networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientSite(Ipv6Addr);

impl ClientNetwork {
    /// The network an address belongs to; callers without an address share one.
    pub fn of(ip: Option<IpAddr>) -> Self {
        Self(ip.map(|ip| match ip.to_canonical() {
            IpAddr::V6(v6) => match translated(v6) {
                Some(v4) => IpAddr::V4(v4),
                None => IpAddr::V6(prefix(v6, 64)),
            },
            v4 @ IpAddr::V4(_) => v4,
        }))
    }

    /// The site the network belongs to, if it can be one of many in one hand.
    pub fn site(self) -> Option<ClientSite> {
        match self.0 {
            Some(IpAddr::V6(v6)) => Some(ClientSite(prefix(v6, 48))),
            Some(IpAddr::V4(_)) | None => None,
        }
    }
}

fn prefix(address: Ipv6Addr, length: u32) -> Ipv6Addr {
    Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (128 - length)))
}

/// The IPv4 address behind a translator (RFC 6052): everybody behind it would share one /64.
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

impl fmt::Display for ClientSite {
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
    fn addresses_of_one_owner_share_a_network() {
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
    fn the_browsers_word_counts_before_the_origin() {
        use Provenance::{Foreign, Own, Unknown};
        const OURS: &str = "https://accounts.example.com";
        for (site, origin, provenance) in [
            (Some("same-origin"), None, Own),
            (Some("same-origin"), Some(OURS), Own),
            (Some("same-origin"), Some("null"), Own),
            (Some("same-origin"), Some("https://evil.example"), Own),
            (Some("same-site"), None, Foreign),
            (Some("same-site"), Some(OURS), Foreign),
            (Some("same-site"), Some("https://evil.example.com"), Foreign),
            (Some("cross-site"), None, Foreign),
            (Some("cross-site"), Some("null"), Foreign),
            (Some("cross-site"), Some(OURS), Foreign),
            (Some(""), None, Foreign),
            (Some(""), Some(OURS), Foreign),
            (Some("Same-Origin"), Some(OURS), Foreign),
            (Some("none"), None, Unknown),
            (Some("none"), Some("null"), Unknown),
            (Some("none"), Some(OURS), Unknown),
            (Some("none"), Some("https://evil.example"), Foreign),
            (Some("none"), Some(""), Foreign),
            (None, None, Unknown),
            (None, Some("null"), Unknown),
            (None, Some(OURS), Own),
            (None, Some(""), Foreign),
            (None, Some("https://evil.example"), Foreign),
            (None, Some("https://accounts.example.com.evil.example"), Foreign),
            (None, Some("https://accounts.example.com:8443"), Foreign),
            (None, Some("https://accounts.example.com/"), Foreign),
            (None, Some("http://accounts.example.com"), Foreign),
        ] {
            let initiator = Initiator::new(site, origin);
            assert_eq!(initiator.provenance(OURS), provenance, "{site:?} {origin:?}");
        }
        assert_eq!(Initiator::default().provenance(OURS), Provenance::default());
    }

    #[test]
    fn a_user_agent_is_bounded_and_printable() {
        let caller = Caller::new(None, Some(&format!("a\0\r\n\u{1b}b{}", "x".repeat(1000))));
        let agent = caller.user_agent().unwrap();
        assert!(agent.starts_with("abx"));
        assert_eq!(agent.chars().count(), 256);
        assert_eq!(Caller::new(None, Some("\0")).user_agent(), None);
    }
}
