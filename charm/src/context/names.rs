//! The names Juju gives to things, as types that cannot hold anything else.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// A name that Juju would not have written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read {text:?} as {wanted}")]
pub struct NameError {
    text: String,
    wanted: &'static str,
}

impl NameError {
    fn new(text: &str, wanted: &'static str) -> Self {
        Self {
            text: text.to_owned(),
            wanted,
        }
    }
}

/// A unit, such as `postgresql/0`. Ordered by application, then by number (`/2` before `/10`).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UnitName {
    text: String,
    slash: usize,
    number: u32,
}

impl UnitName {
    /// The unit with this number of this application.
    pub fn new(application: &str, number: u32) -> Self {
        Self {
            text: format!("{application}/{number}"),
            slash: application.len(),
            number,
        }
    }

    /// `postgresql` of `postgresql/0`.
    pub fn application(&self) -> &str {
        &self.text[..self.slash]
    }

    /// `0` of `postgresql/0`. On machines a number is never used twice.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The whole name, as the hook tools take it.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for UnitName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let wrong = || NameError::new(text, "a unit name (APPLICATION/NUMBER)");
        let (application, number) = text.rsplit_once('/').ok_or_else(wrong)?;
        if application.is_empty() || application.contains('/') {
            return Err(wrong());
        }
        Ok(Self {
            text: text.to_owned(),
            slash: application.len(),
            number: digits(number).ok_or_else(wrong)?,
        })
    }
}

impl Ord for UnitName {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.application(), self.number).cmp(&(other.application(), other.number))
    }
}

/// A relation, such as `database:5`. Ordered by number, which is the order of creation: Juju
/// itself lists ids as strings, where `:10` comes before `:2`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RelationId {
    text: String,
    colon: usize,
    number: u32,
}

impl RelationId {
    /// The relation with this number on this endpoint of ours.
    pub fn new(endpoint: &str, number: u32) -> Self {
        Self {
            text: format!("{endpoint}:{number}"),
            colon: endpoint.len(),
            number,
        }
    }

    /// The local endpoint: `database` of `database:5`.
    pub fn endpoint(&self) -> &str {
        &self.text[..self.colon]
    }

    /// `5` of `database:5`. Never used twice in a model.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The whole id, as the hook tools take it.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for RelationId {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let wrong = || NameError::new(text, "a relation id (ENDPOINT:NUMBER)");
        let (endpoint, number) = text.rsplit_once(':').ok_or_else(wrong)?;
        if endpoint.is_empty() || endpoint.contains(':') {
            return Err(wrong());
        }
        Ok(Self {
            text: text.to_owned(),
            colon: endpoint.len(),
            number: digits(number).ok_or_else(wrong)?,
        })
    }
}

impl Ord for RelationId {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.number, self.endpoint()).cmp(&(other.number, other.endpoint()))
    }
}

/// A secret. Juju writes the same secret as `secret:<id>`, as `secret://<model>/<id>` (across
/// models) and as the bare id; two of these are equal when the id is, however they were written.
#[derive(Clone)]
pub struct SecretId {
    uri: String,
    start: usize,
}

impl SecretId {
    /// The part that identifies the secret, without scheme and model.
    pub fn bare(&self) -> &str {
        &self.uri[self.start..]
    }

    /// The form to publish to others and to hand to the hook tools.
    pub fn uri(&self) -> &str {
        &self.uri
    }
}

impl FromStr for SecretId {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let wrong = || NameError::new(text, "a secret id (secret:ID)");
        let text = text.trim();
        let rest = text.strip_prefix("secret:").unwrap_or(text);
        let bare = match rest.strip_prefix("//") {
            Some(with_model) => with_model.split_once('/').ok_or_else(wrong)?.1,
            None => rest,
        };
        if bare.is_empty() || !bare.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(wrong());
        }
        let uri = if text.starts_with("secret:") {
            text.to_owned()
        } else {
            format!("secret:{bare}")
        };
        let start = uri.len() - bare.len();
        Ok(Self { uri, start })
    }
}

impl PartialEq for SecretId {
    fn eq(&self, other: &Self) -> bool {
        self.bare() == other.bare()
    }
}

impl Eq for SecretId {}

impl std::hash::Hash for SecretId {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.bare().hash(state);
    }
}

impl Ord for SecretId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bare().cmp(other.bare())
    }
}

/// A storage instance, such as `pgdata/3`. The number counts instances in the model; it is not
/// the number of the unit.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct StorageId {
    text: String,
    slash: usize,
    number: u32,
}

impl StorageId {
    /// The instance with this number of the storage named in `metadata.yaml`.
    pub fn new(name: &str, number: u32) -> Self {
        Self {
            text: format!("{name}/{number}"),
            slash: name.len(),
            number,
        }
    }

    /// The storage's name in `metadata.yaml`.
    pub fn name(&self) -> &str {
        &self.text[..self.slash]
    }

    /// The whole id, as the hook tools take it.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for StorageId {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let wrong = || NameError::new(text, "a storage id (NAME/NUMBER)");
        let (name, number) = text.rsplit_once('/').ok_or_else(wrong)?;
        if name.is_empty() || name.contains('/') {
            return Err(wrong());
        }
        Ok(Self {
            text: text.to_owned(),
            slash: name.len(),
            number: digits(number).ok_or_else(wrong)?,
        })
    }
}

impl Ord for StorageId {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.name(), self.number).cmp(&(other.name(), other.number))
    }
}

/// A number without sign or blanks, which `u32::from_str` would let pass.
fn digits(text: &str) -> Option<u32> {
    text.bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}

macro_rules! shown_as_text {
    ($($name:ident: $field:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.$field)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.$field)
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(&self.$field)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = String::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

shown_as_text!(UnitName: text, RelationId: text, SecretId: uri, StorageId: text);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_and_relations_sort_by_number() {
        let mut units: Vec<UnitName> = ["pg/10", "pg/2", "a/3"]
            .iter()
            .map(|u| u.parse().unwrap())
            .collect();
        units.sort();
        assert_eq!(
            units.iter().map(UnitName::as_str).collect::<Vec<_>>(),
            ["a/3", "pg/2", "pg/10"]
        );

        let mut relations: Vec<RelationId> = ["db:10", "db:2"]
            .iter()
            .map(|r| r.parse().unwrap())
            .collect();
        relations.sort();
        assert_eq!(
            relations.iter().map(RelationId::as_str).collect::<Vec<_>>(),
            ["db:2", "db:10"]
        );
    }

    #[test]
    fn the_three_spellings_of_a_secret_are_one_secret() {
        let bare: SecretId = "d0vdtqnmp25c762e7jug".parse().unwrap();
        let short: SecretId = "secret:d0vdtqnmp25c762e7jug".parse().unwrap();
        let long: SecretId = "secret://3f1c0000-aaaa/d0vdtqnmp25c762e7jug"
            .parse()
            .unwrap();
        assert_eq!(bare, short);
        assert_eq!(short, long);
        assert_eq!(bare.uri(), "secret:d0vdtqnmp25c762e7jug");
        assert_eq!(long.uri(), "secret://3f1c0000-aaaa/d0vdtqnmp25c762e7jug");
        assert_eq!(long.bare(), "d0vdtqnmp25c762e7jug");
    }

    #[test]
    fn names_juju_would_not_write_are_refused() {
        for text in ["", "pg", "pg/", "/0", "pg/+1", "pg/x", "a/b/0"] {
            assert!(text.parse::<UnitName>().is_err(), "{text:?}");
        }
        for text in ["", "db", "db:", ":1", "db:-1"] {
            assert!(text.parse::<RelationId>().is_err(), "{text:?}");
        }
        for text in ["", "secret:", "secret://model", "secret:a b"] {
            assert!(text.parse::<SecretId>().is_err(), "{text:?}");
        }
        assert_eq!(
            "pg".parse::<UnitName>().unwrap_err().to_string(),
            "cannot read \"pg\" as a unit name (APPLICATION/NUMBER)"
        );
    }
}
