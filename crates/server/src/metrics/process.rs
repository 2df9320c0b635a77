//! Process metrics under the names of the Prometheus clients; Linux only.

use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use time::OffsetDateTime;
use vestibule_domain::ports::{Clock as _, SystemClock};

use super::Names;

/// The metrics.
pub(super) struct Process {
    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "not available on this platform")
    )]
    cpu_seconds: Counter<f64, AtomicU64>,
    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "not available on this platform")
    )]
    resident_bytes: Gauge,
    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "not available on this platform")
    )]
    open_files: Gauge,
}

impl Process {
    pub(super) fn new(names: &mut Names) -> Self {
        let started = Gauge::<f64, AtomicU64>::default();
        let since_epoch = SystemClock.now() - OffsetDateTime::UNIX_EPOCH;
        started.set(since_epoch.as_seconds_f64());
        let about = "Start time of the process, in seconds since the Unix epoch";
        names.register("process_start_time_seconds", about, started);
        Self {
            cpu_seconds: names.register(
                "process_cpu_seconds",
                "Processor time of the process",
                Counter::default(),
            ),
            resident_bytes: names.register(
                "process_resident_memory_bytes",
                "Resident memory of the process",
                Gauge::default(),
            ),
            open_files: names.register(
                "process_open_fds",
                "Open file descriptors",
                Gauge::default(),
            ),
        }
    }

    /// Reads the metrics.
    #[cfg(target_os = "linux")]
    pub(super) fn look(&self) {
        use std::sync::atomic::Ordering;

        let read = |name| std::fs::read_to_string(format!("/proc/self/{name}")).unwrap_or_default();
        if let Some(ticks) = processor_ticks(&read("stat")) {
            #[expect(clippy::cast_precision_loss, reason = "no process lives so long")]
            let seconds = ticks as f64 / rustix::param::clock_ticks_per_second() as f64;
            self.cpu_seconds.inner().store(seconds.to_bits(), Ordering::Relaxed);
        }
        let pages = read("statm");
        let resident = pages.split(' ').nth(1).and_then(|pages| pages.parse::<i64>().ok());
        if let Some(pages) = resident {
            let page = i64::try_from(rustix::param::page_size()).unwrap_or(4096);
            self.resident_bytes.set(pages * page);
        }
        if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
            self.open_files.set(i64::try_from(files.count()).unwrap_or(i64::MAX));
        }
    }

    /// Not available on this platform.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn look(&self) {}
}

/// Returns user and system time, fields 14 and 15. Field 2 is a name in parentheses and may contain
/// any characters.
#[cfg(target_os = "linux")]
fn processor_ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let user: u64 = fields.nth(11)?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_spaces_and_parentheses_hides_nothing() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 2 0 0 0 30 12 0 0 20 0 4 0 99 8 9 10";
        assert_eq!(processor_ticks(stat), Some(42));
        for unknown in ["", "7 (a", "7 (a) S 1 2"] {
            assert_eq!(processor_ticks(unknown), None);
        }
    }
}
