//! Times in the layouts Juju prints.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Which clock a reader wants to see.
#[derive(Debug, Clone)]
pub(crate) struct Clock(TimeZone);

impl Clock {
    pub(crate) fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    pub(crate) fn local() -> Self {
        Self(TimeZone::system())
    }

    /// Local time, or UTC if `--utc` was given.
    pub(crate) fn choose(utc: bool) -> Self {
        if utc { Self::utc() } else { Self::local() }
    }

    /// Go's default: `2026-01-01 09:12:33 +0000 UTC`.
    pub(crate) fn default_layout(&self, time: Timestamp) -> String {
        time.to_zoned(self.0.clone())
            .strftime("%Y-%m-%d %H:%M:%S %z %Z")
            .to_string()
    }

    /// Status times: `01 Jan 2026 09:00:00Z`, with an offset outside UTC.
    pub(crate) fn status_layout(&self, time: Timestamp) -> String {
        let zoned = time.to_zoned(self.0.clone());
        let offset = if zoned.offset().is_zero() { "Z" } else { "%:z" };
        zoned
            .strftime(&format!("%d %b %Y %H:%M:%S{offset}"))
            .to_string()
    }

    /// `09:01:38Z`, with an offset outside UTC.
    pub(crate) fn timestamp(&self, time: Timestamp) -> String {
        let zoned = time.to_zoned(self.0.clone());
        let offset = if zoned.offset().is_zero() { "Z" } else { "%:z" };
        zoned.strftime(&format!("%H:%M:%S{offset}")).to_string()
    }

    /// `09:12:33`
    pub(crate) fn time_of_day(&self, time: Timestamp) -> String {
        time.to_zoned(self.0.clone())
            .strftime("%H:%M:%S")
            .to_string()
    }

    /// `09:12:33.123`
    pub(crate) fn time_with_milliseconds(&self, time: Timestamp) -> String {
        time.to_zoned(self.0.clone())
            .strftime("%H:%M:%S%.3f")
            .to_string()
    }

    /// `2026-01-01`
    pub(crate) fn date(&self, time: Timestamp) -> String {
        time.to_zoned(self.0.clone())
            .strftime("%Y-%m-%d")
            .to_string()
    }

    /// `2026-01-01T09:12:33`
    pub(crate) fn date_and_time(&self, time: Timestamp) -> String {
        time.to_zoned(self.0.clone())
            .strftime("%Y-%m-%dT%H:%M:%S")
            .to_string()
    }
}

/// `2026-01-01T09:12:33Z`, without fractions of a second.
pub(crate) fn rfc3339(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// How long ago, in words: `just now`, `5 minutes ago`.
pub(crate) fn ago(time: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(time).as_secs();
    let (count, unit) = match seconds {
        ..=9 => return "just now".to_owned(),
        10..=59 => (seconds, "second"),
        60..=3599 => (seconds / 60, "minute"),
        3600..=86_399 => (seconds / 3600, "hour"),
        _ => return time.strftime("%Y-%m-%d").to_string(),
    };
    format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time() -> Timestamp {
        "2026-01-02T09:12:33.5Z".parse().unwrap()
    }

    #[test]
    fn every_layout_is_the_one_juju_prints() {
        let utc = Clock::utc();
        assert_eq!(utc.default_layout(time()), "2026-01-02 09:12:33 +0000 UTC");
        assert_eq!(utc.status_layout(time()), "02 Jan 2026 09:12:33Z");
        assert_eq!(utc.timestamp(time()), "09:12:33Z");
        assert_eq!(utc.time_of_day(time()), "09:12:33");
        assert_eq!(utc.time_with_milliseconds(time()), "09:12:33.500");
        assert_eq!(utc.date(time()), "2026-01-02");
        assert_eq!(rfc3339(time()), "2026-01-02T09:12:33Z");
    }

    #[test]
    fn outside_utc_the_offset_is_shown() {
        let clock = Clock(TimeZone::fixed(jiff::tz::offset(2)));
        assert_eq!(clock.status_layout(time()), "02 Jan 2026 11:12:33+02:00");
        assert_eq!(clock.timestamp(time()), "11:12:33+02:00");
    }

    #[test]
    fn the_past_is_told_in_words() {
        let cases = [
            ("2026-01-02T09:12:40Z", "just now"),
            ("2026-01-02T09:13:34Z", "1 minute ago"),
            ("2026-01-02T09:20:34Z", "8 minutes ago"),
            ("2026-01-02T12:20:34Z", "3 hours ago"),
            ("2026-01-05T12:20:34Z", "2026-01-02"),
        ];
        for (now, expected) in cases {
            assert_eq!(ago(time(), now.parse().unwrap()), expected);
        }
    }
}
