//! `manifest.yaml`: on which bases the charm runs. Written when a charm is packed.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::FileError;

const FILE: &str = "manifest.yaml";

/// The manifest of a packed charm.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
pub struct Manifest {
    /// The bases it was built for, best first.
    pub bases: Vec<Base>,
    /// What else the packer wrote; Juju ignores it.
    #[serde(flatten)]
    pub other: BTreeMap<String, serde_yaml::Value>,
}

/// An operating system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
pub struct Base {
    /// `ubuntu`
    pub name: String,
    /// `22.04`, or with a risk `22.04/stable`.
    pub channel: String,
    /// Debian's names, such as `amd64`; any when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub architectures: Vec<String>,
}

impl Base {
    /// Reads `ubuntu@22.04` or `ubuntu@22.04/stable`.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, channel) = text.split_once('@')?;
        let good = !name.is_empty() && !channel.is_empty();
        good.then(|| Self {
            name: name.to_owned(),
            channel: channel.to_owned(),
            architectures: Vec::new(),
        })
    }

    /// The channel without its risk: `22.04` of `22.04/stable`.
    pub fn track(&self) -> &str {
        self.channel.split('/').next().unwrap_or_default()
    }

    /// Whether both name the same system, whatever the risk and the architectures.
    pub fn is_same_system(&self, other: &Self) -> bool {
        self.name == other.name && self.track() == other.track()
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.channel)
    }
}

impl Manifest {
    /// Reads `manifest.yaml`.
    ///
    /// # Errors
    /// When it is not YAML of the right shape, or names no base.
    pub fn parse(text: &str) -> Result<Self, FileError> {
        let manifest: Self = serde_yaml::from_str(text).map_err(FileError::syntax(FILE))?;
        let mut problems = Vec::new();
        if manifest.bases.is_empty() {
            problems.push("charm metadata without bases in manifest not valid".to_owned());
        }
        FileError::unless_empty(FILE, problems)?;
        Ok(manifest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bases_are_read_and_the_rest_is_kept() {
        let text = "charmcraft-version: 3.5.0\nbases:\n\
                    - {name: ubuntu, channel: \"22.04\", architectures: [amd64]}\n";
        let manifest = Manifest::parse(text).unwrap();
        assert_eq!(manifest.bases[0].to_string(), "ubuntu@22.04");
        assert_eq!(manifest.bases[0].architectures, ["amd64"]);
        assert!(manifest.other.contains_key("charmcraft-version"));
        let wanted = Base::parse("ubuntu@22.04/stable").unwrap();
        assert!(wanted.is_same_system(&manifest.bases[0]));
        assert!(Manifest::parse("bases: []").is_err());
    }
}
