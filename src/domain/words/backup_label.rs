//! pgBackRest's name of a backup.

use std::fmt;
use std::str::FromStr;

use jiff::civil::DateTime;

use super::digits::{compact, read_compact};
use super::malformed::{Malformed, shown};
use super::text::json_text;
use super::{BackupId, BackupKind};

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
        BackupId::of_label(self.part.map_or(self.full, |part| part.at))
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

json_text!(BackupLabel);

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
            let _ = near.parse::<BackupLabel>();
        }
    }
}
