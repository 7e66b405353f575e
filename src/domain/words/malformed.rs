//! What is said about text that is not the word it should be.

/// How much of a malformed text a message shows.
const SHOWN: usize = 60;

/// Text that is not the word it was taken for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("`{0}` is not a timeline: a number from 1 to 4294967295 is expected")]
    Timeline(String),
    #[error("`{0}` is not a WAL location: two hexadecimal numbers such as 0/3000028 are expected")]
    Lsn(String),
    #[error("`{0}` is not a WAL segment: 24 hexadecimal digits are expected")]
    WalSegment(String),
    #[error("{0} bytes is not a WAL segment size: a power of two from 1 MiB to 1 GiB is expected")]
    SegmentSize(u64),
    #[error("`{0}` is not a system identifier: a decimal number above 0 is expected")]
    SystemId(String),
    #[error(
        "`{0}` is not a backup label: 20260101-120000F or 20260101-120000F_20260102-120000I is expected"
    )]
    BackupLabel(String),
    #[error("`{0}` is not a backup id: a time such as 2026-01-01T12:00:00Z is expected")]
    BackupId(String),
    #[error("`{0}` is not a type of backup: `full`, `differential` and `incremental` are")]
    BackupKind(String),
    #[error(
        "`{0}` is not a stanza name: letters, digits, dots, hyphens and underscores are expected, \
         with a letter or digit in front"
    )]
    Stanza(String),
    #[error("`{0}` is not a unit: a name such as postgresql/0 is expected")]
    Unit(String),
    #[error("`{0}` is not a cluster member: a name such as postgresql-0 is expected")]
    Member(String),
    #[error("`{0}` is not a system user: {known} are", known = super::SystemUser::list())]
    SystemUser(String),
}

/// As much of `text` as fits in a message.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_shows_the_beginning_of_an_overlong_text() {
        let text = "ü".repeat(100);
        assert_eq!(shown(&text), format!("{}…", "ü".repeat(SHOWN)));
        assert_eq!(shown("short"), "short");
    }
}
