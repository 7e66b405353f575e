//! The hook tool as a program. It runs many times per hook, so it does as little as possible: no argument parsing, no
//! asynchronous runtime, one exchange over a blocking socket.

use super::wire::{self, Answer, Call};
use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::process::ExitCode;

/// Runs `tool` with what the environment says about the hook.
pub fn main(tool: &str, args: impl Iterator<Item = OsString>) -> ExitCode {
    let args: Vec<String> = args.map(|arg| arg.to_string_lossy().into_owned()).collect();
    match call(tool, args) {
        Ok(answer) => {
            // A reader that closed its end got what it wanted.
            let _ = std::io::stderr().write_all(answer.stderr.as_bytes());
            let _ = std::io::stdout().write_all(answer.stdout.as_bytes());
            ExitCode::from(answer.code)
        }
        Err(text) => {
            eprintln!("ERROR {text}");
            ExitCode::FAILURE
        }
    }
}

/// Runs `juju-exec` on the machine whose hook tools ask at `address`.
pub fn juju_exec(address: &str, args: &[String]) -> Result<Answer, String> {
    let call = Call {
        context: String::new(),
        tool: super::juju_exec::NAME.to_owned(),
        args: args.to_vec(),
        directory: "/".to_owned(),
        stdin: None,
    };
    exchange(address, &call)
}

fn exchange(address: &str, call: &Call) -> Result<Answer, String> {
    let failed =
        |error: std::io::Error| format!("cannot talk to the unit agent at {address}: {error}");
    let mut stream = connect(address).map_err(failed)?;
    wire::send(&mut stream, call).map_err(failed)?;
    wire::receive(&mut stream).map_err(failed)
}

fn call(tool: &str, args: Vec<String>) -> Result<Answer, String> {
    let context = variable("JUJU_CONTEXT_ID")?;
    let address = variable("JUJU_AGENT_SOCKET_ADDRESS")?;
    let directory = std::env::current_dir()
        .map_err(|error| format!("cannot get current directory: {error}"))?;
    let stdin = if wants_stdin(&args) {
        let mut bytes = Vec::new();
        std::io::stdin()
            .read_to_end(&mut bytes)
            .map_err(|error| format!("cannot read standard input: {error}"))?;
        Some(bytes)
    } else {
        None
    };
    let call = Call {
        context,
        tool: tool.to_owned(),
        args,
        directory: directory.to_string_lossy().into_owned(),
        stdin,
    };
    exchange(&address, &call)
}

fn variable(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|_| format!("{name} not set"))
}

fn connect(address: &str) -> std::io::Result<UnixStream> {
    match address.strip_prefix('@') {
        Some(name) => UnixStream::connect_addr(&SocketAddr::from_abstract_name(name)?),
        None => UnixStream::connect(address),
    }
}

/// True for `--file -` in either spelling; no other argument of a tool reads standard input.
fn wants_stdin(args: &[String]) -> bool {
    let mut args = args.iter().take_while(|arg| *arg != "--");
    while let Some(arg) = args.next() {
        if arg == "--file=-" || (arg == "--file" && args.next().is_some_and(|value| value == "-")) {
            return true;
        }
    }
    false
}
