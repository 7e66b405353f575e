//! The operator's name of a backup.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use super::digits::{ascii, pairs, read_compact};
use super::malformed::{Malformed, shown};
use super::text::json_text;

/// A backup's name for operators: `2026-01-01T12:00:00Z`. It also names a restore in a listing, by the moment its
/// timeline began.
///
/// pgBackRest takes the time of a label from the local clock of the unit that made the backup. The `Z` is true where
/// units keep UTC, and otherwise part of a name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BackupId(DateTime);

impl BackupId {
    /// The id of the backup whose label has this time.
    pub(super) const fn of_label(at: DateTime) -> Self {
        Self(at)
    }

    /// The id of what happened at this moment, to the second.
    pub fn at(moment: Timestamp) -> Self {
        let at = Offset::UTC.to_datetime(moment);
        Self(at.with().subsec_nanosecond(0).build().unwrap_or(at))
    }
}

impl fmt::Display for BackupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [
            [y0, y1],
            [y2, y3],
            [o0, o1],
            [d0, d1],
            [h0, h1],
            [m0, m1],
            [s0, s1],
        ] = pairs(self.0);
        f.pad(ascii(&[
            y0, y1, y2, y3, b'-', o0, o1, b'-', d0, d1, b'T', h0, h1, b':', m0, m1, b':', s0, s1,
            b'Z',
        ]))
    }
}

impl fmt::Debug for BackupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for BackupId {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        read_id(text)
            .map(Self)
            .ok_or_else(|| Malformed::BackupId(shown(text)))
    }
}

fn read_id(text: &str) -> Option<DateTime> {
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
        b'T',
        h0,
        h1,
        b':',
        m0,
        m1,
        b':',
        s0,
        s1,
        b'Z',
    ] = *text.as_bytes()
    else {
        return None;
    };
    read_compact(&[y0, y1, y2, y3, o0, o1, d0, d1, b'-', h0, h1, m0, m1, s0, s1])
}
json_text!(BackupId);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_id_of_a_moment_is_in_utc_and_to_the_second() {
        let moment: Timestamp = "2026-01-01T14:00:00.75+02:00".parse().unwrap();
        assert_eq!(BackupId::at(moment).to_string(), "2026-01-01T12:00:00Z");
    }

    #[test]
    fn text_that_is_no_id_is_refused() {
        for text in [
            "",
            "2026-01-01T12:00:00",
            "2026-01-01 12:00:00Z",
            "2026-01-01T12:00:00.0Z",
            "2026-1-1T12:00:00Z",
            "2026-02-30T12:00:00Z",
            "20260101-120000F",
        ] {
            assert!(text.parse::<BackupId>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_id_of_any_moment_of_the_common_era_reads_back(second in -62_135_596_800..253_402_207_200_i64) {
            let id = BackupId::at(Timestamp::from_second(second).unwrap());
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }

        #[test]
        fn any_text_is_read_and_any_moment_written_without_panic(text in ".*", second in -377_705_023_201..253_402_207_200_i64) {
            let _ = text.parse::<BackupId>();
            let _ = BackupId::at(Timestamp::from_second(second).unwrap()).to_string();
        }
    }
}
