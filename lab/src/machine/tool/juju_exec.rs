//! `juju-exec`: a command in a hook context of a unit on this machine.

use super::{Stop, Tool};
use crate::agent::environment::agent_socket;
use crate::tools::client;
use std::io::{self, Write};

pub(super) fn run(tool: &Tool, args: &[String]) -> Result<u8, Stop> {
    let socket = agent_socket(tool.layout.root());
    let answer = client::juju_exec(&socket.to_string_lossy(), args)
        .map_err(|text| Stop::new(1, format!("ERROR {text}")))?;
    io::stderr().write_all(answer.stderr.as_bytes())?;
    io::stdout().write_all(answer.stdout.as_bytes())?;
    Ok(answer.code)
}
