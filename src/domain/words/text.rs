//! Words in JSON are their text.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::Deserializer;
use serde::de::{Error, Visitor};

/// Reads a word from JSON text without copying the text first: a repository may hold a hundred thousand of them.
pub(super) fn deserialize<'de, W, D>(from: D) -> Result<W, D::Error>
where
    W: FromStr<Err: fmt::Display>,
    D: Deserializer<'de>,
{
    struct Text<W>(PhantomData<W>);

    impl<W: FromStr<Err: fmt::Display>> Visitor<'_> for Text<W> {
        type Value = W;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("text")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<W, E> {
            text.parse().map_err(E::custom)
        }
    }

    from.deserialize_str(Text(PhantomData))
}

/// Gives each word the JSON form that is its text.
macro_rules! json_text {
    ($($word:ty),+ $(,)?) => {$(
        impl serde::Serialize for $word {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $word {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                $crate::domain::words::text::deserialize(from)
            }
        }
    )+};
}

pub(super) use json_text;
