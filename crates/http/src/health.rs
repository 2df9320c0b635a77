//! Probes for load balancers and process managers.
#![expect(clippy::unused_async, reason = "the framework wants every operation to be async")]

use std::time::Duration;

use poem::http::StatusCode;
use poem::web::Data;
use poem::{IntoResponse, Response};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

use crate::Tag;
use crate::body::Unread;
use crate::error::UNAVAILABLE;
use crate::problem::{Problem, ProblemJson};
use crate::state::State;

/// How long the database may take to say that it is there; probes are impatient.
const PATIENCE: Duration = Duration::from_secs(1);

/// The operations.
pub(crate) struct Health;

/// How the service does.
#[derive(Debug, Object)]
struct HealthResponse {
    /// `ok`.
    status: String,
}

/// Whether requests are welcome.
#[derive(ApiResponse)]
enum Readiness {
    /// They are.
    #[oai(status = 200)]
    Ready(Json<HealthResponse>),
    /// They are not: the database is out of reach, or the process is about to stop.
    #[oai(status = 503)]
    NotReady(ProblemJson, #[oai(header = "Retry-After")] u64),
}

fn ok() -> Json<HealthResponse> {
    Json(HealthResponse { status: "ok".to_owned() })
}

/// Answers a process that still waits for its database: it runs, and can do nothing else.
pub fn starting(path: &str) -> Response {
    let detail = match path {
        "/health/live" => return ok().into_response(),
        "/health/ready" => "The service waits for its database, or migrates it",
        _ => UNAVAILABLE,
    };
    let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail);
    Readiness::NotReady(problem.into(), 1).into_response()
}

#[OpenApi(prefix_path = "/health", tag = "Tag::Operations")]
impl Health {
    /// Does the process run?
    ///
    /// Yes, if it answers at all, whatever becomes of the database.
    #[oai(path = "/live", method = "get", operation_id = "getLiveness")]
    async fn live(&self) -> Result<Json<HealthResponse>, Unread> {
        Ok(ok())
    }

    /// Are requests welcome?
    ///
    /// Not while the database is out of reach, or the process is about to stop.
    #[oai(path = "/ready", method = "get", operation_id = "getReadiness")]
    async fn ready(&self, state: Data<&State>) -> Result<Readiness, Unread> {
        let not_ready = |code, detail| {
            let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, detail);
            Readiness::NotReady(problem.into(), 1)
        };
        if state.is_draining() {
            return Ok(not_ready("draining", "The service is about to stop"));
        }
        if let Ok(Ok(())) = tokio::time::timeout(PATIENCE, state.store.ping()).await {
            return Ok(Readiness::Ready(ok()));
        }
        tracing::warn!("not ready: the database cannot be reached");
        Ok(not_ready("unavailable", "The database cannot be reached"))
    }
}
