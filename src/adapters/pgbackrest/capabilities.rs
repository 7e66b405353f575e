//! What a version of pgBackRest can do: the one table of it.

use std::fmt;
use std::str::FromStr;

/// A version, such as 2.45.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// First number.
    pub major: u32,
    /// Second number.
    pub minor: u32,
    /// Third number, zero in most.
    pub patch: u32,
}

/// What it can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a table of independent abilities"
)]
pub struct Capabilities {
    /// Annotations of backups (2.41).
    pub annotations: bool,
    /// Block incremental backups (2.46).
    pub block_incremental: bool,
    /// Progress in `info` (2.48).
    pub info_progress: bool,
    /// Only `restore` may run as root (2.59).
    pub root_only_restores: bool,
}

impl Version {
    /// What this version can do.
    pub fn capabilities(self) -> Capabilities {
        let from = |major, minor| (self.major, self.minor) >= (major, minor);
        Capabilities {
            annotations: from(2, 41),
            block_incremental: from(2, 46),
            info_progress: from(2, 48),
            root_only_restores: from(2, 59),
        }
    }
}

/// From the answer of `pgbackrest version`, `pgBackRest 2.55.1`.
impl FromStr for Version {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let numbers = text.trim().strip_prefix("pgBackRest ").ok_or(())?;
        // A version under development is called 2.46dev.
        let numbers = numbers.trim_end_matches("dev");
        let mut parts = numbers
            .split('.')
            .map(|part| part.parse::<u32>().map_err(|_| ()));
        let version = Self {
            major: parts.next().ok_or(())??,
            minor: parts.next().ok_or(())??,
            patch: parts.next().unwrap_or(Ok(0))?,
        };
        if parts.next().is_some() {
            Err(())
        } else {
            Ok(version)
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        if self.patch > 0 {
            write!(f, ".{}", self.patch)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_ordered() {
        let version = |text: &str| text.parse::<Version>().unwrap();
        assert_eq!(version("pgBackRest 2.45\n").to_string(), "2.45");
        assert_eq!(version("pgBackRest 2.55.1").to_string(), "2.55.1");
        assert!(version("pgBackRest 2.55.1") > version("pgBackRest 2.55"));
        assert!(version("pgBackRest 2.46dev") > version("pgBackRest 2.9"));
    }

    #[test]
    fn other_text_is_no_version() {
        for text in [
            "",
            "2.45",
            "pgBackRest",
            "pgBackRest two",
            "pgBackRest 2",
            "pgBackRest 2.1.1.1",
        ] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }

    #[test]
    fn each_ability_begins_with_its_version() {
        let of = |minor| {
            Version {
                major: 2,
                minor,
                patch: 0,
            }
            .capabilities()
        };
        let abilities = |minor| {
            let it = of(minor);
            [
                it.annotations,
                it.block_incremental,
                it.info_progress,
                it.root_only_restores,
            ]
        };
        assert_eq!(abilities(40), [false; 4]);
        assert_eq!(abilities(41), [true, false, false, false]);
        assert_eq!(abilities(46), [true, true, false, false]);
        assert_eq!(abilities(48), [true, true, true, false]);
        assert_eq!(abilities(59), [true; 4]);
    }
}
