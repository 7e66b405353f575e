//! `juju-exec`: what programs outside of any hook call to run a command in a hook context of a unit on their machine.
//! Charms' own watchers dispatch events with it.

use super::ToolError;
use super::wire::{Answer, Call};
use crate::controller::commands;
use crate::daemon::Daemon;

/// Under this name it lies in a machine's `usr/bin`, and asks on the machine's socket.
pub const NAME: &str = "juju-exec";

/// Runs one call that came from the machine in this slot.
pub(super) async fn run(daemon: &Daemon, slot: u32, call: &Call) -> Result<Answer, ToolError> {
    let (unit, command) = arguments(&call.args)?;
    let results = commands::run(daemon, slot, unit, command).await?;
    let code = results.return_code.unwrap_or(1);
    Ok(Answer {
        code: u8::try_from(code).unwrap_or(1),
        stdout: results.stdout,
        stderr: results.stderr,
    })
}

/// The unit and the command.
fn arguments(args: &[String]) -> Result<(&str, &str), ToolError> {
    let mut unit = None;
    let mut commands = Vec::new();
    let mut rest = args.iter().map(String::as_str);
    while let Some(arg) = rest.next() {
        match arg {
            "-u" | "--unit" => {
                let missing = || ToolError::usage(format!("option needs an argument: {arg}"));
                unit = Some(rest.next().ok_or_else(missing)?);
            }
            "--" => commands.extend(rest.by_ref()),
            _ => match arg.strip_prefix("--unit=") {
                Some(value) => unit = Some(value),
                None if arg.starts_with('-') && commands.is_empty() => {
                    return Err(ToolError::usage(format!(
                        "option provided but not defined: {arg}"
                    )));
                }
                None => commands.push(arg),
            },
        }
    }
    let unit = unit.ok_or_else(|| ToolError::usage("missing unit-name"))?;
    match commands[..] {
        [] => Err(ToolError::usage("missing commands")),
        [command] => Ok((unit, command)),
        [_, ref extra @ ..] => Err(ToolError::usage(format!(
            "unrecognized args: [{}]",
            extra
                .iter()
                .map(|arg| format!("\"{arg}\""))
                .collect::<Vec<_>>()
                .join(" ")
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &[&str]) -> Result<(String, String), ToolError> {
        let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        arguments(&args).map(|(unit, command)| (unit.to_owned(), command.to_owned()))
    }

    #[test]
    fn the_command_is_one_argument() {
        let expected = Ok(("pg/0".to_owned(), "A=b dispatch".to_owned()));
        assert_eq!(parsed(&["-u", "pg/0", "A=b dispatch"]), expected);
        assert_eq!(parsed(&["--unit=pg/0", "--", "A=b dispatch"]), expected);
        assert_eq!(
            parsed(&["-u", "pg/0", "echo", "hi"]),
            Err(ToolError::usage("unrecognized args: [\"hi\"]"))
        );
        assert_eq!(
            parsed(&["-u", "pg/0"]),
            Err(ToolError::usage("missing commands"))
        );
        assert_eq!(
            parsed(&["true"]),
            Err(ToolError::usage("missing unit-name"))
        );
    }
}
