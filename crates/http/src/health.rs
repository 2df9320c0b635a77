//! Health checks for load balancers and process managers.
#![expect(clippy::unused_async, reason = "the framework wants every operation to be async")]

use std::time::Duration;

use poem::http::StatusCode;
use poem::web::Data;
use poem::{IntoResponse, Response};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

use crate::body::BodyError;
use crate::error::UNAVAILABLE;
use crate::problem::{Problem, ProblemJson};
use crate::state::ApiState;
use crate::tag::Tag;

/// Timeout of the database check.
const PATIENCE: Duration = Duration::from_secs(1);

/// Health operations.
pub(crate) struct HealthApi;

/// The health of the service.
#[derive(Debug, Object)]
struct HealthResponse {
    /// Always `ok`.
    status: String,
}

/// The readiness of the service.
#[derive(ApiResponse)]
enum Readiness {
    /// Ready.
    #[oai(status = 200)]
    Ready(Json<HealthResponse>),
    /// Not ready: the database is unavailable, or the process is stopping.
    #[oai(status = 503)]
    NotReady(ProblemJson, #[oai(header = "Retry-After")] u64),
}

fn ok() -> Json<HealthResponse> {
    Json(HealthResponse { status: "ok".to_owned() })
}

/// Answers requests while the process waits for its database: alive, but not ready.
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
impl HealthApi {
    /// Check liveness
    ///
    /// Returns 200 while the process runs, independent of the database.
    #[oai(path = "/live", method = "get", operation_id = "getLiveness")]
    async fn live(&self) -> Result<Json<HealthResponse>, BodyError> {
        Ok(ok())
    }

    /// Check readiness
    ///
    /// Returns 503 while the database is unavailable or the process is stopping.
    #[oai(path = "/ready", method = "get", operation_id = "getReadiness")]
    async fn ready(&self, state: Data<&ApiState>) -> Result<Readiness, BodyError> {
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
