//! Which database cluster this is.

use std::fmt;
use std::str::FromStr;

use super::malformed::{Malformed, shown};

/// The system identifier PostgreSQL drew when the cluster was made. Copies and restores of a cluster keep it; no two
/// clusters that were made separately share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(into = "String")]
pub struct SystemId(u64);

impl SystemId {
    /// From the number, which is not 0.
    pub fn new(number: u64) -> Result<Self, Malformed> {
        match number {
            0 => Err(Malformed::SystemId("0".to_owned())),
            number => Ok(Self(number)),
        }
    }

    /// The number.
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for SystemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for SystemId {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Some(text)
            .filter(|text| text.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|text| text.parse().ok())
            .filter(|number| *number > 0)
            .map(Self)
            .ok_or_else(|| Malformed::SystemId(shown(text)))
    }
}

/// As text: many readers of JSON round numbers above 2^53, and every system identifier is above.
impl From<SystemId> for String {
    fn from(id: SystemId) -> Self {
        id.to_string()
    }
}

/// pgBackRest writes a number, Patroni writes text.
impl<'de> serde::Deserialize<'de> for SystemId {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;

        impl serde::de::Visitor<'_> for Either {
            type Value = SystemId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a system identifier, as a number or as text")
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<SystemId, E> {
                SystemId::new(number).map_err(E::custom)
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<SystemId, E> {
                text.parse().map_err(E::custom)
            }
        }

        from.deserialize_any(Either)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn it_is_read_from_a_number_and_from_text_and_written_as_text() {
        let id = SystemId::new(7_447_362_134_567_890_123).unwrap();
        assert_eq!(
            serde_json::from_str::<SystemId>("7447362134567890123").unwrap(),
            id
        );
        assert_eq!(
            serde_json::from_str::<SystemId>("\"7447362134567890123\"").unwrap(),
            id
        );
        assert_eq!(
            serde_json::to_string(&id).unwrap(),
            "\"7447362134567890123\""
        );
    }

    #[test]
    fn zero_and_other_text_are_refused() {
        for text in ["", "0", "-1", "+1", "1.0", "0x1", "18446744073709551616"] {
            assert!(text.parse::<SystemId>().is_err(), "{text}");
        }
        assert!(serde_json::from_str::<SystemId>("0").is_err());
        assert!(serde_json::from_str::<SystemId>("-1").is_err());
    }

    proptest! {
        #[test]
        fn a_printed_identifier_reads_back(number in 1..=u64::MAX) {
            let id = SystemId::new(number).unwrap();
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".*") {
            let _ = text.parse::<SystemId>();
        }
    }
}
