//! `metadata.yaml`: what the charm is and what it can be related to.

mod container;
mod endpoint;
mod storage;

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::assumes::Assumption;
use crate::error::FileError;

pub use container::{Container, Mount, Resource, ResourceType};
pub use endpoint::{Endpoint, Role, Scope};
pub use storage::{Storage, StorageCount, StorageType};

const FILE: &str = "metadata.yaml";

/// The charm's metadata.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Metadata {
    /// The charm's name; also the application's unless the operator chooses another.
    pub name: String,
    /// One line for people.
    #[serde(default)]
    pub summary: String,
    /// The long text for people.
    #[serde(default)]
    pub description: String,
    /// The name for people.
    pub display_name: Option<String>,
    /// Whether its units live beside the units of another application.
    #[serde(default)]
    pub subordinate: bool,
    /// Endpoints that offer something.
    #[serde(default)]
    pub provides: BTreeMap<String, Endpoint>,
    /// Endpoints that need something.
    #[serde(default)]
    pub requires: BTreeMap<String, Endpoint>,
    /// Endpoints among the units of the application.
    #[serde(default)]
    pub peers: BTreeMap<String, Endpoint>,
    /// Storage that Juju attaches to each unit.
    #[serde(default)]
    pub storage: BTreeMap<String, Storage>,
    /// Containers beside the charm's, on Kubernetes.
    #[serde(default)]
    pub containers: BTreeMap<String, Container>,
    /// Files and images that the operator or Charmhub attaches.
    #[serde(default)]
    pub resources: BTreeMap<String, Resource>,
    /// Names, beside the endpoints, that can be bound to a network space.
    #[serde(default, deserialize_with = "endpoint::names")]
    pub extra_bindings: Vec<String>,
    /// What Juju must offer for the charm to be deployed.
    #[serde(default)]
    pub assumes: Vec<Assumption>,
    /// Who runs the charm on Kubernetes: `root`, `sudoer` or `non-root`.
    pub charm_user: Option<String>,
    /// Forbidden beside a manifest; kept to be able to say so.
    pub(crate) min_juju_version: Option<String>,
}

impl Metadata {
    /// Reads `metadata.yaml`.
    ///
    /// # Errors
    /// When it is not YAML of the right shape, or Juju would refuse it.
    pub fn parse(text: &str) -> Result<Self, FileError> {
        let metadata: Self = serde_yaml::from_str(text).map_err(FileError::syntax(FILE))?;
        FileError::unless_empty(FILE, metadata.problems())?;
        Ok(metadata)
    }

    /// The endpoint with this name, whatever its role. Names are unique over the three roles.
    pub fn endpoint(&self, name: &str) -> Option<(Role, &Endpoint)> {
        self.endpoints()
            .find(|(known, ..)| *known == name)
            .map(|(_, role, at)| (role, at))
    }

    /// All declared endpoints. Every application also provides `juju-info`, which is not here.
    pub fn endpoints(&self) -> impl Iterator<Item = (&str, Role, &Endpoint)> {
        let groups = [
            (Role::Provider, &self.provides),
            (Role::Requirer, &self.requires),
            (Role::Peer, &self.peers),
        ];
        groups
            .into_iter()
            .flat_map(|(role, map)| map.iter().map(move |(name, at)| (name.as_str(), role, at)))
    }

    /// Whether the charm is for Kubernetes, as far as the metadata tells.
    pub fn has_containers(&self) -> bool {
        !self.containers.is_empty()
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if !is_charm_name(&self.name) {
            problems.push(format!("name {:?} is not a charm's name", self.name));
        }
        if self.min_juju_version.is_some() {
            problems.push("min-juju-version is no longer allowed: use assumes".to_owned());
        }
        self.endpoint_problems(&mut problems);
        for (name, storage) in &self.storage {
            storage.problems(name, &mut problems);
        }
        for (name, resource) in &self.resources {
            if resource.kind == ResourceType::File && resource.filename.is_none() {
                problems.push(format!("resource {name:?} is a file and needs a filename"));
            }
        }
        for (name, container) in &self.containers {
            container.problems(name, self, &mut problems);
        }
        problems
    }

    fn endpoint_problems(&self, problems: &mut Vec<String>) {
        let mut seen = BTreeMap::new();
        for (name, role, endpoint) in self.endpoints() {
            if let Some(other) = seen.insert(name, role) {
                problems.push(format!(
                    "endpoint {name:?} is declared as {other} and as {role}"
                ));
            }
            if name == "juju" || name.starts_with("juju-") {
                problems.push(format!("endpoint {name:?} uses a name that is Juju's own"));
            }
            let interface = endpoint.interface.as_str();
            let reserved = interface == "juju" || interface.starts_with("juju-");
            if reserved && role != Role::Requirer {
                problems.push(format!(
                    "endpoint {name:?} uses interface {interface:?}, Juju's own"
                ));
            }
        }
        let beside = |at: &Endpoint| at.scope == Scope::Container;
        if self.subordinate && !self.requires.values().any(beside) {
            problems
                .push("a subordinate needs an endpoint in requires with scope: container".into());
        }
    }
}

/// Letters, digits and single hyphens, a letter first, and no part that is only digits.
fn is_charm_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.split('-').all(|part| {
            part.bytes().any(|b| b.is_ascii_lowercase())
                && part
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_charm_with_everything_is_read() {
        let text = include_str!("samples/everything.yaml");
        let metadata = Metadata::parse(text).unwrap();
        assert_eq!(metadata.name, "postgresql");
        let (role, database) = metadata.endpoint("database").unwrap();
        assert_eq!(
            (role, database.interface.as_str()),
            (Role::Provider, "postgresql_client")
        );
        let (role, s3) = metadata.endpoint("s3-parameters").unwrap();
        assert_eq!(
            (role, s3.limit, s3.optional),
            (Role::Requirer, Some(1), true)
        );
        assert_eq!(metadata.endpoint("database-peers").unwrap().0, Role::Peer);
        assert_eq!(metadata.endpoint("juju-info"), None);
        let count = |name: &str| metadata.storage[name].count;
        assert_eq!(
            count("pgdata"),
            StorageCount {
                min: 1,
                max: Some(1)
            }
        );
        assert_eq!(
            count("archive"),
            StorageCount {
                min: 0,
                max: Some(1)
            }
        );
        assert_eq!(count("logs"), StorageCount { min: 2, max: None });
        assert_eq!(metadata.storage["pgdata"].minimum_size_mib, Some(1024));
        assert_eq!(metadata.extra_bindings, ["replication"]);
        assert_eq!(metadata.assumes.len(), 2);
        assert_eq!(
            metadata.containers["postgresql"].mounts[0].storage,
            "pgdata"
        );
    }

    #[test]
    fn everything_that_is_wrong_is_named_at_once() {
        let text = include_str!("samples/wrong.yaml");
        let error = Metadata::parse(text).unwrap_err().to_string();
        assert_eq!(
            error
                .strip_prefix("cannot use metadata.yaml: ")
                .unwrap()
                .split("; ")
                .collect::<Vec<_>>(),
            [
                "name \"postgresql-14\" is not a charm's name",
                "min-juju-version is no longer allowed: use assumes",
                "endpoint \"juju-x\" uses a name that is Juju's own",
                "endpoint \"db\" is declared as provider and as requirer",
                "a subordinate needs an endpoint in requires with scope: container",
                "storage \"disk\" is a block device and cannot have a location",
                "resource \"tools\" is a file and needs a filename",
                "container \"pg\" names resource \"image\", which is not declared",
                "container \"pg\" mounts storage \"nope\", which is not declared",
                "container \"pg\" has uid 1000, outside 0-999 and 10000 or more",
            ]
        );
    }

    #[test]
    fn a_file_of_the_wrong_shape_is_refused_with_its_place() {
        let error = Metadata::parse("name: pg\nprovides: [db]\n").unwrap_err();
        assert_eq!(error.to_string(), "cannot read metadata.yaml");
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains("line 2"), "{cause}");
    }
}
