//! The branch of history a database is on.

use std::fmt;
use std::str::FromStr;

use super::malformed::{Malformed, shown};

/// A timeline: 1 for a new database, one more than any known one after each promotion and each restore.
///
/// PostgreSQL writes it in hexadecimal into file names and in decimal everywhere else. Compared as text, `F` would
/// come after `10`; here it is a number.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "u32", into = "u32")]
pub struct Timeline(u32);

impl Timeline {
    /// The timeline of a database that was never promoted or restored.
    pub const FIRST: Self = Self(1);

    /// A timeline by its number, which is not 0.
    pub fn new(number: u32) -> Result<Self, Malformed> {
        match number {
            0 => Err(Malformed::Timeline("0".to_owned())),
            number => Ok(Self(number)),
        }
    }

    /// From the hexadecimal digits of a file name: `0000000A` or `A`.
    pub fn from_hex(text: &str) -> Result<Self, Malformed> {
        let digits = (1..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
        u32::from_str_radix(text, 16)
            .ok()
            .filter(|number| digits && *number > 0)
            .map(Self)
            .ok_or_else(|| Malformed::Timeline(shown(text)))
    }

    /// From the name of a history file: `0000000A.history`.
    pub fn from_history_file(name: &str) -> Result<Self, Malformed> {
        name.strip_suffix(".history")
            .filter(|digits| digits.len() == 8)
            .and_then(|digits| Self::from_hex(digits).ok())
            .ok_or_else(|| Malformed::Timeline(shown(name)))
    }

    /// The number.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// Eight hexadecimal digits, as in file names.
    pub fn hex8(self) -> String {
        format!("{:08X}", self.0)
    }

    /// The name of its history file.
    pub fn history_file(self) -> String {
        format!("{:08X}.history", self.0)
    }

    /// Whether it has a history file: all but the first do.
    pub const fn has_history(self) -> bool {
        self.0 > 1
    }
}

impl fmt::Display for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// In decimal.
impl FromStr for Timeline {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Some(text)
            .filter(|text| text.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|text| text.parse().ok())
            .filter(|number| *number > 0)
            .map(Self)
            .ok_or_else(|| Malformed::Timeline(shown(text)))
    }
}

impl TryFrom<u32> for Timeline {
    type Error = Malformed;

    fn try_from(number: u32) -> Result<Self, Malformed> {
        Self::new(number)
    }
}

impl From<Timeline> for u32 {
    fn from(timeline: Timeline) -> Self {
        timeline.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sixteen_comes_after_fifteen_although_10_sorts_before_f() {
        let fifteen = Timeline::from_hex("0000000F").unwrap();
        let sixteen = Timeline::from_hex("00000010").unwrap();
        assert!(fifteen < sixteen);
        assert_eq!(
            (fifteen.to_string(), sixteen.to_string()),
            ("15".into(), "16".into())
        );
    }

    #[test]
    fn text_that_is_no_timeline_is_refused() {
        for text in [
            "",
            "0",
            "00000000",
            "+1",
            "-1",
            " 1",
            "100000000",
            "G",
            "0x1",
        ] {
            assert!(Timeline::from_hex(text).is_err(), "{text}");
        }
        for text in ["", "0", "+1", "A", "4294967296", " 1"] {
            assert!(text.parse::<Timeline>().is_err(), "{text}");
        }
        for name in [
            "A.history",
            "0000000A",
            "0000000A.history.gz",
            "00000000.history",
        ] {
            assert!(Timeline::from_history_file(name).is_err(), "{name}");
        }
    }

    proptest! {
        #[test]
        fn every_way_of_writing_a_timeline_reads_back(number in 1..=u32::MAX) {
            let timeline = Timeline::new(number).unwrap();
            prop_assert_eq!(timeline.to_string().parse(), Ok(timeline));
            prop_assert_eq!(Timeline::from_hex(&timeline.hex8()), Ok(timeline));
            prop_assert_eq!(Timeline::from_hex(&format!("{number:x}")), Ok(timeline));
            prop_assert_eq!(Timeline::from_history_file(&timeline.history_file()), Ok(timeline));
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".*") {
            let _ = text.parse::<Timeline>();
            let _ = Timeline::from_hex(&text);
            let _ = Timeline::from_history_file(&text);
        }
    }
}
