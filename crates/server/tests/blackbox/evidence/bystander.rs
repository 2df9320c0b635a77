//! An ordinary client during an attack.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval};

use crate::service::Service;
use crate::wire::{Draft, Wire};

/// Asks the same thing at a steady pace, over one connection, from a thread of its own.
pub(crate) struct Bystander {
    over: Arc<AtomicBool>,
    asking: JoinHandle<Vec<Duration>>,
}

impl Bystander {
    /// Starts sending requests to a path that always answers 200.
    pub(crate) fn of(service: &Service, draft: Draft, every: Duration) -> Self {
        let (address, over) = (service.address().to_owned(), Arc::<AtomicBool>::default());
        let is_over = over.clone();
        let asking = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let mut wire = Wire::to(&address).await;
                let mut pace = interval(every);
                pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
                let mut took = Vec::new();
                while !is_over.load(Ordering::Relaxed) {
                    pace.tick().await;
                    let start = Instant::now();
                    let raw = wire.exchange(&draft).await;
                    took.push(start.elapsed());
                    assert_eq!(raw.status, 200, "{raw:?}");
                }
                took
            })
        });
        Self { over, asking }
    }

    /// Stops, and answers how long each answer took.
    pub(crate) fn stop(self) -> Vec<Duration> {
        self.over.store(true, Ordering::Relaxed);
        self.asking.join().expect("every answer was 200")
    }
}
