//! Storage that Juju attaches to the units.

use std::path::PathBuf;

use serde::{Deserialize, Deserializer};

/// A storage as declared.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Storage {
    /// A file system or a block device.
    #[serde(rename = "type")]
    pub kind: StorageType,
    /// For people.
    #[serde(default)]
    pub description: String,
    /// Where to mount it; Juju chooses when nothing is said.
    pub location: Option<PathBuf>,
    /// Least size in MiB. Written `1G`; without a unit it is MiB.
    #[serde(default, rename = "minimum-size", deserialize_with = "mebibytes")]
    pub minimum_size_mib: Option<u64>,
    /// Mounted without leave to write.
    #[serde(default)]
    pub read_only: bool,
    /// One instance for all units.
    #[serde(default)]
    pub shared: bool,
    /// How many instances a unit has.
    #[serde(default, rename = "multiple", deserialize_with = "count")]
    pub count: StorageCount,
}

/// What a storage is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StorageType {
    /// Mounted.
    Filesystem,
    /// A device.
    Block,
}

impl StorageType {
    /// Juju's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Filesystem => "filesystem",
            Self::Block => "block",
        }
    }
}

/// How many instances of a storage a unit has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StorageCount {
    /// As many as the unit waits for before its first hook.
    pub min: u32,
    /// As many as can be added; `None` is any number.
    pub max: Option<u32>,
}

impl Default for StorageCount {
    fn default() -> Self {
        Self {
            min: 1,
            max: Some(1),
        }
    }
}

impl StorageCount {
    /// Whether more than one instance is possible, so that each needs its own place.
    pub fn is_multiple(self) -> bool {
        self.max != Some(1)
    }

    /// Reads `m`, `m-n`, `m+` or `m-`.
    fn parse(text: &str) -> Option<Self> {
        let number = |text: &str| text.parse::<u32>().ok();
        let (min, max) = if let Some(min) = text.strip_suffix(['+', '-']) {
            (number(min)?, None)
        } else if let Some((min, max)) = text.split_once('-') {
            (number(min)?, Some(number(max)?))
        } else {
            (number(text)?, Some(number(text)?))
        };
        Some(Self { min, max })
    }
}

impl Storage {
    pub(super) fn problems(&self, name: &str, problems: &mut Vec<String>) {
        if self.kind == StorageType::Block && self.location.is_some() {
            problems.push(format!(
                "storage {name:?} is a block device and cannot have a location"
            ));
        }
        if self.count.max == Some(0) {
            problems.push(format!("storage {name:?} may have no instances at all"));
        }
        if self.count.max.is_some_and(|max| max < self.count.min) {
            problems.push(format!(
                "storage {name:?} has a range that ends before it starts"
            ));
        }
    }
}

fn count<'de, D: Deserializer<'de>>(from: D) -> Result<StorageCount, D::Error> {
    #[derive(Deserialize)]
    struct Multiple {
        range: Range,
    }
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a range such as 0-1, 2+ or 3")]
    enum Range {
        Number(u32),
        Text(String),
    }
    let text = match Multiple::deserialize(from)?.range {
        Range::Number(number) => number.to_string(),
        Range::Text(text) => text,
    };
    StorageCount::parse(&text).ok_or_else(|| {
        serde::de::Error::custom(format!("{text:?} is not a range such as 0-1, 2+ or 3"))
    })
}

fn mebibytes<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a size such as 512M or 1.5G")]
    enum Size {
        Number(u64),
        Text(String),
    }
    match Option::<Size>::deserialize(from)? {
        None => Ok(None),
        Some(Size::Number(number)) => Ok(Some(number)),
        Some(Size::Text(text)) => parse_mebibytes(&text).map(Some).ok_or_else(|| {
            serde::de::Error::custom(format!("{text:?} is not a size such as 512M or 1.5G"))
        }),
    }
}

/// Reads a size as Juju does: powers of 1024, `M` unless said, rounded up to whole MiB.
pub(crate) fn parse_mebibytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let text = text.strip_suffix('B').unwrap_or(text);
    let text = text.strip_suffix('i').unwrap_or(text);
    let (number, power) = match text.char_indices().next_back()? {
        (at, unit @ ('M' | 'G' | 'T' | 'P')) => (&text[..at], "MGTP".find(unit)?),
        _ => (text, 0),
    };
    let number: f64 = number.parse().ok()?;
    let size = (number * 1024_f64.powi(i32::try_from(power).ok()?)).ceil();
    // Between these bounds the conversion is exact enough for a size in MiB.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range was checked just before"
    )]
    (0.0..=1e15).contains(&size).then_some(size as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_powers_of_1024_and_mebibytes_unless_said() {
        for (text, size) in [
            ("512", 512),
            ("512M", 512),
            ("1G", 1024),
            ("1.5GiB", 1536),
            ("1T", 1 << 20),
        ] {
            assert_eq!(parse_mebibytes(text), Some(size), "{text}");
        }
        for text in ["", "G", "-1G", "1X", "lots"] {
            assert_eq!(parse_mebibytes(text), None, "{text}");
        }
    }

    #[test]
    fn ranges_have_four_forms() {
        let range = |text| StorageCount::parse(text).map(|count| (count.min, count.max));
        assert_eq!(range("3"), Some((3, Some(3))));
        assert_eq!(range("0-1"), Some((0, Some(1))));
        assert_eq!(range("2+"), Some((2, None)));
        assert_eq!(range("2-"), Some((2, None)));
        assert_eq!(range("some"), None);
        assert_eq!(range("-1"), None);
    }
}
