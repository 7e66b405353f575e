//! `network-get`: the addresses to listen on and to tell others.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::ToolError;
use crate::{Juju, RelationId};

#[derive(Debug, Default)]
pub(super) struct Session {
    bindings: BTreeMap<(String, Option<RelationId>), Arc<Network>>,
}

/// The network behind an endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Network {
    /// Where to listen.
    #[serde(default)]
    pub bind_addresses: Vec<BindAddress>,
    /// What to tell others: addresses, on Kubernetes possibly host names. Best first.
    #[serde(default)]
    pub ingress_addresses: Vec<String>,
    /// Where our own connections come from, in CIDR notation.
    #[serde(default)]
    pub egress_subnets: Vec<String>,
}

/// A network interface of the unit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct BindAddress {
    /// Such as `eth0`; may be empty.
    #[serde(default)]
    pub interface_name: String,
    /// Its addresses.
    #[serde(default)]
    pub addresses: Vec<InterfaceAddress>,
}

/// An address of an interface.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct InterfaceAddress {
    /// The address; on Kubernetes it may be a host name.
    #[serde(default)]
    pub value: String,
    /// Its subnet; may be empty.
    #[serde(default)]
    pub cidr: String,
    /// Its name; usually empty.
    #[serde(default)]
    pub hostname: String,
}

impl Network {
    /// The address to listen on.
    pub fn bind_address(&self) -> Option<&str> {
        let first = self.bind_addresses.first()?.addresses.first()?;
        Some(first.value.as_str()).filter(|value| !value.is_empty())
    }

    /// The address to tell others: the first ingress address, or else the one we listen on.
    pub fn ingress_address(&self) -> Option<&str> {
        self.ingress_addresses
            .first()
            .map(String::as_str)
            .or_else(|| self.bind_address())
    }
}

impl Juju {
    /// The network of a binding: an endpoint, an extra binding, or `juju-info`.
    pub fn network_get(&self, binding: &str) -> Result<Arc<Network>, ToolError> {
        self.network(binding, None)
    }

    /// The network as one relation sees it: its ingress address may differ between models.
    pub fn network_get_for(&self, relation: &RelationId) -> Result<Arc<Network>, ToolError> {
        self.network(relation.endpoint(), Some(relation))
    }

    fn network(
        &self,
        binding: &str,
        relation: Option<&RelationId>,
    ) -> Result<Arc<Network>, ToolError> {
        let key = (binding.to_owned(), relation.cloned());
        if let Some(known) = self.session().network.bindings.get(&key) {
            return Ok(Arc::clone(known));
        }
        let mut args = vec![binding];
        if let Some(relation) = relation {
            args.extend(["-r", relation.as_str()]);
        }
        let network: Arc<Network> = Arc::new(self.read("network-get", &args)?);
        self.session()
            .network
            .bindings
            .insert(key, Arc::clone(&network));
        Ok(network)
    }
}
