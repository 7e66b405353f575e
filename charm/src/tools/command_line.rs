//! The hook tools as programs. The only place in this crate that starts a process.

use std::io::{ErrorKind, Write};
use std::process::{Command, Stdio};

use super::{HookTools, ToolError};

/// Runs the hook tools that Juju puts on the `PATH`.
#[derive(Debug, Clone, Copy, Default)]
pub struct CommandLine;

impl HookTools for CommandLine {
    fn run(&self, tool: &str, args: &[&str], stdin: Option<&[u8]>) -> Result<Vec<u8>, ToolError> {
        let mut child = Command::new(tool)
            .args(args)
            .stdin(if stdin.is_some() {
                Stdio::piped()
            } else {
                Stdio::null()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|source| ToolError::not_started(tool, source))?;

        let (written, output) = match (child.stdin.take(), stdin) {
            // A thread feeds the input: a tool that answers before it has read everything would
            // otherwise block us while we block it.
            (Some(mut pipe), Some(bytes)) => std::thread::scope(|scope| {
                let feed = scope.spawn(move || pipe.write_all(bytes));
                let output = child.wait_with_output();
                (feed.join().unwrap_or(Ok(())), output)
            }),
            _ => (Ok(()), child.wait_with_output()),
        };

        let output = output.map_err(|e| ToolError::io(tool, "cannot read its output", e))?;
        if !output.status.success() {
            let stderr = String::from_utf8_lossy(&output.stderr);
            return Err(ToolError::exited(tool, output.status.code(), &stderr));
        }
        match written {
            // It succeeded without reading all of it: the tool's own business.
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(ToolError::io(tool, "cannot write its input", error))
            }
            _ => Ok(output.stdout),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::ToolErrorKind;

    #[test]
    fn input_larger_than_a_pipe_reaches_the_tool_and_comes_back() {
        let input = vec![b'x'; 1 << 20];
        assert_eq!(CommandLine.run("cat", &[], Some(&input)).unwrap(), input);
    }

    #[test]
    fn a_failure_carries_the_status_and_the_message() {
        let error = CommandLine
            .run(
                "sh",
                &["-c", "echo ERROR permission denied >&2; exit 1"],
                None,
            )
            .unwrap_err();
        assert_eq!(error.kind(), ToolErrorKind::PermissionDenied);
        assert_eq!(error.exit(), Some(1));
        assert_eq!(error.message(), "permission denied");
    }

    #[test]
    fn a_missing_tool_is_not_started() {
        let error = CommandLine.run("no-such-hook-tool", &[], None).unwrap_err();
        assert_eq!(error.kind(), ToolErrorKind::NotStarted);
    }
}
