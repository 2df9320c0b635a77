//! E-mail addresses: which are taken, which are the same, on either database alike.

use std::collections::BTreeSet;

use serde_json::json;

use crate::database::Database;
use crate::service::Setup;
use crate::wire::Draft;

/// Results of signing up with an address, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// A new account.
    New,
    /// An account has it already.
    Taken,
    /// No address.
    Refused,
}
use Fate::{New, Refused, Taken};

/// Every address with its fate, in this order.
const VECTORS: &[(&str, Fate)] = &[
    // Case and blanks do not make another mailbox.
    ("anna@example.com", New),
    ("ANNA@example.com", Taken),
    ("Anna@Example.COM", Taken),
    ("  anna@example.com\t", Taken),
    ("anna@example.com\n", Taken),
    ("\u{a0}anna@example.com\u{3000}", Taken),
    // Sub-addresses and dots do: how a mail system reads them is its own affair.
    ("anna+a@example.com", New),
    ("an.na@example.com", New),
    // CVE-2019-19844 and its kin: what a database or a mapping may take for the same.
    ("mike@example.com", New),
    ("m\u{131}ke@example.com", New),
    ("M\u{130}KE@example.com", New),
    ("MIKE@example.com", Taken),
    ("kim@example.com", New),
    ("\u{212a}im@example.com", Taken),
    ("\u{43a}im@example.com", New),
    ("\u{430}nna@example.com", New),
    ("ann\u{e0}@example.com", New),
    ("anna\u{300}@example.com", Taken),
    ("ANN\u{c0}@example.com", Taken),
    ("stra\u{df}e@example.com", New),
    ("strasse@example.com", Taken),
    ("STRA\u{1e9e}E@example.com", Taken),
    ("\u{3c3}\u{3b1}\u{3c2}@example.com", New),
    ("\u{3a3}\u{391}\u{3a3}@example.com", Taken),
    ("\u{fb03}@example.com", New),
    ("ffi@example.com", Taken),
    ("\u{ff41}nna@example.com", New),
    // Domains are compared as the A-labels they are.
    ("anna@b\u{fc}cher.example", New),
    ("anna@B\u{dc}CHER.example", Taken),
    ("anna@bu\u{308}cher.example", Taken),
    ("anna@xn--bcher-kva.example", Taken),
    ("anna@XN--BCHER-KVA.EXAMPLE", Taken),
    ("anna@\u{ff45}xample.com", Taken),
    ("anna@example\u{3002}com", Taken),
    ("anna@ex\u{ad}ample.com", Taken),
    ("anna@\u{435}xample.com", New),
    ("anna@g\u{131}thub.example", New),
    ("anna@github.example", New),
    ("anna@fa\u{df}.example", New),
    ("anna@fass.example", New),
    ("anna@xn--.example", Refused),
    ("anna@xn--a.example", Refused),
    ("anna@xn--bcher-kvaa.example", New),
    ("anna@a\u{200d}b.example", Refused),
    // What two parsers could read differently.
    ("\"anna\"@example.com", Refused),
    ("\"anna eve\"@example.com", Refused),
    ("\"eve@evil.example\"@example.com", Refused),
    ("\"a\\\"b\"@example.com", Refused),
    ("anna(comment)@example.com", Refused),
    ("(comment)anna@example.com", Refused),
    ("anna@(comment)example.com", Refused),
    ("anna@example.com (Anna)", Refused),
    ("<anna@example.com>", Refused),
    ("Anna <anna@example.com>", Refused),
    ("anna@example.com,eve@evil.example", Refused),
    ("anna@example.com;eve@evil.example", Refused),
    ("anna@example.com eve@evil.example", Refused),
    ("friends:anna@example.com;", Refused),
    ("@hop.example:anna@example.com", Refused),
    ("anna%evil.example@hop@example.com", Refused),
    ("eve@evil.example@example.com", Refused),
    // Injection.
    ("a@b>\r\nRCPT TO:<eve@evil.example>", Refused),
    ("anna@example.com\r\nBcc: eve@evil.example", Refused),
    ("anna@example.com%0d%0aBcc:eve@evil.example", Refused),
    ("an\r\nna@example.com", Refused),
    ("an\nna@example.com", Refused),
    ("an\rna@example.com", Refused),
    ("an\u{b}na@example.com", Refused),
    ("an\u{85}na@example.com", Refused),
    ("an\u{2028}na@example.com", Refused),
    ("an\u{1b}[2Jna@example.com", Refused),
    ("an\0na@example.com", Refused),
    ("an\u{7f}na@example.com", Refused),
    ("an\u{202e}na@example.com", Refused),
    ("an\u{200b}na@example.com", Refused),
    ("an\u{feff}na@example.com", Refused),
    ("an\u{760a}na@example.com", New),
    ("an\u{760d}na@example.com", New),
    ("=?utf-8?q?anna?=@example.com", New),
    ("an'na@example.com", New),
    ("an'--@example.com", New),
    ("an`na`@example.com", New),
    ("$(id)@example.com", Refused),
    ("an\\na@example.com", Refused),
    // Form.
    ("", Refused),
    (" ", Refused),
    ("@", Refused),
    ("anna", Refused),
    ("anna@", Refused),
    ("@example.com", Refused),
    ("anna@@example.com", Refused),
    (".anna@example.com", Refused),
    ("anna.@example.com", Refused),
    ("an..na@example.com", Refused),
    ("anna@example", Refused),
    ("anna@localhost", Refused),
    ("anna@.example.com", Refused),
    ("anna@example.com.", Refused),
    ("anna@example..com", Refused),
    ("anna@-example.com", Refused),
    ("anna@example-.com", Refused),
    ("anna@exam_ple.com", Refused),
    ("anna@exam ple.com", Refused),
    ("anna@127.0.0.1", Refused),
    ("anna@[127.0.0.1]", Refused),
    ("anna@[IPv6:::1]", Refused),
    ("anna@2130706433", Refused),
    ("anna@example.com:25", Refused),
    ("anna@example.com/x", Refused),
    ("mailto:anna@example.com", Refused),
];

/// Addresses whose lengths are at a limit.
fn lengths() -> Vec<(String, Fate)> {
    let local = |count: usize| format!("{}@example.com", "l".repeat(count));
    let label = "d".repeat(63);
    let domain = |last: usize| format!("l@{label}.{label}.{label}.{}", "d".repeat(last));
    vec![
        (local(64), New),
        (local(65), Refused),
        (format!("{}@example.com", "\u{e4}".repeat(32)), New),
        (format!("{}@example.com", "\u{e4}".repeat(33)), Refused),
        (domain(60), New),
        (domain(61), Refused),
        (domain(62), Refused),
        (format!("anna@{}.example", "d".repeat(64)), Refused),
        (format!("anna@{}example", "a.".repeat(120)), New),
        (format!("{}@example.com", "l".repeat(10_000)), Refused),
    ]
}

/// Returns the responses to each address, at sign-up and to a reset request.
async fn fates(database: Database) -> Vec<(String, Fate, u16)> {
    let service = Setup::on(database).start().await;
    let mut wire = service.wire().await;
    let (mut fates, mut refusals) = (Vec::new(), BTreeSet::new());
    let vectors = VECTORS.iter().map(|(address, fate)| ((*address).to_owned(), *fate));
    for (number, (address, _)) in vectors.chain(lengths()).enumerate() {
        let username = format!("user-{number}");
        let body =
            json!({ "email": address, "username": username, "password": "a good long password" });
        let raw = wire.exchange(&Draft::json("/api/v1/auth/signup", body.to_string())).await;
        let fate = match raw.status {
            201 => New,
            400 if raw.problem() == "email_taken" => Taken,
            422 => {
                raw.problem();
                assert_eq!(raw.json()["errors"][0]["field"], "email", "{address:?}");
                let mut said = raw.json();
                said["request_id"].take();
                refusals.insert(said.to_string());
                Refused
            }
            _ => panic!("{address:?}: {raw:?}"),
        };
        let body = json!({ "email": address });
        let forgot = Draft::json("/api/v1/auth/forgot-password", body.to_string());
        let forgot = wire.exchange(&forgot).await;
        fates.push((address, fate, forgot.status));
    }
    // Nothing that was sent comes back: there are as many answers as there are rules.
    assert_eq!(refusals.len(), 3, "{refusals:#?}");
    fates
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_have_the_same_fate_on_sqlite_and_on_postgres() {
    let (sqlite, postgres) =
        tokio::join!(fates(Database::sqlite()), async { fates(Database::postgres().await).await });
    assert_eq!(sqlite, postgres);
    let expected = VECTORS.iter().map(|(address, fate)| ((*address).to_owned(), *fate));
    let expected: Vec<(String, Fate)> = expected.chain(lengths()).collect();
    assert!(expected.len() >= 60);
    let wrong: Vec<_> =
        expected.iter().zip(&sqlite).filter(|(want, got)| want.1 != got.1).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    for (address, fate, forgot) in &sqlite {
        let expected = if *fate == Refused { 422 } else { 200 };
        assert_eq!(*forgot, expected, "{address:?}");
    }
}
