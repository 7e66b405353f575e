//! `network-get` and `unit-get`.

use super::ToolError;
use super::output::Output;
use super::parse::{self, Args, Flag};
use super::relation::relation_flag;
use super::server::Invocation;
use serde_json::{Map, Value, json};

pub(super) const FLAGS: &[Flag] = &[
    parse::FORMAT,
    parse::OUTPUT,
    parse::RELATION,
    parse::switch("bind-address"),
    parse::switch("ingress-address"),
    parse::switch("egress-subnets"),
    parse::switch("primary-address"),
];

/// A MAC address in the range of virtual machines, made of the machine's address.
pub(crate) fn mac_address(address: &str) -> String {
    let mut bytes = address
        .split('.')
        .skip(1)
        .map(|byte| byte.parse::<u8>().unwrap_or_default());
    let mut next = || bytes.next().unwrap_or_default();
    format!("00:16:3e:{:02x}:{:02x}:{:02x}", next(), next(), next())
}

pub(super) fn get(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    args.at_most(1)?;
    let relation = relation_flag(invocation, args)?;
    let Some(binding) = args.rest.first().filter(|name| !name.is_empty()) else {
        return Err(ToolError::usage("no arguments specified"));
    };
    let context = invocation.context;
    let address = invocation.read(|model| {
        let charm = &crate::daemon::application_of(model, &context.application)?.charm;
        let known = charm
            .endpoint(binding)
            .is_some_and(|endpoint| !endpoint.container_scoped)
            || charm.extra_bindings.contains(binding);
        if !known {
            return Err(ToolError::runtime(format!(
                "no network config found for binding \"{binding}\""
            )));
        }
        if let Some(id) = relation
            && !model.relations.contains_key(&id)
        {
            return Err(ToolError::runtime(format!("relation {id} not found")));
        }
        Ok(invocation.daemon.unit_address(model, &context.unit))
    })?;
    let subnet = address
        .rsplit_once('.')
        .map(|(network, _)| format!("{network}.0/24"));
    let egress = json!([format!("{address}/32")]);
    if args.has("primary-address") {
        return Ok(Output::Value(Value::from(address)));
    }
    let mut chosen = Map::new();
    for (flag, value) in [
        ("bind-address", Value::from(address.clone())),
        ("egress-subnets", egress.clone()),
        ("ingress-address", Value::from(address.clone())),
    ] {
        if args.has(flag) {
            chosen.insert(flag.to_owned(), value);
        }
    }
    if chosen.len() == 1 {
        return Ok(Output::Value(
            chosen
                .into_iter()
                .next()
                .map_or(Value::Null, |(_, value)| value),
        ));
    }
    if !chosen.is_empty() {
        return Ok(Output::Value(Value::Object(chosen)));
    }
    Ok(Output::Value(json!({
        "bind-addresses": [{
            "mac-address": mac_address(&address),
            "interface-name": "eth0",
            "addresses": [{"hostname": "", "value": address, "cidr": subnet}],
        }],
        "egress-subnets": egress,
        "ingress-addresses": [address],
    })))
}

pub(super) fn unit_get(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    args.at_most(1)?;
    match args.rest.first().map(String::as_str) {
        Some("private-address" | "public-address") => {
            let unit = &invocation.context.unit;
            let address =
                invocation.read(|model| Ok(invocation.daemon.unit_address(model, unit)))?;
            Ok(Output::Value(Value::from(address)))
        }
        Some(other) => Err(ToolError::usage(format!("unknown setting \"{other}\""))),
        None => Err(ToolError::usage("no setting specified")),
    }
}
