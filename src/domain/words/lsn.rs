//! A location in the write-ahead log.

use std::fmt;
use std::str::FromStr;

use super::malformed::{Malformed, shown};
use super::text::json_text;

/// A byte position in the write-ahead log. Prints as PostgreSQL does: `0/3000028`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lsn(u64);

impl Lsn {
    /// The location at this byte.
    pub const fn new(byte: u64) -> Self {
        Self(byte)
    }

    /// The byte.
    pub const fn byte(self) -> u64 {
        self.0
    }

    /// How many bytes lie between `earlier` and this location; 0 when `earlier` is not earlier.
    pub const fn bytes_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Lsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:X}/{:X}", self.0 >> 32, self.0 & 0xFFFF_FFFF)
    }
}

impl FromStr for Lsn {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        text.split_once('/')
            .and_then(|(high, low)| {
                Some(Self(u64::from(half(high)?) << 32 | u64::from(half(low)?)))
            })
            .ok_or_else(|| Malformed::Lsn(shown(text)))
    }
}

fn half(text: &str) -> Option<u32> {
    // `from_str_radix` would take a sign.
    let digits = (1..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
    u32::from_str_radix(text, 16).ok().filter(|_| digits)
}

json_text!(Lsn);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_location_is_a_number() {
        let early: Lsn = "0/FFFFFFFF".parse().unwrap();
        let late: Lsn = "1/0".parse().unwrap();
        assert!(early < late);
        assert_eq!(late.bytes_since(early), 1);
        assert_eq!(early.bytes_since(late), 0);
    }

    #[test]
    fn in_json_it_is_the_text_postgresql_prints() {
        let lsn = Lsn::new(0x0300_0028);
        assert_eq!(serde_json::to_string(&lsn).unwrap(), r#""0/3000028""#);
        assert_eq!(serde_json::from_str::<Lsn>(r#""0/3000028""#).unwrap(), lsn);
        assert!(serde_json::from_str::<Lsn>("3").is_err());
        assert!(serde_json::from_str::<Lsn>(r#""three""#).is_err());
    }

    #[test]
    fn text_that_is_no_location_is_refused() {
        for text in [
            "",
            "/",
            "0/",
            "/0",
            "0",
            "+1/0",
            "0/+1",
            "0/123456789",
            "0/0/0",
            "G/0",
        ] {
            assert!(text.parse::<Lsn>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_printed_location_reads_back(byte: u64) {
            let lsn = Lsn::new(byte);
            prop_assert_eq!(lsn.to_string().parse(), Ok(lsn));
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".*") {
            let _ = text.parse::<Lsn>();
        }
    }
}
