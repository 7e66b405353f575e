//! `open-port`, `close-port`, `opened-ports`.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use super::ToolError;
use crate::Juju;

/// A transport protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// TCP
    Tcp,
    /// UDP
    Udp,
}

/// What can be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Port {
    /// Ports `from` to `to`, both included; the same number twice is a single port.
    Range {
        /// First port, at least 1.
        from: u16,
        /// Last port.
        to: u16,
        /// TCP or UDP.
        protocol: Protocol,
    },
    /// Ping.
    Icmp,
}

impl Port {
    /// One TCP port.
    pub const fn tcp(number: u16) -> Self {
        Self::Range {
            from: number,
            to: number,
            protocol: Protocol::Tcp,
        }
    }

    /// One UDP port.
    pub const fn udp(number: u16) -> Self {
        Self::Range {
            from: number,
            to: number,
            protocol: Protocol::Udp,
        }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Range { from, to, protocol } = self else {
            return f.write_str("icmp");
        };
        let protocol = match protocol {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        };
        if from == to {
            write!(f, "{from}/{protocol}")
        } else {
            write!(f, "{from}-{to}/{protocol}")
        }
    }
}

/// Text that is not a port as Juju writes them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read {0:?} as a port (such as 5432/tcp, 8000-8100/udp or icmp)")]
pub struct PortError(String);

impl FromStr for Port {
    type Err = PortError;

    fn from_str(text: &str) -> Result<Self, PortError> {
        let wrong = || PortError(text.to_owned());
        if text == "icmp" {
            return Ok(Self::Icmp);
        }
        let (ports, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
        let protocol = match protocol {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            _ => return Err(wrong()),
        };
        let (from, to) = ports.split_once('-').unwrap_or((ports, ports));
        let from: u16 = from.parse().map_err(|_| wrong())?;
        let to: u16 = to.parse().map_err(|_| wrong())?;
        if from == 0 || to < from {
            return Err(wrong());
        }
        Ok(Self::Range { from, to, protocol })
    }
}

#[derive(Debug, Default)]
pub(super) struct Session {
    opened: Option<BTreeSet<Port>>,
    wanted: Option<BTreeSet<Port>>,
}

impl Session {
    pub(super) fn discard(&mut self) {
        self.wanted = None;
    }
}

impl Juju {
    /// The ports this unit has open, as Juju had them at the start of the hook.
    pub fn opened_ports(&self) -> Result<BTreeSet<Port>, ToolError> {
        if let Some(known) = &self.session().ports.opened {
            return Ok(known.clone());
        }
        let texts: Option<Vec<String>> = self.read("opened-ports", &[])?;
        let opened = texts
            .unwrap_or_default()
            .iter()
            .map(|text| text.parse())
            .collect::<Result<BTreeSet<Port>, PortError>>()
            .map_err(|e| ToolError::malformed("opened-ports", e.to_string()))?;
        self.session().ports.opened = Some(opened.clone());
        Ok(opened)
    }

    /// Has exactly these ports open when the hook ends: others are closed.
    pub fn set_ports(&self, ports: impl IntoIterator<Item = Port>) {
        self.session().ports.wanted = Some(ports.into_iter().collect());
    }

    pub(crate) fn flush_ports(&self) -> Result<(), ToolError> {
        let Some(wanted) = self.session().ports.wanted.take() else {
            return Ok(());
        };
        let opened = self.opened_ports()?;
        for port in opened.difference(&wanted) {
            self.call("close-port", &[&port.to_string()], None)?;
        }
        for port in wanted.difference(&opened) {
            self.call("open-port", &[&port.to_string()], None)?;
        }
        self.session().ports.opened = Some(wanted);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_read_as_they_are_written() {
        for text in ["5432/tcp", "53/udp", "8000-8100/tcp", "icmp"] {
            assert_eq!(text.parse::<Port>().unwrap().to_string(), text);
        }
        assert_eq!("5432".parse::<Port>().unwrap(), Port::tcp(5432));
        for text in ["", "0/tcp", "5-4/tcp", "5432/sctp", "70000/tcp", "icmp/1"] {
            assert!(text.parse::<Port>().is_err(), "{text:?}");
        }
    }
}
