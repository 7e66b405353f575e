//! The tools about the unit itself: configuration, state, status, network, storage and the log.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json as value};

use super::args::{Args, failed, usage};
use super::{World, json, map_of, single};
use crate::testing::State;
use crate::tools::{BindAddress, InterfaceAddress};
use crate::{Network, Port, Status, StatusKind, ToolError};

impl World {
    pub(super) fn answer_about_unit(
        &mut self,
        tool: &str,
        args: &[&str],
        stdin: &[u8],
    ) -> Result<Vec<u8>, ToolError> {
        match tool {
            "is-leader" => json(&self.wanted.leader),
            "config-get" => self.config_get(args),
            "state-get" => self.state_get(args),
            "state-set" => self.state_set(args, stdin),
            "state-delete" => {
                let args = Args::parse(tool, args, &[], &[])?;
                args.rest
                    .iter()
                    .for_each(|key| drop(self.wanted.stored.remove(key)));
                Ok(Vec::new())
            }
            "status-set" => self.status_set(args),
            "status-get" => self.status_get(args),
            "application-version-set" => self.version_set(args),
            "juju-log" => self.juju_log(args),
            "network-get" => self.network_get(args),
            "open-port" | "close-port" => self.change_port(tool, args),
            "opened-ports" => {
                // Only what is committed: not what this hook opened.
                let ports = self.kept.opened_ports.iter();
                json(&ports.map(ToString::to_string).collect::<Vec<_>>())
            }
            "storage-list" => self.storage_list(args),
            "storage-get" => self.storage_get(args),
            "resource-get" => self.resource_get(args),
            "goal-state" => self.goal_state(),
            "juju-reboot" | "storage-add" => Ok(Vec::new()),
            "credential-get" => Err(failed(tool, "cannot access cloud credentials")),
            _ => Err(ToolError::not_started(
                tool,
                std::io::ErrorKind::NotFound.into(),
            )),
        }
    }

    fn config_get(&mut self, args: &[&str]) -> Result<Vec<u8>, ToolError> {
        let args = Args::parse("config-get", args, &[], &["a", "all"])?;
        let mut values: Map<String, Value> = self.files.config.defaults();
        let set = self
            .wanted
            .config
            .iter()
            .filter(|(_, value)| !value.is_null());
        values.extend(set.map(|(name, value)| (name.clone(), value.clone())));
        match single("config-get", &args)? {
            Some(name) => json(&values.get(&name)),
            None => json(&values),
        }
    }

    fn state_get(&mut self, args: &[&str]) -> Result<Vec<u8>, ToolError> {
        let args = Args::parse("state-get", args, &[], &["strict"])?;
        match single("state-get", &args)?.filter(|key| key != "-") {
            None => json(&self.wanted.stored),
            Some(key) => match self.wanted.stored.get(&key) {
                None if args.has("strict") => {
                    Err(failed("state-get", &format!("{key:?} not found")))
                }
                found => json(&found),
            },
        }
    }

    fn state_set(&mut self, args: &[&str], stdin: &[u8]) -> Result<Vec<u8>, ToolError> {
        let args = Args::parse("state-set", args, &["file"], &[])?;
        if args.flag("file") == Some("-") {
            self.wanted.stored.extend(map_of("state-set", stdin)?);
        }
        for pair in args.rest {
            let Some((key, value)) = pair.split_once('=') else {
                return Err(usage(
                    "state-set",
                    &format!("expected \"key=value\", got {pair:?}"),
                ));
            };
            self.wanted.stored.insert(key.to_owned(), value.to_owned());
        }
        Ok(Vec::new())
    }

    fn status_set(&mut self, args: &[&str]) -> Result<Vec<u8>, ToolError> {
        let tool = "status-set";
        let args = Args::parse(tool, args, &[], &["application"])?;
        let (word, message) = match args.rest.as_slice() {
            [word] => (word.as_str(), ""),
            [word, message] => (word.as_str(), message.as_str()),
            _ => return Err(usage(tool, "invalid args, require <status> [message]")),
        };
        let kinds = [
            StatusKind::Maintenance,
            StatusKind::Blocked,
            StatusKind::Waiting,
            StatusKind::Active,
        ];
        let Some(kind) = kinds.into_iter().find(|kind| kind.as_str() == word) else {
            let expected = "expected one of [maintenance blocked waiting active]";
            return Err(usage(tool, &format!("invalid status {word:?}, {expected}")));
        };
        let status = Status {
            kind,
            message: message.to_owned(),
        };
        if args.has("application") {
            if !self.wanted.leader {
                return Err(failed(tool, "this unit is not the leader"));
            }
            self.both(|state| state.app_status = Some(status.clone()));
        } else {
            self.both(|state| state.status = Some(status.clone()));
            self.statuses.push(status);
        }
        Ok(Vec::new())
    }

    fn status_get(&mut self, args: &[&str]) -> Result<Vec<u8>, ToolError> {
        let args = Args::parse("status-get", args, &[], &["application", "include-data"])?;
        let shown = |status: &Option<Status>| match status {
            Some(Status { kind, message }) => {
                value!({"status": kind.as_str(), "message": message, "status-data": {}})
            }
            None => value!({"status": "unknown", "message": "", "status-data": {}}),
        };
        if !args.has("application") {
            return json(&shown(&self.wanted.status));
        }
        if !self.wanted.leader {
            return Err(failed("status-get", "this unit is not the leader"));
        }
        let mut application = shown(&self.wanted.app_status);
        application["units"] = value!({self.wanted.unit.as_str(): shown(&self.wanted.status)});
        json(&value!({"application-status": application}))
    }

    fn version_set(&mut self, args: &[&str]) -> Result<Vec<u8>, ToolError> {
        let args = Args::parse("application-version-set", args, &[], &[])?;
        let version = single("application-version-set", &args)?;
        self.both(|state| state.version.clone_from(&version));
        Ok(Vec::new())
    }

    fn juju_log(&mut self, args: &[&str]) -> Result<Vec<u8>, ToolError> {
        let args = Args::parse("juju-log", args, &["l", "log-level"], &["debug"])?;
        if args.rest.is_empty() {
            return Err(usage("juju-log", "no message specified"));
        }
        let level = args.flag("log-level").unwrap_or("INFO").to_owned();
        for line in args.rest.join(" ").lines() {
            self.log.push((level.clone(), line.to_owned()));
        }
        Ok(Vec::new())
    }

    fn network_get(&mut self, args: &[&str]) -> Result<Vec<u8>, ToolError> {
        let tool = "network-get";
        let args = Args::parse(tool, args, &["r", "relation"], &[])?;
        let Some(binding) = single(tool, &args)? else {
            return Err(usage(tool, "no arguments specified"));
        };
        let metadata = &self.files.metadata;
        let known = binding == "juju-info"
            || metadata.endpoint(&binding).is_some()
            || metadata.extra_bindings.contains(&binding);
        if !known {
            let message = format!("no network config found for binding {binding:?}");
            return Err(failed(tool, &message));
        }
        let network = network_of(&self.wanted, &binding);
        let interfaces = network.bind_addresses.iter().map(|at| {
            let addresses = at
                .addresses
                .iter()
                .map(|a| value!({"value": a.value, "cidr": a.cidr, "hostname": a.hostname}));
            value!({
                "interface-name": at.interface_name,
                "mac-address": "",
                "addresses": addresses.collect::<Vec<_>>(),
            })
        });
        json(&value!({
            "bind-addresses": interfaces.collect::<Vec<_>>(),
            "ingress-addresses": network.ingress_addresses,
            "egress-subnets": network.egress_subnets,
        }))
    }

    fn change_port(&mut self, tool: &str, args: &[&str]) -> Result<Vec<u8>, ToolError> {
        let args = Args::parse(tool, args, &["endpoints"], &[])?;
        let text = single(tool, &args)?.unwrap_or_default();
        let port: Port = text
            .parse()
            .map_err(|_| usage(tool, &format!("invalid port {text:?}")))?;
        if tool == "open-port" {
            self.wanted.opened_ports.insert(port);
        } else {
            self.wanted.opened_ports.remove(&port);
        }
        Ok(Vec::new())
    }

    fn storage_list(&mut self, args: &[&str]) -> Result<Vec<u8>, ToolError> {
        let args = Args::parse("storage-list", args, &[], &[])?;
        let name = single("storage-list", &args)?;
        let all = self.wanted.storage.iter().map(|instance| &instance.id);
        json(
            &all.filter(|id| name.as_ref().is_none_or(|n| id.name() == n))
                .collect::<Vec<_>>(),
        )
    }

    fn storage_get(&mut self, args: &[&str]) -> Result<Vec<u8>, ToolError> {
        let tool = "storage-get";
        let args = Args::parse(tool, args, &["s"], &[])?;
        let Some(id) = args.flag("s") else {
            return Err(usage(tool, "no storage instance specified"));
        };
        let Some(instance) = self.wanted.storage.iter().find(|at| at.id.as_str() == id) else {
            let message = format!("invalid value {id:?} for option -s: storage not found");
            return Err(usage(tool, &message));
        };
        let declared = self.files.metadata.storage.get(instance.id.name());
        let kind = declared.map_or("filesystem", |storage| storage.kind.as_str());
        json(&value!({"kind": kind, "location": instance.location}))
    }

    fn resource_get(&mut self, args: &[&str]) -> Result<Vec<u8>, ToolError> {
        let tool = "resource-get";
        let args = Args::parse(tool, args, &[], &[])?;
        let name = single(tool, &args)?.unwrap_or_default();
        let Some(path) = self.wanted.resources.get(&name) else {
            let message = format!("could not download resource: resource {name:?} not found");
            return Err(failed(tool, &message));
        };
        Ok(path.to_string_lossy().into_owned().into_bytes())
    }

    fn goal_state(&mut self) -> Result<Vec<u8>, ToolError> {
        let status = || value!({"status": "active", "since": "2026-01-01 00:00:00Z"});
        let own = self.wanted.unit.application();
        let mut units = BTreeMap::from([(self.wanted.unit.to_string(), status())]);
        let mut relations: BTreeMap<&str, BTreeMap<String, Value>> = BTreeMap::new();
        for relation in &self.wanted.relations {
            let others = relation.remote_units.keys();
            let others = others.map(|n| (format!("{}/{n}", relation.remote_app), status()));
            if relation.remote_app == own {
                units.extend(others);
            } else {
                let at = relations.entry(&relation.endpoint).or_default();
                at.insert(relation.remote_app.clone(), status());
                at.extend(others);
            }
        }
        json(&value!({"units": units, "relations": relations}))
    }

    /// Takes effect at once, whatever becomes of the hook.
    fn both(&mut self, change: impl Fn(&mut State)) {
        change(&mut self.kept);
        change(&mut self.wanted);
    }
}

/// The address of a unit of which nothing else is said.
pub(super) fn default_address(unit: u32) -> String {
    format!("10.0.{}.{}", (unit + 10) / 250, (unit + 10) % 250)
}

/// The network behind a binding: as described, or with the unit's default address.
pub(super) fn network_of(state: &State, binding: &str) -> Network {
    if let Some(network) = state.networks.get(binding) {
        return network.clone();
    }
    let address = default_address(state.unit.number());
    Network {
        bind_addresses: vec![BindAddress {
            interface_name: "eth0".to_owned(),
            addresses: vec![InterfaceAddress {
                value: address.clone(),
                cidr: "10.0.0.0/16".to_owned(),
                hostname: String::new(),
            }],
        }],
        egress_subnets: vec![format!("{address}/32")],
        ingress_addresses: vec![address],
    }
}
