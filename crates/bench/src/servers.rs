//! Baselines `hyper` and `poem`: servers that return the same JSON for every request, as large as
//! that of `/me`.

use std::convert::Infallible;
use std::net::SocketAddr;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use poem::listener::TcpListener;
use poem::web::Json;
use poem::{Route, Server, get, handler};
use serde::Serialize;

/// The response of `/me`, created for every request as in the service.
#[derive(Serialize)]
struct User {
    id: String,
    email: String,
    username: String,
    is_active: bool,
    is_admin: bool,
    created_at: String,
}

impl User {
    fn anna() -> Self {
        Self {
            id: "0198c7f2-1111-7111-8111-111111111111".to_owned(),
            email: "anna@example.com".to_owned(),
            username: "anna".to_owned(),
            is_active: true,
            is_admin: false,
            created_at: "2026-09-01T12:00:00.123456Z".to_owned(),
        }
    }
}

/// Runs a server with hyper alone, with the default number of threads.
pub(crate) fn hyper(address: SocketAddr) -> anyhow::Result<()> {
    runtime()?.block_on(async {
        let listener = tokio::net::TcpListener::bind(address).await?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let respond = service_fn(async |_: Request<Incoming>| {
                let body = serde_json::to_vec(&User::anna()).unwrap_or_default();
                let mut response = Response::new(Full::new(Bytes::from(body)));
                let json = HeaderValue::from_static("application/json; charset=utf-8");
                response.headers_mut().insert(CONTENT_TYPE, json);
                Ok::<_, Infallible>(response)
            });
            let connection = hyper::server::conn::http1::Builder::new();
            #[expect(
                clippy::disallowed_methods,
                reason = "a baseline is not shut down gracefully"
            )]
            tokio::spawn(connection.serve_connection(TokioIo::new(stream), respond));
        }
    })
}

#[handler]
fn me() -> Json<User> {
    Json(User::anna())
}

/// Runs a server with poem and one route.
pub(crate) fn poem(address: SocketAddr) -> anyhow::Result<()> {
    runtime()?.block_on(async {
        let routes = Route::new().at("/api/v1/auth/me", get(me));
        Ok(Server::new(TcpListener::bind(address.to_string())).run(routes).await?)
    })
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}
