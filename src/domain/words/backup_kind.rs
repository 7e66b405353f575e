//! How much a backup copies.

use std::fmt;
use std::str::FromStr;

use super::malformed::{Malformed, shown};

/// How much a backup copies, and what it needs to be restored.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum BackupKind {
    /// Everything; needs nothing else.
    Full,
    /// What changed since the last full backup; needs that one.
    Differential,
    /// What changed since the last backup of any kind; needs the whole chain.
    Incremental,
}

impl BackupKind {
    /// All kinds, as the action offers them.
    pub const ALL: [Self; 3] = [Self::Full, Self::Differential, Self::Incremental];

    /// The word operators use: `full`, `differential`, `incremental`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Differential => "differential",
            Self::Incremental => "incremental",
        }
    }

    /// The word with its article, for sentences.
    pub const fn with_article(self) -> &'static str {
        match self {
            Self::Full => "a full",
            Self::Differential => "a differential",
            Self::Incremental => "an incremental",
        }
    }

    /// The word pgBackRest uses for `--type` and in its files: `full`, `diff`, `incr`.
    pub const fn pgbackrest(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Differential => "diff",
            Self::Incremental => "incr",
        }
    }

    /// From pgBackRest's word.
    pub fn from_pgbackrest(text: &str) -> Result<Self, Malformed> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.pgbackrest() == text)
            .ok_or_else(|| Malformed::BackupKind(shown(text)))
    }
}

impl fmt::Display for BackupKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// From the operator's word.
impl FromStr for BackupKind {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.word() == text)
            .ok_or_else(|| Malformed::BackupKind(shown(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_reads_back_in_both_vocabularies() {
        for kind in BackupKind::ALL {
            assert_eq!(kind.word().parse(), Ok(kind));
            assert_eq!(BackupKind::from_pgbackrest(kind.pgbackrest()), Ok(kind));
        }
    }

    #[test]
    fn another_word_is_refused_with_the_three_that_are_allowed() {
        let error = "foo".parse::<BackupKind>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`foo` is not a type of backup: `full`, `differential` and `incremental` are"
        );
        assert!("diff".parse::<BackupKind>().is_err());
        assert!("Full".parse::<BackupKind>().is_err());
    }
}
