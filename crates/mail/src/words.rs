//! Moments, durations and devices in English words.
//!
//! A second language needs a second set of these functions and a second folder of templates.

use time::{Duration, OffsetDateTime, UtcOffset};

use crate::device::Device;

/// `20 November 2026, 13:32 UTC`.
pub(crate) fn moment(at: OffsetDateTime) -> String {
    let at = at.to_offset(UtcOffset::UTC);
    format!("{} {} {}, {}", at.day(), at.month(), at.year(), clock(at))
}

/// When something ends: the time alone on the day it began, with the date otherwise.
pub(crate) fn end(began: OffsetDateTime, ends: OffsetDateTime) -> String {
    let ends = ends.to_offset(UtcOffset::UTC);
    if began.to_offset(UtcOffset::UTC).date() == ends.date() { clock(ends) } else { moment(ends) }
}

fn clock(at: OffsetDateTime) -> String {
    format!("{:02}:{:02} UTC", at.hour(), at.minute())
}

/// `1 hour`, `1 hour 30 minutes`, `2 days`; never more than the duration.
pub(crate) fn span(duration: Duration) -> String {
    let units = [
        (duration.whole_days(), "day"),
        (duration.whole_hours() % 24, "hour"),
        (duration.whole_minutes() % 60, "minute"),
    ];
    let words: Vec<String> = units
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}{}", if *count == 1 { "" } else { "s" }))
        .collect();
    if words.is_empty() { "less than a minute".to_owned() } else { words.join(" ") }
}

/// What a request came from: `Firefox on Linux`, or as much of that as is known.
pub(crate) fn device(device: Device) -> String {
    match (device.browser, device.system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, Some(system)) => format!("an unknown browser on {system}"),
        (None, None) => "an unknown device".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn moments_are_in_utc() {
        assert_eq!(moment(datetime!(2026-11-20 14:32 +1)), "20 November 2026, 13:32 UTC");
        assert_eq!(moment(datetime!(2026-01-02 03:04 UTC)), "2 January 2026, 03:04 UTC");
    }

    #[test]
    fn the_end_carries_a_date_only_on_another_day() {
        let began = datetime!(2026-11-20 22:30 UTC);
        assert_eq!(end(began, datetime!(2026-11-20 23:30 UTC)), "23:30 UTC");
        assert_eq!(end(began, datetime!(2026-11-21 00:30 UTC)), "21 November 2026, 00:30 UTC");
    }

    #[test]
    fn spans_are_rounded_down() {
        for (duration, words) in [
            (Duration::seconds(59), "less than a minute"),
            (Duration::minutes(1), "1 minute"),
            (Duration::seconds(1799), "29 minutes"),
            (Duration::hours(1), "1 hour"),
            (Duration::minutes(90), "1 hour 30 minutes"),
            (Duration::hours(24), "1 day"),
            (Duration::hours(50), "2 days 2 hours"),
            (Duration::seconds(-5), "less than a minute"),
        ] {
            assert_eq!(span(duration), words);
        }
    }

    #[test]
    fn an_unknown_device_is_called_so() {
        assert_eq!(device(Device::of(Some("<b>x</b>"))), "an unknown device");
        assert_eq!(device(Device::of(Some("X (Windows)"))), "an unknown browser on Windows");
        assert_eq!(device(Device::of(Some("curl/8"))), "curl");
        assert_eq!(device(Device::of(Some("Firefox/1 Linux"))), "Firefox on Linux");
    }
}
