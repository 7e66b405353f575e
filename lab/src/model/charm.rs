//! A charm revision: what the controller must know of a charm's files.

use crate::api::Base;
use juju_charm_files::config::ConfigOption;
use juju_charm_files::metadata::{Resource, ResourceType, Storage};
use juju_charm_files::{Action, CharmFiles, ConfigOptions, OptionType, Scope};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Charm {
    /// Name of the directory below `<home>/charms` that holds the unpacked files; unique in the lab.
    pub key: String,
    pub name: String,
    pub revision: u32,
    #[serde(default)]
    pub description: String,
    /// Content of the charm's `version` file; may be empty.
    pub version: String,
    pub subordinate: bool,
    pub endpoints: BTreeMap<String, EndpointSpec>,
    pub extra_bindings: Vec<String>,
    pub storage: BTreeMap<String, StorageSpec>,
    pub options: BTreeMap<String, OptionSpec>,
    pub actions: BTreeMap<String, ActionSpec>,
    pub resources: BTreeMap<String, ResourceSpec>,
    pub base: Base,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    Peer,
    Provider,
    Requirer,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointSpec {
    pub role: Role,
    pub interface: String,
    /// Relates a unit only to units on its own machine (subordinates).
    pub container_scoped: bool,
    pub limit: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageSpec {
    pub kind: String,
    pub location: Option<String>,
    pub read_only: bool,
    /// Number of instances each unit gets.
    pub min: u32,
    /// None is without limit.
    pub max: Option<u32>,
    /// MiB
    pub minimum_size: u64,
}

impl StorageSpec {
    pub fn is_multiple(&self) -> bool {
        self.max != Some(1)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptionKind {
    String,
    Int,
    Float,
    Boolean,
    Secret,
}

impl OptionKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Int => "int",
            Self::Float => "float",
            Self::Boolean => "boolean",
            Self::Secret => "secret",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OptionSpec {
    pub kind: OptionKind,
    pub description: String,
    pub default: Option<Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActionSpec {
    pub description: String,
    /// JSON schema of the parameters, an object schema.
    pub schema: Map<String, Value>,
    pub parallel: bool,
    pub group: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceSpec {
    pub kind: String,
    pub filename: String,
    #[serde(default)]
    pub description: String,
}

impl From<OptionType> for OptionKind {
    fn from(kind: OptionType) -> Self {
        match kind {
            OptionType::String => Self::String,
            OptionType::Int => Self::Int,
            OptionType::Float => Self::Float,
            OptionType::Boolean => Self::Boolean,
            OptionType::Secret => Self::Secret,
        }
    }
}

impl From<OptionKind> for OptionType {
    fn from(kind: OptionKind) -> Self {
        match kind {
            OptionKind::String => Self::String,
            OptionKind::Int => Self::Int,
            OptionKind::Float => Self::Float,
            OptionKind::Boolean => Self::Boolean,
            OptionKind::Secret => Self::Secret,
        }
    }
}

impl ActionSpec {
    /// The declaration as the charm's file has it, which knows how to check parameters.
    pub fn action(&self) -> Action {
        Action {
            description: self.description.clone(),
            parallel: self.parallel,
            execution_group: self.group.clone(),
            schema: self.schema.clone(),
        }
    }
}

impl Charm {
    /// Takes from a charm's files what the controller needs.
    pub fn new(
        files: &CharmFiles,
        key: String,
        revision: u32,
        version: String,
        base: Base,
    ) -> Self {
        let metadata = &files.metadata;
        let endpoint =
            |(name, role, at): (&str, juju_charm_files::Role, &juju_charm_files::Endpoint)| {
                let role = match role {
                    juju_charm_files::Role::Provider => Role::Provider,
                    juju_charm_files::Role::Requirer => Role::Requirer,
                    juju_charm_files::Role::Peer => Role::Peer,
                };
                let container_scoped = at.scope == Scope::Container;
                (
                    name.to_owned(),
                    EndpointSpec {
                        role,
                        interface: at.interface.clone(),
                        container_scoped,
                        limit: at.limit,
                    },
                )
            };
        let storage = |(name, it): (&String, &Storage)| {
            let spec = StorageSpec {
                kind: it.kind.as_str().to_owned(),
                location: it
                    .location
                    .as_ref()
                    .map(|path| path.to_string_lossy().into_owned()),
                read_only: it.read_only,
                min: it.count.min,
                max: it.count.max,
                minimum_size: it.minimum_size_mib.unwrap_or_default(),
            };
            (name.clone(), spec)
        };
        let option = |(name, it): (&str, &ConfigOption)| {
            let default = Some(it.default.clone()).filter(|value| !value.is_null());
            (
                name.to_owned(),
                OptionSpec {
                    kind: it.kind.into(),
                    description: it.description.clone(),
                    default,
                },
            )
        };
        let action = |(name, it): (&str, &Action)| {
            let spec = ActionSpec {
                description: it.description.clone(),
                schema: it.schema.clone(),
                parallel: it.parallel,
                group: it.execution_group.clone(),
            };
            (name.to_owned(), spec)
        };
        let resource = |(name, it): (&String, &Resource)| {
            let kind = match it.kind {
                ResourceType::File => "file",
                ResourceType::OciImage => "oci-image",
            };
            let filename = it.filename.clone().unwrap_or_else(|| name.clone());
            (
                name.clone(),
                ResourceSpec {
                    kind: kind.to_owned(),
                    filename,
                    description: it.description.clone(),
                },
            )
        };
        Self {
            key,
            name: metadata.name.clone(),
            revision,
            description: metadata.description.clone(),
            version,
            subordinate: metadata.subordinate,
            endpoints: metadata.endpoints().map(endpoint).collect(),
            extra_bindings: metadata.extra_bindings.clone(),
            storage: metadata.storage.iter().map(storage).collect(),
            options: files.config.iter().map(option).collect(),
            actions: files.actions.iter().map(action).collect(),
            resources: metadata.resources.iter().map(resource).collect(),
            base,
        }
    }

    /// A charm of which only the key is known so far.
    pub(super) fn named(key: String) -> Self {
        Self {
            key,
            name: String::new(),
            revision: 0,
            description: String::new(),
            version: String::new(),
            subordinate: false,
            endpoints: BTreeMap::new(),
            extra_bindings: Vec::new(),
            storage: BTreeMap::new(),
            options: BTreeMap::new(),
            actions: BTreeMap::new(),
            resources: BTreeMap::new(),
            base: Base {
                name: String::new(),
                channel: String::new(),
            },
        }
    }

    /// The declared options, which know how to check values.
    pub fn config_options(&self) -> ConfigOptions {
        let option = |(name, spec): (&String, &OptionSpec)| {
            let option = ConfigOption {
                kind: spec.kind.into(),
                description: spec.description.clone(),
                default: spec.default.clone().unwrap_or(Value::Null),
            };
            (name.clone(), option)
        };
        self.options.iter().map(option).collect()
    }

    /// `local:postgresql-3`
    pub fn url(&self) -> String {
        format!("local:{}-{}", self.name, self.revision)
    }

    /// A declared endpoint, or `juju-info`, which every charm provides.
    pub fn endpoint(&self, name: &str) -> Option<EndpointSpec> {
        self.endpoints.get(name).cloned().or_else(|| {
            (name == "juju-info").then(|| EndpointSpec {
                role: Role::Provider,
                interface: "juju-info".into(),
                container_scoped: false,
                limit: None,
            })
        })
    }
}
