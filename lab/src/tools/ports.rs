//! `open-port`, `close-port`, `opened-ports`.

use super::ToolError;
use super::output::Output;
use super::parse::{self, Args, Flag};
use super::server::Invocation;
use crate::model::unit::OpenPort;
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) const SET_FLAGS: &[Flag] = &[parse::value("endpoints"), parse::FORMAT];
pub(super) const LIST_FLAGS: &[Flag] = &[parse::FORMAT, parse::OUTPUT, parse::switch("endpoints")];

pub(super) fn open(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    invocation.warn_of_format(args, "open-port");
    for port in requested(invocation, args)? {
        invocation.state.buffer.close.remove(&port);
        invocation.state.buffer.open.insert(port);
    }
    Ok(Output::Nothing)
}

pub(super) fn close(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    invocation.warn_of_format(args, "close-port");
    for port in requested(invocation, args)? {
        invocation.state.buffer.open.remove(&port);
        invocation.state.buffer.close.insert(port);
    }
    Ok(Output::Nothing)
}

fn requested(invocation: &Invocation<'_>, args: &Args) -> Result<Vec<OpenPort>, ToolError> {
    args.at_most(1)?;
    let Some(text) = args.rest.first() else {
        return Err(ToolError::usage("no port or range specified"));
    };
    let (protocol, from, to) = parse_range(text)?;
    let endpoints: Vec<&str> = args.get("endpoints").unwrap_or("*").split(',').collect();
    invocation.read(|model| {
        let charm = &crate::daemon::application_of(model, &invocation.context.application)?.charm;
        endpoints
            .iter()
            .map(|endpoint| {
                let endpoint = if *endpoint == "*" { "" } else { endpoint };
                if !endpoint.is_empty() && charm.endpoint(endpoint).is_none() {
                    return Err(ToolError::runtime(format!(
                        "endpoint \"{endpoint}\" not found"
                    )));
                }
                Ok(OpenPort {
                    protocol: protocol.clone(),
                    from,
                    to,
                    endpoint: endpoint.to_owned(),
                })
            })
            .collect()
    })
}

/// Reads `5432`, `5432/udp`, `8000-8100/tcp` or `icmp`.
fn parse_range(text: &str) -> Result<(String, u16, u16), ToolError> {
    let lower = text.to_lowercase();
    if lower == "icmp" {
        return Ok(("icmp".into(), 0, 0));
    }
    let (ports, protocol) = lower.split_once('/').unwrap_or((&lower, "tcp"));
    if protocol == "icmp" {
        return Err(ToolError::usage(format!(
            "protocol \"icmp\" doesn't support any ports; got \"{ports}\""
        )));
    }
    if !matches!(protocol, "tcp" | "udp") {
        return Err(ToolError::usage(format!(
            "invalid protocol \"{protocol}\", expected \"tcp\", \"udp\", or \"icmp\""
        )));
    }
    let number = |text: &str| -> Result<u32, ToolError> {
        text.parse()
            .map_err(|_| ToolError::usage(format!("invalid port \"{text}\"")))
    };
    let (from, to) = match ports.split_once('-') {
        Some((from, to)) => (number(from)?, number(to)?),
        None => (number(ports)?, number(ports)?),
    };
    let bounds = || {
        ToolError::usage(format!(
            "port range bounds must be between 1 and 65535, got {from}-{to}"
        ))
    };
    if from > to {
        return Err(ToolError::usage(format!(
            "invalid port range {from}-{to}/{protocol}"
        )));
    }
    match (u16::try_from(from), u16::try_from(to)) {
        (Ok(low), Ok(high)) if low > 0 => Ok((protocol.to_owned(), low, high)),
        _ => Err(bounds()),
    }
}

/// Committed ports only: what this hook opens is not there yet.
pub(super) fn list(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    args.at_most(0)?;
    let with_endpoints = args.has("endpoints");
    let ports = invocation.read(|model| {
        let unit = crate::daemon::unit_of(model, &invocation.context.unit)?;
        Ok(listed(&unit.ports, with_endpoints))
    })?;
    Ok(Output::Value(ports.into_iter().map(Value::from).collect()))
}

/// Each range once, by protocol and then by number, with the endpoints it is open for if they are asked for.
fn listed(ports: &BTreeSet<OpenPort>, with_endpoints: bool) -> Vec<String> {
    let mut ranges: Vec<(String, Vec<&str>)> = Vec::new();
    for port in ports {
        let endpoint = match port.endpoint.as_str() {
            "" => "*",
            endpoint => endpoint,
        };
        let range = port.to_string();
        match ranges.last_mut().filter(|(last, _)| *last == range) {
            Some((_, endpoints)) => endpoints.push(endpoint),
            None => ranges.push((range, vec![endpoint])),
        }
    }
    ranges
        .into_iter()
        .map(|(range, endpoints)| {
            if with_endpoints {
                format!("{range} ({})", endpoints.join(","))
            } else {
                range
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_default_to_tcp_and_may_be_ranges() {
        assert_eq!(parse_range("5432"), Ok(("tcp".into(), 5432, 5432)));
        assert_eq!(parse_range("8000-8100/UDP"), Ok(("udp".into(), 8000, 8100)));
        assert_eq!(parse_range("icmp"), Ok(("icmp".into(), 0, 0)));
    }

    #[test]
    fn ranges_are_listed_by_protocol_and_number_with_their_endpoints() {
        let port = |range: &str, endpoint: &str| {
            let (protocol, from, to) = parse_range(range).unwrap();
            OpenPort {
                protocol,
                from,
                to,
                endpoint: endpoint.to_owned(),
            }
        };
        let ports = BTreeSet::from([
            port("53/udp", ""),
            port("icmp", ""),
            port("8000-8010", "b"),
            port("8000-8010", "a"),
            port("80", ""),
        ]);
        assert_eq!(
            listed(&ports, true),
            [
                "icmp (*)",
                "80/tcp (*)",
                "8000-8010/tcp (a,b)",
                "53/udp (*)"
            ]
        );
        assert_eq!(
            listed(&ports, false),
            ["icmp", "80/tcp", "8000-8010/tcp", "53/udp"]
        );
    }

    #[test]
    fn refusals_are_worded_as_juju_words_them() {
        for (text, expected) in [
            ("x", "invalid port \"x\""),
            (
                "0",
                "port range bounds must be between 1 and 65535, got 0-0",
            ),
            (
                "1/sctp",
                "invalid protocol \"sctp\", expected \"tcp\", \"udp\", or \"icmp\"",
            ),
            (
                "1/icmp",
                "protocol \"icmp\" doesn't support any ports; got \"1\"",
            ),
        ] {
            assert_eq!(parse_range(text), Err(ToolError::Usage(expected.into())));
        }
    }
}
