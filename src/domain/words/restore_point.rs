//! Names of restore points.

use std::fmt;
use std::str::FromStr;

/// The name of a point in the write-ahead log that recovery can go to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RestorePoint(String);

/// Why text is not a [`RestorePoint`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAName {
    /// There is none.
    #[error("it is empty")]
    Empty,
    /// PostgreSQL keeps 63 bytes.
    #[error("it is longer than 63 characters")]
    Long,
    /// It has to pass through a configuration file and a command line unharmed.
    #[error("it has other characters than letters, digits, `_`, `-`, `.` and `:`")]
    Character,
}

impl FromStr for RestorePoint {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte);
        match text.len() {
            0 => Err(NotAName::Empty),
            1..=63 if text.bytes().all(allowed) => Ok(Self(text.to_owned())),
            1..=63 => Err(NotAName::Character),
            _ if text.bytes().all(allowed) => Err(NotAName::Long),
            _ => Err(NotAName::Character),
        }
    }
}

impl RestorePoint {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RestorePoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_reaches_recovery_unharmed() {
        for name in ["before-upgrade", "v1.2:3_a", &"x".repeat(63)] {
            assert_eq!(name.parse::<RestorePoint>().unwrap().as_str(), name);
        }
        for (name, why) in [
            ("", NotAName::Empty),
            ("it's", NotAName::Character),
            ("a b", NotAName::Character),
            ("é", NotAName::Character),
            (&"x".repeat(64), NotAName::Long),
        ] {
            assert_eq!(name.parse::<RestorePoint>(), Err(why), "{name}");
        }
    }
}
