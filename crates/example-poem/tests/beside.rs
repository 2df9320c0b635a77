//! End-to-end tests of the running service: the mounted API and the notes.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use example_poem::accounts::Accounts;
use example_poem::serve;
use poem::listener::{Acceptor as _, Listener as _, TcpListener};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// A client of the service.
struct Visitor {
    address: String,
    client: Client,
}

impl Visitor {
    fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.address))
    }

    /// Signs up through the mounted API, and returns the access token.
    async fn sign_up(&self, name: &str) -> String {
        let account = json!({
            "email": format!("{name}@example.com"),
            "username": name,
            "password": "plum cake on a rainy sunday",
        });
        let answer = self.ask(Method::POST, "/api/v1/auth/signup").json(&account).send().await;
        let answer = answer.unwrap();
        assert_eq!(answer.status(), 201);
        body(answer).await["access_token"].as_str().unwrap().to_owned()
    }

    async fn write(&self, token: &str, text: &str) {
        let note = self.ask(Method::POST, "/notes").bearer_auth(token);
        let answer = note.json(&json!({ "text": text })).send().await.unwrap();
        assert_eq!(answer.status(), 201);
    }

    async fn read(&self, token: &str) -> Response {
        self.ask(Method::GET, "/notes").bearer_auth(token).send().await.unwrap()
    }
}

async fn body(answer: Response) -> Value {
    answer.json().await.unwrap()
}

/// Runs the service and a client, then shuts it down.
async fn visit(story: impl AsyncFnOnce(Visitor)) {
    let folder = tempfile::tempdir().unwrap();
    let accounts = Accounts::open(folder.path()).await.unwrap();
    let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.unwrap();
    let port = acceptor.local_addr()[0].as_socket_addr().unwrap().port();
    let visitor = Visitor { address: format!("http://127.0.0.1:{port}"), client: Client::new() };
    let stop = CancellationToken::new();
    let visit = async {
        story(visitor).await;
        stop.cancel();
    };
    let (served, ()) = tokio::join!(serve(accounts, acceptor, stop.clone()), visit);
    served.unwrap();
}

#[tokio::test]
async fn a_token_of_the_mounted_api_gives_access_only_to_its_owners_notes() {
    visit(async |visitor: Visitor| {
        let (anna, berta) = (visitor.sign_up("anna").await, visitor.sign_up("berta").await);
        visitor.write(&anna, "buy plums").await;
        assert_eq!(body(visitor.read(&anna).await).await, json!(["buy plums"]));
        assert_eq!(body(visitor.read(&berta).await).await, json!([]));

        let end = visitor.ask(Method::POST, "/api/v1/auth/signout").bearer_auth(&anna);
        assert!(end.send().await.unwrap().status().is_success());
        // At once, although the token has not expired.
        assert_eq!(visitor.read(&anna).await.status(), 401);
        assert_eq!(visitor.read(&berta).await.status(), 200);
    })
    .await;
}

#[tokio::test]
async fn own_routes_have_the_same_protection() {
    visit(async |visitor: Visitor| {
        let refused = visitor.ask(Method::GET, "/notes").send().await.unwrap();
        assert_eq!(refused.status(), 401);
        assert_eq!(refused.headers()["cache-control"], "no-store");
        assert!(refused.headers().contains_key("x-request-id"));
        assert_eq!(refused.headers()["www-authenticate"], "Bearer");
        assert_eq!(body(refused).await["code"], "unauthenticated");

        let too_much = json!({ "text": "x".repeat(16 * 1024) });
        let refused = visitor.ask(Method::POST, "/notes").json(&too_much).send().await.unwrap();
        assert_eq!(refused.status(), 413);
        assert_eq!(refused.headers()["content-type"], "application/problem+json");
        assert_eq!(body(refused).await["code"], "payload_too_large");
    })
    .await;
}

#[tokio::test]
async fn own_routes_authenticate_like_the_api() {
    visit(async |visitor: Visitor| {
        let anna = visitor.sign_up("anna").await;
        for (status, authorizations) in [
            // The scheme's case does not matter (RFC 9110, section 11.1).
            (200, vec![format!("bearer {anna}")]),
            (401, vec![format!("Basic {anna}")]),
            (401, vec![anna.clone()]),
            // A proxy may have checked the other one.
            (401, vec![format!("Bearer {anna}"), format!("Bearer {anna}")]),
        ] {
            let mut question = visitor.ask(Method::GET, "/notes");
            for authorization in &authorizations {
                question = question.header("authorization", authorization);
            }
            assert_eq!(question.send().await.unwrap().status(), status, "{authorizations:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn documentation_and_health_checks_of_the_mounted_api_work() {
    visit(async |visitor: Visitor| {
        for path in ["/docs", "/openapi.json", "/health/ready", "/.well-known/paseto-keys"] {
            let answer = visitor.ask(Method::GET, path).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{path}");
        }
    })
    .await;
}
