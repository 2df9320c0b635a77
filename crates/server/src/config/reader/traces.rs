//! Settings of the trace export.

use poem::http::{HeaderName, HeaderValue, Uri, header};

use super::super::TracesConfig;
use super::super::problem::Problem;
use super::Reader;

/// Path for traces below the collector's address (OTLP, "OTLP/HTTP request").
const PATH: &str = "/v1/traces";

/// Headers set by the HTTP client; duplicates would allow request smuggling.
const RESERVED: [HeaderName; 8] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::HOST,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

impl Reader<'_> {
    pub(super) fn traces(&mut self) -> Option<TracesConfig> {
        // Validated even if they are not used.
        let headers = self.with("traces.headers", headers);
        let sample_ratio = self.with("traces.sample_ratio", |text| match text.parse() {
            Ok(ratio) if (0.0..=1.0).contains(&ratio) => Ok(ratio),
            _ => Err(String::new()),
        });
        let address = self.with("traces.endpoint", address)?;
        let traces = TracesConfig { address, headers: headers?, sample_ratio: sample_ratio? };
        if !traces.headers.is_empty() && !is_private(&traces.address) {
            let remedy = "sent over https only, or to a collector on this machine";
            self.problems.push(Problem::new("traces.headers", remedy));
        }
        Some(traces)
    }
}

fn address(text: &str) -> Result<Uri, String> {
    let base: Uri = text.trim_end_matches('/').parse().map_err(|_| String::new())?;
    let is_known = matches!(base.scheme_str(), Some("http" | "https"));
    let authority = base.authority().ok_or_else(String::new)?;
    // An invalid port would be replaced by the default one, where another program may listen.
    let is_port = authority.port_u16().is_some() || authority.as_str() == authority.host();
    if !is_known || !is_port || authority.as_str().contains('@') || base.query().is_some() {
        return Err(String::new());
    }
    let path = base.path().trim_end_matches('/');
    // Documentation of collectors often includes the path.
    let path = path.strip_suffix(PATH).unwrap_or(path);
    let scheme = base.scheme_str().unwrap_or_default();
    format!("{scheme}://{authority}{path}{PATH}").parse().map_err(|_| String::new())
}

/// Returns `true` if the connection is encrypted or stays on this machine.
fn is_private(address: &Uri) -> bool {
    let host = address.host().unwrap_or_default().trim_matches(['[', ']']);
    let is_here = host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    address.scheme_str() == Some("https") || host == "localhost" || is_here
}

fn headers(text: &str) -> Result<Vec<(HeaderName, HeaderValue)>, String> {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    items.map(|item| named(item).ok_or_else(String::new)).collect()
}

fn named(item: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = item.split_once('=')?;
    let name: HeaderName = name.trim().parse().ok()?;
    let mut value: HeaderValue = value.trim().parse().ok()?;
    value.set_sensitive(true);
    (!RESERVED.contains(&name)).then_some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_traces_is_added_to_an_address() {
        for (text, expected) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("https://x.example/", "https://x.example/v1/traces"),
            ("https://x.example/otlp", "https://x.example/otlp/v1/traces"),
            ("http://[::1]:4318", "http://[::1]:4318/v1/traces"),
            ("https://x.example/v1/traces", "https://x.example/v1/traces"),
            ("https://x.example/otlp/v1/traces/", "https://x.example/otlp/v1/traces"),
        ] {
            assert_eq!(address(text).unwrap().to_string(), expected);
        }
        for text in [
            "",
            "x.example",
            "grpc://x.example",
            "https://u:p@x.example",
            "http://x/?a=b",
            "http://127.0.0.1:99999",
            "http://127.0.0.1:",
        ] {
            assert!(address(text).is_err(), "{text}");
        }
    }

    #[test]
    fn headers_need_a_private_connection_and_are_not_printed() {
        let read = headers("Authorization=Bearer a=b, x-team = ours").unwrap();
        assert_eq!(read[0].1, "Bearer a=b");
        assert_eq!(read[1].1, "ours");
        assert!(!format!("{read:?}").contains("Bearer"));
        for text in ["Authorization", "transfer-encoding=chunked", "Content-Length=1"] {
            assert!(headers(text).is_err(), "{text}");
        }
        for (text, expected) in [
            ("https://x.example", true),
            ("http://localhost:4318", true),
            ("http://[::1]:4318", true),
            ("http://x.example", false),
        ] {
            assert_eq!(is_private(&address(text).unwrap()), expected, "{text}");
        }
    }
}
