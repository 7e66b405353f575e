//! Points in time as people write them for `--since`.

use jiff::civil::{DateTime, Time};
use jiff::{Timestamp, tz::TimeZone};

use crate::machine::unit::timespan;

/// `2026-08-21 10:00:00`, `2026-08-21`, `10:00`, `today`, `-5min`, `1h ago`, `@1755770400`.
pub(super) fn parse(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.trim();
    let zone = TimeZone::system();
    let today = now.to_zoned(zone.clone()).date();
    let at = |time: DateTime| Some(time.to_zoned(zone.clone()).ok()?.timestamp());
    match text {
        "now" => return Some(now),
        "today" => return at(today.at(0, 0, 0, 0)),
        "yesterday" => return at(today.yesterday().ok()?.at(0, 0, 0, 0)),
        _ => {}
    }
    if let Some(seconds) = text.strip_prefix('@') {
        let seconds: f64 = seconds.parse().ok()?;
        #[allow(
            clippy::cast_possible_truncation,
            reason = "beyond a representable time it is refused below"
        )]
        let micros = (seconds * 1e6) as i64;
        return Timestamp::from_microsecond(micros).ok();
    }
    let back = text.strip_prefix('-').or_else(|| text.strip_suffix(" ago"));
    if let Some(span) = back {
        return now.checked_sub(timespan::parse(span)??).ok();
    }
    if let Some(span) = text.strip_prefix('+') {
        return now.checked_add(timespan::parse(span)??).ok();
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    if let Some(utc) = text.strip_suffix(" UTC") {
        let time: DateTime = utc.replace(' ', "T").parse().ok()?;
        return Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp());
    }
    if let Ok(time) = text.replacen(' ', "T", 1).parse::<DateTime>() {
        return at(time);
    }
    if let Ok(time) = text.parse::<Time>() {
        return at(today.to_datetime(time));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-08-21T10:00:00Z".parse().unwrap()
    }

    #[test]
    fn relative_times_count_from_now() {
        let expected: Timestamp = "2026-08-21T09:55:00Z".parse().unwrap();
        assert_eq!(parse("-5min", now()), Some(expected));
        assert_eq!(parse("5 min ago", now()), Some(expected));
        assert_eq!(parse("now", now()), Some(now()));
    }

    #[test]
    fn absolute_times_are_read_in_several_forms() {
        let expected: Timestamp = "2026-08-21T09:55:00Z".parse().unwrap();
        assert_eq!(parse("2026-08-21 09:55:00 UTC", now()), Some(expected));
        assert_eq!(parse("2026-08-21T09:55:00Z", now()), Some(expected));
        assert_eq!(parse("@1787306100", now()), Some(expected));
        assert!(parse("2026-08-21", now()).is_some());
        assert!(parse("09:55", now()).is_some());
    }

    #[test]
    fn nonsense_is_refused() {
        assert_eq!(parse("soon", now()), None);
        assert_eq!(parse("-soon", now()), None);
    }
}
