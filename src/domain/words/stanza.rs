//! What a cluster is called in a backup repository.

use std::fmt;
use std::str::FromStr;

use super::malformed::{Malformed, shown};
use super::text::json_text;

/// The name under which pgBackRest keeps one cluster's backups and WAL. Ours is `<model>.<application>`; a repository
/// made by others has other names (`db` is frequent), so any name that is safe in a path and in an argument is taken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stanza(String);

impl Stanza {
    /// The stanza of an application of a model.
    pub fn of(model: &str, application: &str) -> Result<Self, Malformed> {
        format!("{model}.{application}").parse()
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Stanza {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Stanza {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        // A leading dot or hyphen would be a hidden file, `..`, or an option.
        let safe = text.len() <= 200
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        safe.then(|| Self(text.to_owned()))
            .ok_or_else(|| Malformed::Stanza(shown(text)))
    }
}

json_text!(Stanza);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ours_is_the_model_and_the_application() {
        assert_eq!(
            Stanza::of("prod-1", "postgresql").unwrap().as_str(),
            "prod-1.postgresql"
        );
    }

    #[test]
    fn names_that_would_escape_a_path_or_an_argument_are_refused() {
        for text in [
            "", ".", "..", "-x", "a/b", "../a", "a b", "a\n", "a:b", "ü", "[a]", "a=b",
        ] {
            assert!(text.parse::<Stanza>().is_err(), "{text:?}");
        }
        assert!("db".parse::<Stanza>().is_ok());
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic_and_kept_as_it_is(text in ".*") {
            if let Ok(stanza) = text.parse::<Stanza>() {
                prop_assert_eq!(stanza.as_str(), text);
            }
        }
    }
}
