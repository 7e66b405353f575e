//! Applications: deploying, scaling, relating and configuring them.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// Where the daemon finds a charm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CharmSource {
    /// Absolute path of a `.charm` archive or of an unpacked charm directory.
    Path(PathBuf),
    /// Name of a charm that was uploaded to this lab before; its newest revision is taken.
    Name(String),
}

/// `--storage name=POOL,SIZE,COUNT`; absent parts take the charm's defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageDirective {
    pub pool: Option<String>,
    pub size: Option<String>,
    pub count: Option<u32>,
}

/// `--resource name=./file` or `name=REVISION`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResourceSource {
    File(PathBuf),
    Revision(u32),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Deploy {
    pub model: String,
    pub charm: CharmSource,
    /// Defaults to the charm's name.
    #[serde(default)]
    pub application: Option<String>,
    #[serde(default = "one")]
    pub num_units: u32,
    /// Command line strings, parsed by the option's type.
    #[serde(default)]
    pub config: BTreeMap<String, String>,
    #[serde(default)]
    pub storage: BTreeMap<String, StorageDirective>,
    /// Detached storage instances to attach to the first unit.
    #[serde(default)]
    pub attach_storage: Vec<String>,
    #[serde(default)]
    pub resources: BTreeMap<String, ResourceSource>,
    /// Machine numbers to place units on; missing places get new machines.
    #[serde(default)]
    pub to: Vec<String>,
    #[serde(default)]
    pub constraints: BTreeMap<String, String>,
    #[serde(default)]
    pub base: Option<String>,
    #[serde(default)]
    pub channel: Option<String>,
    #[serde(default)]
    pub trust: bool,
    /// Also a charm that assumes what this lab does not offer.
    #[serde(default)]
    pub force: bool,
}

fn one() -> u32 {
    1
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Deployed {
    pub application: String,
    /// `local:postgresql-3`
    pub charm_url: String,
    pub charm_name: String,
    pub charm_revision: u32,
    /// `ubuntu@22.04`
    pub base: String,
    pub units: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Refresh {
    pub model: String,
    pub application: String,
    pub charm: CharmSource,
    #[serde(default)]
    pub config: BTreeMap<String, String>,
    #[serde(default)]
    pub resources: BTreeMap<String, ResourceSource>,
    /// Also replace the charm of units in hook error.
    #[serde(default)]
    pub force_units: bool,
    /// Also by a charm that assumes what this lab does not offer.
    #[serde(default)]
    pub force: bool,
}

/// A resource that a charm declares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceView {
    pub name: String,
    /// `file` or `oci-image`
    pub kind: String,
    pub filename: String,
    pub description: String,
    /// Absent until the operator gives a file.
    pub supplied: Option<SuppliedResource>,
}

/// The file given for a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuppliedResource {
    pub time: jiff::Timestamp,
    /// Bytes.
    pub size: u64,
    /// SHA-384 in hex.
    pub fingerprint: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AddUnits {
    pub model: String,
    pub application: String,
    pub count: u32,
    #[serde(default)]
    pub to: Vec<String>,
    #[serde(default)]
    pub attach_storage: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemoveUnits {
    pub model: String,
    pub units: Vec<String>,
    #[serde(default)]
    pub destroy_storage: bool,
    #[serde(default)]
    pub force: bool,
    /// Only tell what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemoveApplications {
    pub model: String,
    pub applications: Vec<String>,
    #[serde(default)]
    pub destroy_storage: bool,
    #[serde(default)]
    pub force: bool,
    #[serde(default)]
    pub dry_run: bool,
}

/// What a removal takes with it, for the lines `juju remove-unit` prints.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Removed {
    pub applications: Vec<String>,
    pub units: Vec<String>,
    /// Storage instances that are detached and kept.
    pub detached_storage: Vec<AttachedStorage>,
    /// Storage instances that are destroyed.
    pub destroyed_storage: Vec<AttachedStorage>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachedStorage {
    pub unit: String,
    /// `pgdata/0`
    pub storage: String,
}

/// `application` or `application:endpoint`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    pub application: String,
    pub endpoint: Option<String>,
}

impl Endpoint {
    /// Splits at the first colon; an empty endpoint counts as none. In place of an application may stand the URL of
    /// an offer, whose controller is left out.
    pub fn parse(text: &str) -> Self {
        let text = match text.split_once(':') {
            Some((_, url)) if url.contains('.') => url,
            _ => text,
        };
        match text.split_once(':') {
            Some((application, endpoint)) if !endpoint.is_empty() => Self {
                application: application.to_owned(),
                endpoint: Some(endpoint.to_owned()),
            },
            Some((application, _)) => Self {
                application: application.to_owned(),
                endpoint: None,
            },
            None => Self {
                application: text.to_owned(),
                endpoint: None,
            },
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.endpoint {
            Some(endpoint) => write!(f, "{}:{endpoint}", self.application),
            None => f.write_str(&self.application),
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Integrate {
    pub model: String,
    pub first: Endpoint,
    pub second: Endpoint,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Integrated {
    pub relation_id: u64,
    pub provider: Endpoint,
    pub requirer: Endpoint,
    pub interface: String,
}

/// Names a relation by its two ends, or by its id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RelationEnds {
    pub model: String,
    #[serde(default)]
    pub id: Option<u64>,
    #[serde(default)]
    pub first: Option<Endpoint>,
    #[serde(default)]
    pub second: Option<Endpoint>,
    #[serde(default)]
    pub force: bool,
}

/// `juju suspend-relation` and `juju resume-relation`, in the model that offers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SuspendRelations {
    pub model: String,
    pub ids: Vec<u64>,
    pub suspended: bool,
    /// Why; may be empty.
    #[serde(default)]
    pub reason: String,
}

/// An application's configuration with the charm's declarations.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ConfigView {
    pub application: String,
    pub charm: String,
    pub settings: BTreeMap<String, OptionView>,
    pub trust: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OptionView {
    /// `string`, `int`, `float`, `boolean` or `secret`
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub default: Option<serde_json::Value>,
    /// The effective value; absent if unset.
    #[serde(default)]
    pub value: Option<serde_json::Value>,
    /// `default`, `user` or `unset`
    pub source: String,
}

/// An application's endpoints offered to other models.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Offer {
    pub model: String,
    pub name: String,
    pub application: String,
    pub endpoints: Vec<String>,
    /// `admin/dev.name`; filled in by the daemon.
    #[serde(default)]
    pub url: String,
    /// Number of relations through this offer; filled in by the daemon.
    #[serde(default)]
    pub connected: usize,
    /// What each of `endpoints` is, from the charm's metadata; filled in by the daemon when the offer is created.
    #[serde(default)]
    pub described: BTreeMap<String, OfferedEndpoint>,
    /// Relations through this offer that units have joined; filled in by the daemon.
    #[serde(default)]
    pub active: usize,
    /// The relations through this offer; filled in by the daemon.
    #[serde(default)]
    pub connections: Vec<OfferConnection>,
    /// URL and description of the application's charm; filled in by the daemon.
    #[serde(default)]
    pub charm: String,
    #[serde(default)]
    pub description: String,
}

/// One relation of another model through an offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferConnection {
    /// UUID of the model that consumes the offer.
    pub source_model: String,
    /// The relation's id in the model that offers.
    pub relation_id: u64,
    pub endpoint: String,
    /// `joining`, `joined`, `suspending`, `suspended` or `broken`
    pub status: String,
    /// Why it is suspended; may be empty.
    #[serde(default)]
    pub message: String,
    pub ingress: Vec<String>,
}

/// `juju consume`: makes an offered application known in `model`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Consume {
    pub model: String,
    /// `[lab:][admin/]MODEL.OFFER`
    pub url: String,
    /// The name it gets; that of the offer if absent.
    pub alias: Option<String>,
}

/// An endpoint of an offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferedEndpoint {
    pub interface: String,
    /// `provider` or `requirer`
    pub role: String,
}
