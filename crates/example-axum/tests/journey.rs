//! End-to-end tests of the running service.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use example_axum::accounts::Accounts;
use example_axum::letters::{Letter, Letterbox};
use example_axum::serve;
use reqwest::{Client, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::sync::CancellationToken;

const PASSWORD: &str = "plum cake on a rainy sunday";
const ANOTHER: &str = "a tin of blue marbles";

/// A client and the mails it receives.
struct Visitor {
    address: String,
    client: Client,
    letters: UnboundedReceiver<Letter>,
}

impl Visitor {
    async fn post(&self, path: &str, body: Value) -> Response {
        self.client.post(format!("{}{path}", self.address)).json(&body).send().await.unwrap()
    }

    async fn log_in(&self, password: &str) -> Response {
        self.post("/login", json!({ "email": "anna@example.com", "password": password })).await
    }

    /// Returns status and body of the private route.
    async fn visit(&self, token: &str) -> (u16, Value) {
        let page = self.client.get(format!("{}/private", self.address)).bearer_auth(token);
        let answer = page.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// Waits for a mail with a link, and returns its token.
    async fn next_link_token(&mut self) -> String {
        loop {
            let letter = self.letters.recv().await.unwrap();
            assert_eq!(letter.to, "anna@example.com");
            if let Some((_, token)) = letter.text.split_once('#') {
                return token.to_owned();
            }
        }
    }
}

async fn token(answer: Response) -> String {
    let body: Value = answer.json().await.unwrap();
    body["access_token"].as_str().unwrap().to_owned()
}

async fn code(answer: Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    (status, answer.json::<Value>().await.unwrap()["error"].take())
}

/// Runs the service and a client, then shuts it down.
async fn visit(story: impl AsyncFnOnce(Visitor)) {
    let folder = tempfile::tempdir().unwrap();
    let (letterbox, letters) = Letterbox::new();
    let accounts = Accounts::open(folder.path(), Arc::new(letterbox)).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let visitor = Visitor { address, client: Client::new(), letters };
    let stop = CancellationToken::new();
    let visit = async {
        story(visitor).await;
        stop.cancel();
    };
    let (served, ()) = tokio::join!(serve(accounts, listener, stop.clone()), visit);
    served.unwrap();
}

#[tokio::test]
async fn a_user_registers_resets_the_password_and_signs_in_again() {
    visit(async |mut visitor: Visitor| {
        let anna = json!({
            "email": "anna@example.com", "username": "anna", "password": PASSWORD,
        });
        let registered = visitor.post("/register", anna.clone()).await;
        assert_eq!(registered.status(), 201);
        let first = token(registered).await;
        assert_eq!(visitor.visit(&first).await, (200, json!({ "hello": "anna" })));
        assert_eq!(code(visitor.post("/register", anna).await).await, (409, json!("email_taken")));

        assert_eq!(
            code(visitor.log_in("not her password").await).await,
            (401, json!("invalid_credentials"))
        );
        let second = token(visitor.log_in(PASSWORD).await).await;

        let forgotten = visitor.post("/forgot", json!({ "email": "Anna@Example.com" })).await;
        assert_eq!(forgotten.status(), 202);
        let link = visitor.next_link_token().await;
        let reset = json!({ "token": link, "password": ANOTHER });
        assert_eq!(visitor.post("/reset", reset.clone()).await.status(), 204);
        assert_eq!(code(visitor.post("/reset", reset).await).await, (400, json!("invalid_token")));

        // The reset has ended all sessions.
        for ended in [&first, &second] {
            assert_eq!(visitor.visit(ended).await.0, 401);
        }
        assert_eq!(visitor.log_in(PASSWORD).await.status(), 401);
        let back = token(visitor.log_in(ANOTHER).await).await;
        assert_eq!(visitor.visit(&back).await.0, 200);
    })
    .await;
}

#[tokio::test]
async fn a_validation_error_names_the_rule() {
    visit(async |visitor: Visitor| {
        let wanted = json!({
            "email": "anna@example.com", "username": "anna", "password": "short",
        });
        let refused = visitor.post("/register", wanted).await;
        assert_eq!(refused.status(), 422);
        let expected = json!({
            "error": "invalid_input", "fields": [["password", "password_too_short"]],
        });
        assert_eq!(refused.json::<Value>().await.unwrap(), expected);
    })
    .await;
}

#[tokio::test]
async fn a_large_or_malformed_body_gets_our_own_error() {
    visit(async |visitor: Visitor| {
        for (body, status) in [
            (json!({ "email": "x".repeat(16 * 1024) }), 413),
            (json!({ "nothing": "SECRET" }), 422),
        ] {
            let refused = visitor.post("/login", body).await;
            assert_eq!(refused.status(), status);
            assert_eq!(refused.json::<Value>().await.unwrap(), json!({ "error": "malformed" }));
        }
    })
    .await;
}

#[tokio::test]
async fn a_request_without_a_valid_token_is_refused() {
    visit(async |visitor: Visitor| {
        let (status, body) = visitor.visit("v4.public.invalid").await;
        assert_eq!((status, &body["error"]), (401, &json!("unauthenticated")));
        let anna = json!({
            "email": "anna@example.com", "username": "anna", "password": PASSWORD,
        });
        let token = token(visitor.post("/register", anna).await).await;
        let page = visitor.client.get(format!("{}/private", visitor.address));
        let twice = page.bearer_auth(&token).bearer_auth(&token).send().await.unwrap();
        assert_eq!(twice.status(), 401, "a proxy may have checked the other one");
        assert_eq!(twice.headers()["www-authenticate"], "Bearer");
        assert_eq!(twice.headers()["cache-control"], "no-store");
    })
    .await;
}
