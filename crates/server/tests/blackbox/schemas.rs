//! Fuzzing of the API: all responses match the OpenAPI document, and none is a server error (E19).

mod mutations;
mod requests;
mod run;
mod schemathesis;

use serde_json::Value;

use crate::evidence::Experiment;
use crate::service::Service;

const PASSWORD: &str = "a good long password";

/// Checks the log of the service, which includes requests whose client has disconnected.
fn judge_log(experiment: &mut Experiment, service: &Service) {
    let (mut not_json, mut panics, mut faults) = (0, 0, 0);
    let mut answers = 0;
    for line in service.log.lines() {
        let parsed = serde_json::from_str::<Value>(&line);
        let status = parsed.as_ref().ok().and_then(|line| line["status"].as_u64());
        answers += usize::from(status.is_some());
        for (count, is_so) in [
            (&mut not_json, parsed.is_err()),
            (&mut panics, line.contains("panic")),
            (&mut faults, status.is_some_and(|status| status >= 500)),
        ] {
            if is_so {
                eprintln!("{line}");
                *count += 1;
            }
        }
    }
    experiment.measure("answers_in_the_log", answers);
    experiment.exactly("lines_of_the_log_not_json", not_json, 0);
    experiment.exactly("lines_of_the_log_about_panics", panics, 0);
    experiment.exactly("server_errors_in_the_log", faults, 0);
}

/// Asserts that the service still works.
async fn insist_on_life(service: &Service) {
    assert_eq!(service.get("/health/live").await.status, 200);
    let email = "afterwards@example.com";
    assert_eq!(service.sign_up(email, PASSWORD).await.status, 201);
    assert_eq!(service.sign_in(email, PASSWORD).await.status, 200);
}
