//! Results of schemathesis, read from its event log of one JSON object per line.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde_json::Value;

/// Results of one or more runs.
#[derive(Default)]
pub(super) struct Outcome {
    /// Number of requests, with or without a response.
    pub(super) cases: usize,
    pub(super) statuses: BTreeMap<u64, usize>,
    /// Operations, as `METHOD /path`, that succeeded at least once.
    pub(super) succeeded: BTreeSet<String>,
    /// Failed checks, with the operation.
    pub(super) failed: Vec<String>,
}

impl Outcome {
    /// Adds the results of a run.
    pub(super) fn read(&mut self, path: &Path) {
        let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for line in BufReader::new(file).lines() {
            let event: Value = serde_json::from_str(&line.unwrap()).unwrap();
            if let Some(recorder) = event.pointer("/ScenarioFinished/recorder") {
                self.add(recorder);
            }
        }
    }

    fn add(&mut self, recorder: &Value) {
        let each = |name: &str| recorder[name].as_object().into_iter().flatten();
        for (id, interaction) in each("interactions") {
            let case = &recorder["cases"][id]["value"];
            let said = |name: &str| case[name].as_str().unwrap_or_default();
            let operation = format!("{} {}", said("method"), said("path"));
            // Status 0 means no response.
            let status = interaction["response"]["status_code"].as_u64().unwrap_or(0);
            self.cases += 1;
            *self.statuses.entry(status).or_default() += 1;
            if (200..300).contains(&status) {
                self.succeeded.insert(operation.clone());
            }
            for check in recorder["checks"][id].as_array().into_iter().flatten() {
                if check["status"] != "success" {
                    self.failed.push(format!("{operation}: {}", check["name"]));
                }
            }
        }
    }

    /// Number of server errors, including requests without a response.
    pub(super) fn server_errors(&self) -> usize {
        let is_fault = |status: &u64| *status == 0 || *status >= 500;
        self.statuses.iter().filter(|(status, _)| is_fault(status)).map(|(_, count)| count).sum()
    }

    pub(super) fn share_of_successes(&self) -> f64 {
        let successes = self.statuses.range(200..300).map(|(_, count)| count).sum::<usize>();
        let figure = |count: usize| f64::from(u32::try_from(count).unwrap());
        figure(successes) / figure(self.cases.max(1))
    }
}
