//! Formatting of times, durations and devices.

use time::{Duration, OffsetDateTime, UtcOffset};
use vestibule_domain::model::language::Language;

use crate::device::Device;
use crate::locales::Locales;

impl Locales {
    /// Formats a date and time, such as `20 November 2026, 13:32 UTC`.
    pub fn date_time(&self, language: Language, at: OffsetDateTime) -> String {
        let at = at.to_offset(UtcOffset::UTC);
        let clock = clock(at);
        let arguments = [
            ("day", i64::from(at.day()).into()),
            ("month", i64::from(u8::from(at.month())).into()),
            ("year", i64::from(at.year()).into()),
            ("clock", clock.as_str().into()),
        ];
        self.text(language, "time.moment", &arguments)
    }

    /// Formats the end of a period: only the time if it ends on the day it started, otherwise with
    /// the date.
    pub fn until(&self, language: Language, start: OffsetDateTime, end: OffsetDateTime) -> String {
        let end = end.to_offset(UtcOffset::UTC);
        if start.to_offset(UtcOffset::UTC).date() == end.date() {
            self.text(language, "time.clock", &[("clock", clock(end).as_str().into())])
        } else {
            self.date_time(language, end)
        }
    }

    /// Formats a duration, such as `1 hour 30 minutes`, rounded down.
    ///
    /// In German and Arabic the result is in the accusative or genitive, and texts must use it in
    /// such a place.
    pub fn duration(&self, language: Language, duration: Duration) -> String {
        let units = [
            (duration.whole_days(), "time.days"),
            (duration.whole_hours() % 24, "time.hours"),
            (duration.whole_minutes() % 60, "time.minutes"),
        ];
        let parts = units
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, key)| self.text(language, key, &[("count", count.into())]));
        let joined = parts.reduce(|first, second| {
            let parts = [("first", first.as_str().into()), ("second", second.as_str().into())];
            self.text(language, "time.joined", &parts)
        });
        joined.unwrap_or_else(|| self.text(language, "time.lessThanAMinute", &[]))
    }

    /// Returns the name of a device, such as `Firefox on Linux`, as far as it is known.
    ///
    /// The result never contains parts of the user agent.
    pub fn device(&self, language: Language, user_agent: Option<&str>) -> String {
        match Device::of(user_agent) {
            Device { browser: Some(browser), system: Some(system) } => {
                let names = [("browser", browser.into()), ("system", system.into())];
                self.text(language, "devices.browserOnSystem", &names)
            }
            Device { browser: Some(browser), system: None } => browser.to_owned(),
            Device { browser: None, system: Some(system) } => {
                self.text(language, "devices.unknownBrowser", &[("system", system.into())])
            }
            Device { browser: None, system: None } => self.text(language, "devices.unknown", &[]),
        }
    }
}

fn clock(at: OffsetDateTime) -> String {
    format!("{:02}:{:02}", at.hour(), at.minute())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use time::macros::datetime;

    use super::*;

    use Language::{Arabic, English, German};

    #[test]
    fn times_are_in_utc() {
        let locales = Locales::embedded();
        let at = datetime!(2026-11-20 14:32 +1);
        assert_eq!(locales.date_time(English, at), "20 November 2026, 13:32 UTC");
        assert_eq!(locales.date_time(German, at), "20. November 2026, 13:32 Uhr UTC");
        assert_eq!(locales.date_time(Arabic, at), "20 نوفمبر 2026، 13:32 بتوقيت UTC");
        let early = datetime!(2026-03-02 03:04 UTC);
        assert_eq!(locales.date_time(English, early), "2 March 2026, 03:04 UTC");
        assert_eq!(locales.date_time(German, early), "2. März 2026, 03:04 Uhr UTC");
        assert_eq!(locales.date_time(Arabic, early), "2 مارس 2026، 03:04 بتوقيت UTC");
    }

    #[test]
    fn every_month_has_its_own_name() {
        let locales = Locales::embedded();
        for language in Language::ALL {
            let months = (1..=12).map(|month| {
                let month = time::Month::try_from(month).unwrap();
                let at = datetime!(2026-01-01 0:00 UTC).replace_month(month).unwrap();
                locales.date_time(language, at)
            });
            assert_eq!(months.collect::<BTreeSet<_>>().len(), 12, "{language}");
        }
    }

    #[test]
    fn the_end_has_a_date_only_on_another_day() {
        let locales = Locales::embedded();
        let start = datetime!(2026-11-20 22:30 UTC);
        for (language, soon, later) in [
            (English, "23:30 UTC", "21 November 2026, 00:30 UTC"),
            (German, "23:30 Uhr UTC", "21. November 2026, 00:30 Uhr UTC"),
            (Arabic, "23:30 بتوقيت UTC", "21 نوفمبر 2026، 00:30 بتوقيت UTC"),
        ] {
            let until = |end| locales.until(language, start, end);
            assert_eq!(until(datetime!(2026-11-20 23:30 UTC)), soon);
            assert_eq!(until(datetime!(2026-11-21 01:30 +1)), later);
        }
    }

    #[test]
    fn durations_are_rounded_down() {
        let locales = Locales::embedded();
        for (duration, english, german, arabic) in [
            (
                Duration::seconds(59),
                "less than a minute",
                "weniger als eine Minute",
                "أقل من دقيقة",
            ),
            (
                Duration::seconds(-5),
                "less than a minute",
                "weniger als eine Minute",
                "أقل من دقيقة",
            ),
            (Duration::minutes(1), "1 minute", "1 Minute", "دقيقة واحدة"),
            (Duration::seconds(1799), "29 minutes", "29 Minuten", "29 دقيقة"),
            (Duration::hours(1), "1 hour", "1 Stunde", "ساعة واحدة"),
            (
                Duration::minutes(90),
                "1 hour 30 minutes",
                "1 Stunde 30 Minuten",
                "ساعة واحدة و30 دقيقة",
            ),
            (Duration::hours(24), "1 day", "1 Tag", "يوم واحد"),
            (Duration::hours(50), "2 days 2 hours", "2 Tage 2 Stunden", "يومين وساعتين"),
            (Duration::hours(3), "3 hours", "3 Stunden", "3 ساعات"),
            (Duration::days(11), "11 days", "11 Tage", "11 يومًا"),
            (Duration::days(100), "100 days", "100 Tage", "100 يوم"),
        ] {
            for (language, expected) in [(English, english), (German, german), (Arabic, arabic)] {
                assert_eq!(locales.duration(language, duration), expected);
            }
        }
    }

    #[test]
    fn an_unknown_device_is_named_unknown() {
        let locales = Locales::embedded();
        for (user_agent, english, german, arabic) in [
            ("<b>x</b>", "an unknown device", "unbekanntes Gerät", "جهاز غير معروف"),
            (
                "X (Windows)",
                "an unknown browser on Windows",
                "unbekannter Browser unter Windows",
                "متصفح غير معروف على Windows",
            ),
            ("curl/8", "curl", "curl", "curl"),
            ("Firefox/1 Linux", "Firefox on Linux", "Firefox unter Linux", "Firefox على Linux"),
        ] {
            for (language, expected) in [(English, english), (German, german), (Arabic, arabic)] {
                assert_eq!(locales.device(language, Some(user_agent)), expected);
            }
        }
        assert_eq!(locales.device(English, None), "an unknown device");
    }
}
