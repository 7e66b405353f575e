//! Versions of Juju, for behaviour that changed between them.

use std::fmt;

/// A version such as `3.6.11`. Tags (`4.0-rc1`) and build numbers are not compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JujuVersion {
    /// 3 of `3.6.11`
    pub major: u32,
    /// 6 of `3.6.11`
    pub minor: u32,
    /// 11 of `3.6.11`
    pub patch: u32,
}

impl JujuVersion {
    /// The version with these numbers.
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self {
            major,
            minor,
            patch,
        }
    }

    /// Reads the leading numbers of `3.6.11`, `3.6-rc1`, `4.0-beta7.1`; what is missing is 0.
    pub fn parse(text: &str) -> Self {
        let release = text.split('-').next().unwrap_or_default();
        let mut numbers = release.split('.').map(|part| {
            let end = part
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(part.len());
            part[..end].parse().unwrap_or(0)
        });
        let mut next = || numbers.next().unwrap_or(0);
        Self {
            major: next(),
            minor: next(),
            patch: next(),
        }
    }
}

impl fmt::Display for JujuVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::JujuVersion;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert_eq!(JujuVersion::parse("3.6.11"), JujuVersion::new(3, 6, 11));
        assert_eq!(JujuVersion::parse("4.0-rc1"), JujuVersion::new(4, 0, 0));
        assert_eq!(JujuVersion::parse("3.6.1.2"), JujuVersion::new(3, 6, 1));
        assert_eq!(JujuVersion::parse("nonsense"), JujuVersion::default());
        assert!(JujuVersion::parse("3.10.0") > JujuVersion::parse("3.6.11"));
    }
}
