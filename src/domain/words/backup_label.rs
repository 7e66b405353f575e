//! The names of a backup: pgBackRest's label and the operator's id.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use super::BackupKind;
use super::malformed::{Malformed, shown};
use super::text::json_text;

/// A backup's name in the repository: `20260101-120000F` for a full backup, `20260101-120000F_20260102-120000D` (or
/// `…I`) for one that builds on it.
///
/// Ordered as the text is, which is by full backup and then by time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BackupLabel {
    full: DateTime,
    part: Option<Part>,
}

/// What follows the full backup's name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Part {
    at: DateTime,
    kind: BackupKind,
}

impl BackupLabel {
    /// What kind of backup it is.
    pub fn kind(self) -> BackupKind {
        self.part.map_or(BackupKind::Full, |part| part.kind)
    }

    /// The full backup it is or builds on.
    #[must_use]
    pub const fn full(self) -> Self {
        Self {
            full: self.full,
            part: None,
        }
    }

    /// The operator's name for it: the time in the label, for a differential or incremental backup that of its own
    /// part. pgBackRest gives no two backups of a stanza the same time.
    pub fn id(self) -> BackupId {
        BackupId(self.part.map_or(self.full, |part| part.at))
    }
}

impl fmt::Display for BackupLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        compact(self.full, f)?;
        f.write_str("F")?;
        if let Some(Part { at, kind }) = self.part {
            f.write_str("_")?;
            compact(at, f)?;
            f.write_str(if kind == BackupKind::Differential {
                "D"
            } else {
                "I"
            })?;
        }
        Ok(())
    }
}

impl fmt::Debug for BackupLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `20260101-120000`.
fn compact(at: DateTime, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let [century, year, month, day, hour, minute, second] = pairs(at);
    let (date, time) = ([century, year, month, day], [hour, minute, second]);
    f.write_str(ascii(date.as_flattened()))?;
    f.write_str("-")?;
    f.write_str(ascii(time.as_flattened()))
}

/// A listing writes tens of thousands of times, and the formatting machinery is slow at short numbers.
fn pairs(at: DateTime) -> [[u8; 2]; 7] {
    let two = |number: i8| {
        let number = number.unsigned_abs() % 100;
        [b'0' + number / 10, b'0' + number % 10]
    };
    // Between 0 and 99, as years are between -9999 and 9999 and no backup was made before the year 0.
    let half = |number: i16| two(i8::try_from(number).unwrap_or_default());
    let year = at.year().max(0);
    [
        half(year / 100),
        half(year % 100),
        two(at.month()),
        two(at.day()),
        two(at.hour()),
        two(at.minute()),
        two(at.second()),
    ]
}

/// Digits are ASCII.
fn ascii(digits: &[u8]) -> &str {
    std::str::from_utf8(digits).unwrap_or_default()
}

impl FromStr for BackupLabel {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        parts(text).ok_or_else(|| Malformed::BackupLabel(shown(text)))
    }
}

fn parts(text: &str) -> Option<BackupLabel> {
    let bytes = text.as_bytes();
    let full = read_compact(bytes.get(..15)?)?;
    match bytes.get(15..)? {
        b"F" => Some(BackupLabel { full, part: None }),
        [b'F', b'_', at @ .., kind] => {
            let kind = match kind {
                b'D' => BackupKind::Differential,
                b'I' => BackupKind::Incremental,
                _ => return None,
            };
            Some(BackupLabel {
                full,
                part: Some(Part {
                    at: read_compact(at)?,
                    kind,
                }),
            })
        }
        _ => None,
    }
}

fn read_compact(text: &[u8]) -> Option<DateTime> {
    let [date @ .., b'-', _, _, _, _, _, _] = text else {
        return None;
    };
    let time = &text[text.len() - 6..];
    let year = i16::from(two(date.get(..2)?)?) * 100 + i16::from(two(date.get(2..4)?)?);
    let rest = date.get(4..)?;
    if rest.len() != 4 {
        return None;
    }
    DateTime::new(
        year,
        two(&rest[..2])?,
        two(&rest[2..])?,
        two(&time[..2])?,
        two(&time[2..4])?,
        two(&time[4..])?,
        0,
    )
    .ok()
}

fn two(digits: &[u8]) -> Option<i8> {
    match digits {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => {
            i8::try_from((tens - b'0') * 10 + (ones - b'0')).ok()
        }
        _ => None,
    }
}

/// A backup's name for operators: `2026-01-01T12:00:00Z`. It also names a restore in a listing, by the moment its
/// timeline began.
///
/// pgBackRest takes the time of a label from the local clock of the unit that made the backup. The `Z` is true where
/// units keep UTC, and otherwise part of a name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BackupId(DateTime);

impl BackupId {
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

json_text!(BackupLabel, BackupId);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn label(text: &str) -> BackupLabel {
        text.parse().unwrap()
    }

    #[test]
    fn the_id_of_a_full_backup_is_the_time_in_its_label() {
        assert_eq!(
            label("20260101-120000F").id().to_string(),
            "2026-01-01T12:00:00Z"
        );
    }

    #[test]
    fn the_id_of_a_dependent_backup_is_the_time_of_its_own_part() {
        let incremental = label("20260101-120000F_20260102-030405I");
        assert_eq!(incremental.id().to_string(), "2026-01-02T03:04:05Z");
        assert_eq!(incremental.kind(), BackupKind::Incremental);
        assert_eq!(incremental.full(), label("20260101-120000F"));
        assert_eq!(
            label("20260101-120000F_20260102-030405D").kind(),
            BackupKind::Differential
        );
    }

    #[test]
    fn an_id_is_not_taken_for_that_of_a_backup_that_merely_contains_its_time() {
        let id: BackupId = "2026-01-01T12:00:00Z".parse().unwrap();
        assert_eq!(label("20260101-120000F").id(), id);
        assert_ne!(label("20260101-120000F_20260102-120000I").id(), id);
    }

    #[test]
    fn the_id_of_a_moment_is_in_utc_and_to_the_second() {
        let moment: Timestamp = "2026-01-01T14:00:00.75+02:00".parse().unwrap();
        assert_eq!(BackupId::at(moment).to_string(), "2026-01-01T12:00:00Z");
    }

    #[test]
    fn text_that_is_no_label_is_refused() {
        for text in [
            "",
            "20260101-120000",
            "20260101-120000D",
            "20260101-120000F_",
            "20260101-120000F_20260102-120000F",
            "20260101-120000F_20260102-120000X",
            "20260101-120000F_20260102-120000",
            "20260101-120000F_2026-120000I",
            "20261301-120000F",
            "20260230-120000F",
            "20260101-250000F",
            "2026010-1120000F",
            "20260101_120000F",
            "20260101-120000F_20260102-120000I_20260103-120000I",
            "latest",
        ] {
            assert!(text.parse::<BackupLabel>().is_err(), "{text}");
        }
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

    fn moment() -> impl Strategy<Value = String> {
        (
            0..=9999_i16,
            1..=12_i8,
            1..=28_i8,
            0..24_i8,
            0..60_i8,
            0..60_i8,
        )
            .prop_map(|(year, month, day, hour, minute, second)| {
                format!("{year:04}{month:02}{day:02}-{hour:02}{minute:02}{second:02}")
            })
    }

    proptest! {
        #[test]
        fn labels_and_ids_read_back(full in moment(), part in proptest::option::of((moment(), "[DI]"))) {
            let text = match part {
                None => format!("{full}F"),
                Some((at, kind)) => format!("{full}F_{at}{kind}"),
            };
            let label: BackupLabel = text.parse().unwrap();
            prop_assert_eq!(label.to_string(), text);
            prop_assert_eq!(label.id().to_string().parse(), Ok(label.id()));
        }

        #[test]
        fn labels_are_ordered_as_their_text(
            left in (moment(), moment(), "[DI]"), right in (moment(), moment(), "[DI]"),
        ) {
            let text = |(full, at, kind): &(String, String, String)| format!("{full}F_{at}{kind}");
            let (left, right) = (text(&left), text(&right));
            prop_assert_eq!(label(&left).cmp(&label(&right)), left.cmp(&right));
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".*", near in "[0-9]{8}-[0-9]{6}F(_[0-9ü]{8}-[0-9]{6}[DIF]?)?") {
            let _ = text.parse::<BackupLabel>();
            let _ = text.parse::<BackupId>();
            let _ = near.parse::<BackupLabel>();
        }
    }
}
