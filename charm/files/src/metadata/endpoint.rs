//! Endpoints: where a charm can be related to another.

use std::fmt;

use serde::{Deserialize, Deserializer};

/// An endpoint, written as the name of its interface or as a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Both sides of a relation have the same.
    pub interface: String,
    /// The most relations it may have at once; none by default.
    pub limit: Option<u32>,
    /// Whether the charm can do without. For people: Juju does not enforce it.
    pub optional: bool,
    /// Whether every unit sees every other, or only the one beside it.
    pub scope: Scope,
}

/// Which units see each other in a relation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// All units.
    #[default]
    Global,
    /// A subordinate's unit and its principal's.
    Container,
}

/// The side of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Under `provides`.
    Provider,
    /// Under `requires`.
    Requirer,
    /// Under `peers`.
    Peer,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Provider => "provider",
            Self::Requirer => "requirer",
            Self::Peer => "peer",
        })
    }
}

impl Endpoint {
    /// An endpoint of this interface, with everything else as by default.
    pub fn new(interface: impl Into<String>) -> Self {
        Self {
            interface: interface.into(),
            limit: None,
            optional: false,
            scope: Scope::Global,
        }
    }
}

impl<'de> Deserialize<'de> for Endpoint {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(
            untagged,
            expecting = "expected the name of an interface, or a map with interface"
        )]
        enum Written {
            Short(String),
            Long {
                interface: String,
                #[serde(default)]
                limit: Option<u32>,
                #[serde(default)]
                optional: bool,
                #[serde(default)]
                scope: Scope,
            },
        }
        Ok(match Written::deserialize(from)? {
            Written::Short(interface) => Self::new(interface),
            Written::Long {
                interface,
                limit,
                optional,
                scope,
            } => Self {
                interface,
                limit,
                optional,
                scope,
            },
        })
    }
}

/// Names written as a list, or as the keys of a map whose values do not matter.
pub(super) fn names<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(
        untagged,
        expecting = "expected a list of names, or a map with names as keys"
    )]
    enum Written {
        Nothing(()),
        List(Vec<String>),
        Map(std::collections::BTreeMap<String, serde_yaml::Value>),
    }
    Ok(match Written::deserialize(from)? {
        Written::Nothing(()) => Vec::new(),
        Written::List(names) => names,
        Written::Map(map) => map.into_keys().collect(),
    })
}
