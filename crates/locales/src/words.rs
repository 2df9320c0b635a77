//! Moments, durations and devices in words.

use time::{Duration, OffsetDateTime, UtcOffset};
use vestibule_domain::language::Language;

use crate::device::Device;
use crate::locales::Locales;

impl Locales {
    /// A moment: `20 November 2026, 13:32 UTC`.
    pub fn moment(&self, language: Language, at: OffsetDateTime) -> String {
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

    /// When something ends: the time alone on the day it began, with the date otherwise.
    pub fn until(&self, language: Language, began: OffsetDateTime, ends: OffsetDateTime) -> String {
        let ends = ends.to_offset(UtcOffset::UTC);
        if began.to_offset(UtcOffset::UTC).date() == ends.date() {
            self.text(language, "time.clock", &[("clock", clock(ends).as_str().into())])
        } else {
            self.moment(language, ends)
        }
    }

    /// How long something takes: `1 hour 30 minutes`; never more than the duration.
    ///
    /// German and Arabic decline: a text puts this where an accusative or a genitive belongs.
    pub fn span(&self, language: Language, duration: Duration) -> String {
        let units = [
            (duration.whole_days(), "time.days"),
            (duration.whole_hours() % 24, "time.hours"),
            (duration.whole_minutes() % 60, "time.minutes"),
        ];
        let words = units
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, key)| self.text(language, key, &[("count", count.into())]));
        let joined = words.reduce(|first, second| {
            let parts = [("first", first.as_str().into()), ("second", second.as_str().into())];
            self.text(language, "time.joined", &parts)
        });
        joined.unwrap_or_else(|| self.text(language, "time.lessThanAMinute", &[]))
    }

    /// What a request came from: `Firefox on Linux`, or as much of that as is known.
    ///
    /// Nothing of the user agent itself is in the answer.
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
    fn moments_are_in_utc() {
        let locales = Locales::embedded();
        let at = datetime!(2026-11-20 14:32 +1);
        assert_eq!(locales.moment(English, at), "20 November 2026, 13:32 UTC");
        assert_eq!(locales.moment(German, at), "20. November 2026, 13:32 Uhr UTC");
        assert_eq!(locales.moment(Arabic, at), "20 نوفمبر 2026، 13:32 بتوقيت UTC");
        let early = datetime!(2026-03-02 03:04 UTC);
        assert_eq!(locales.moment(English, early), "2 March 2026, 03:04 UTC");
        assert_eq!(locales.moment(German, early), "2. März 2026, 03:04 Uhr UTC");
        assert_eq!(locales.moment(Arabic, early), "2 مارس 2026، 03:04 بتوقيت UTC");
    }

    #[test]
    fn every_month_has_its_own_name() {
        let locales = Locales::embedded();
        for language in Language::ALL {
            let months = (1..=12).map(|month| {
                let month = time::Month::try_from(month).unwrap();
                locales
                    .moment(language, datetime!(2026-01-01 0:00 UTC).replace_month(month).unwrap())
            });
            assert_eq!(months.collect::<BTreeSet<_>>().len(), 12, "{language}");
        }
    }

    #[test]
    fn the_end_carries_a_date_only_on_another_day() {
        let locales = Locales::embedded();
        let began = datetime!(2026-11-20 22:30 UTC);
        for (language, soon, later) in [
            (English, "23:30 UTC", "21 November 2026, 00:30 UTC"),
            (German, "23:30 Uhr UTC", "21. November 2026, 00:30 Uhr UTC"),
            (Arabic, "23:30 بتوقيت UTC", "21 نوفمبر 2026، 00:30 بتوقيت UTC"),
        ] {
            let until = |ends| locales.until(language, began, ends);
            assert_eq!(until(datetime!(2026-11-20 23:30 UTC)), soon);
            assert_eq!(until(datetime!(2026-11-21 01:30 +1)), later);
        }
    }

    #[test]
    fn spans_are_rounded_down() {
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
            for (language, words) in [(English, english), (German, german), (Arabic, arabic)] {
                assert_eq!(locales.span(language, duration), words);
            }
        }
    }

    #[test]
    fn an_unknown_device_is_called_so() {
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
            for (language, words) in [(English, english), (German, german), (Arabic, arabic)] {
                assert_eq!(locales.device(language, Some(user_agent)), words);
            }
        }
        assert_eq!(locales.device(English, None), "an unknown device");
    }
}
