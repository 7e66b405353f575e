//! The times an operator may give.

use std::fmt;

use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::domain::words::Timestamp;

/// A point in time as an operator gives it: `2026-01-01 12:00:00`, with up to six more digits of a second, and with a
/// zone as a number (`+02`, `+0200`, `+02:00`), `Z` or `UTC`. `T` may stand for the space.
///
/// Named zones are refused: `CST` is three different ones, and `Europe/Berlin` has an hour each year that comes twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub at: Timestamp,
    /// No zone was given, and UTC is taken.
    pub assumed_utc: bool,
}

/// Why text is not a [`Moment`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAMoment {
    #[error("it is not of the form YYYY-MM-DD HH:MM:SS")]
    Form,
    #[error("there is no such date or time of day")]
    NoSuchTime,
    #[error("PostgreSQL keeps six digits of a second, and there are more")]
    TooPrecise,
    #[error(
        "zones are accepted as a number only, because a named one may mean two different times"
    )]
    NamedZone,
    #[error("its zone is not of the form +HH, +HHMM or +HH:MM")]
    Zone,
}

impl std::str::FromStr for Moment {
    type Err = NotAMoment;

    fn from_str(text: &str) -> Result<Self, NotAMoment> {
        let (civil, rest) = civil(text)?;
        let zone = rest.strip_prefix(' ').unwrap_or(rest);
        let offset = if rest.is_empty() {
            None
        } else {
            Some(offset(zone)?)
        };
        let at = offset
            .unwrap_or(Offset::UTC)
            .to_timestamp(civil)
            .map_err(|_| NotAMoment::NoSuchTime)?;
        Ok(Self {
            at,
            assumed_utc: offset.is_none(),
        })
    }
}

/// The date and time of day, and what follows them.
fn civil(text: &str) -> Result<(DateTime, &str), NotAMoment> {
    let [
        y0,
        y1,
        y2,
        y3,
        b'-',
        o0,
        o1,
        b'-',
        d0,
        d1,
        b' ' | b'T',
        h0,
        h1,
        b':',
        m0,
        m1,
        b':',
        s0,
        s1,
        ..,
    ] = *text.as_bytes()
    else {
        return Err(NotAMoment::Form);
    };
    let read = |digits: &[u8]| number(digits).ok_or(NotAMoment::Form);
    let short = |digits: &[u8]| read(digits).map(|n| i8::try_from(n).unwrap_or(i8::MAX));
    let year = i16::try_from(read(&[y0, y1, y2, y3])?).map_err(|_| NotAMoment::Form)?;
    let (month, day) = (short(&[o0, o1])?, short(&[d0, d1])?);
    let (hour, minute, second) = (short(&[h0, h1])?, short(&[m0, m1])?, short(&[s0, s1])?);
    // The first nineteen bytes are ASCII, so this is a boundary.
    let (nanosecond, rest) = fraction(text.get(19..).unwrap_or_default())?;
    DateTime::new(year, month, day, hour, minute, second, nanosecond)
        .map(|civil| (civil, rest))
        .map_err(|_| NotAMoment::NoSuchTime)
}

/// Nanoseconds from `.ffffff`, if that is what comes next, and what follows.
fn fraction(text: &str) -> Result<(i32, &str), NotAMoment> {
    let Some(rest) = text.strip_prefix('.') else {
        return Ok((0, text));
    };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = rest.split_at(digits);
    match digits.len() {
        0 => Err(NotAMoment::Form),
        1..=6 => {
            let nanoseconds = number(format!("{digits:0<9}").as_bytes());
            Ok((nanoseconds.ok_or(NotAMoment::Form)?, rest))
        }
        _ => Err(NotAMoment::TooPrecise),
    }
}

fn offset(zone: &str) -> Result<Offset, NotAMoment> {
    if matches!(zone, "Z" | "z" | "UTC" | "GMT") {
        return Ok(Offset::UTC);
    }
    let (sign, digits) = match zone.as_bytes() {
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        [first, ..] if first.is_ascii_alphabetic() => return Err(NotAMoment::NamedZone),
        _ => return Err(NotAMoment::Zone),
    };
    let (hours, minutes) = match *digits {
        [h0, h1] => (number(&[h0, h1]), Some(0)),
        [h0, h1, m0, m1] | [h0, h1, b':', m0, m1] => (number(&[h0, h1]), number(&[m0, m1])),
        _ => return Err(NotAMoment::Zone),
    };
    // Further than 15:59 from UTC, PostgreSQL knows no zone.
    match (hours, minutes) {
        (Some(hours @ 0..=15), Some(minutes @ 0..=59)) => {
            Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).map_err(|_| NotAMoment::Zone)
        }
        _ => Err(NotAMoment::Zone),
    }
}

/// A number of up to nine digits and nothing else.
fn number(digits: &[u8]) -> Option<i32> {
    digits.iter().try_fold(0, |number: i32, digit| {
        let digit = digit.is_ascii_digit().then(|| i32::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// As PostgreSQL reads it whatever its own zone is: `2026-01-01 12:00:00.5+00`.
pub(super) fn postgresql(at: Timestamp) -> String {
    struct Shown(DateTime);

    impl fmt::Display for Shown {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{} {}+00", self.0.date(), self.0.time())
        }
    }

    Shown(Offset::UTC.to_datetime(at)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<String, NotAMoment> {
        text.parse::<Moment>().map(|moment| moment.at.to_string())
    }

    #[test]
    fn without_a_zone_it_is_utc_and_says_so() {
        let moment: Moment = "2026-01-01 12:00:00".parse().unwrap();
        assert_eq!(moment.at.to_string(), "2026-01-01T12:00:00Z");
        assert!(moment.assumed_utc);
        assert!(
            !"2026-01-01 12:00:00Z"
                .parse::<Moment>()
                .unwrap()
                .assumed_utc
        );
    }

    #[test]
    fn every_accepted_way_of_writing_gives_the_same_moment() {
        for text in [
            "2026-01-01 12:00:00.25",
            "2026-01-01T12:00:00.250000",
            "2026-01-01T12:00:00.25Z",
            "2026-01-01 12:00:00.25 UTC",
            "2026-01-01 12:00:00.25+00",
            "2026-01-01 14:00:00.25+02",
            "2026-01-01 14:00:00.25 +02:00",
            "2026-01-01 17:30:00.25+0530",
            "2025-12-31 20:15:00.25-15:45",
        ] {
            assert_eq!(
                read(text).as_deref(),
                Ok("2026-01-01T12:00:00.25Z"),
                "{text}"
            );
        }
    }

    #[test]
    fn everything_else_is_refused_with_its_reason() {
        for (text, why) in [
            ("", NotAMoment::Form),
            ("yesterday", NotAMoment::Form),
            ("2026-01-01", NotAMoment::Form),
            ("2026-01-01 12:00", NotAMoment::Form),
            ("01/02/2026 12:00:00", NotAMoment::Form),
            (" 2026-01-01 12:00:00", NotAMoment::Form),
            ("2026-01-01 1x:00:00", NotAMoment::Form),
            ("2026-01-01 12:00:00.", NotAMoment::Form),
            ("2026-02-30 12:00:00", NotAMoment::NoSuchTime),
            ("2026-01-01 24:00:00", NotAMoment::NoSuchTime),
            ("2026-01-01 12:00:60", NotAMoment::NoSuchTime),
            ("2026-01-01 12:00:00.1234567", NotAMoment::TooPrecise),
            ("2026-01-01 12:00:00 Europe/Berlin", NotAMoment::NamedZone),
            ("2026-01-01 12:00:00 CST", NotAMoment::NamedZone),
            ("2026-01-01 12:00:00+2", NotAMoment::Zone),
            ("2026-01-01 12:00:00+16", NotAMoment::Zone),
            ("2026-01-01 12:00:00+02:60", NotAMoment::Zone),
            ("2026-01-01 12:00:00+02:0", NotAMoment::Zone),
            ("2026-01-01 12:00:00 ", NotAMoment::Zone),
            ("2026-01-01 12:00:00; drop", NotAMoment::Zone),
            ("2026-01-01 12:00:00ü", NotAMoment::Zone),
        ] {
            assert_eq!(read(text), Err(why), "{text}");
        }
    }

    #[test]
    fn postgresql_is_given_the_zone_too() {
        let moment: Moment = "2026-01-01 14:00:00.5+02".parse().unwrap();
        assert_eq!(postgresql(moment.at), "2026-01-01 12:00:00.5+00");
    }

    proptest! {
        #[test]
        fn what_postgresql_is_given_reads_back(microseconds in 0..253_402_300_799_000_000_i64) {
            let at = Timestamp::from_microsecond(microseconds).unwrap();
            let moment: Moment = postgresql(at).parse().unwrap();
            prop_assert_eq!(moment.at, at);
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".*", near in "[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{0,8})?[ +-]?[0-9:Zaü]{0,6}") {
            let _ = text.parse::<Moment>();
            let _ = near.parse::<Moment>();
        }
    }
}
