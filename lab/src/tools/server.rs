//! Runs hook tools for the charms of one machine.

use super::context::{Context, ContextState};
use super::output::{Format, Output};
use super::parse::{self, Args, Flag};
use super::wire::{self, Answer, Call};
use super::{
    ToolError, action, config, juju_exec, leader, log, network, ports, relation, resource, secret,
    secret_grant, secret_info, secret_read, state, status, storage,
};
use crate::api::Failure;
use crate::daemon::Daemon;
use crate::machine::container;
use crate::model::Model;
use crate::model::faults::{AtCall, Strike};
use jiff::Timestamp;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

/// Answers calls on a machine's socket until the task is dropped.
pub async fn serve(daemon: Arc<Daemon>, slot: u32, listener: UnixListener) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let daemon = Arc::clone(&daemon);
                tokio::spawn(async move {
                    // The tool was killed before it got its answer: nobody is left to tell.
                    let _ = exchange(&daemon, slot, stream).await;
                });
            }
            Err(error) => {
                tracing::warn!("cannot accept a hook tool's connection: {error}");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
    }
}

async fn exchange(daemon: &Daemon, slot: u32, mut stream: UnixStream) -> std::io::Result<()> {
    let length = stream.read_u32().await?;
    if length > wire::LARGEST {
        return Err(std::io::ErrorKind::FileTooLarge.into());
    }
    let mut body = vec![0; length as usize];
    stream.read_exact(&mut body).await?;
    let call: Call = serde_json::from_slice(&body)?;
    let said = if call.tool == juju_exec::NAME {
        let done = juju_exec::run(daemon, slot, &call).await;
        done.unwrap_or_else(|error| refuse(&error))
    } else {
        run(daemon, slot, &call)
    };
    let mut answer = Vec::new();
    wire::send(&mut answer, &said)?;
    stream.write_all(&answer).await
}

/// Runs one call.
pub fn run(daemon: &Daemon, slot: u32, call: &Call) -> Answer {
    let Some(context) = daemon.contexts.get(&call.context) else {
        return refuse(&ToolError::runtime(format!(
            "unknown context id \"{}\"",
            call.context
        )));
    };
    // Calls of one hook are served one at a time.
    let mut state = context.state.lock().unwrap_or_else(PoisonError::into_inner);
    state.calls += 1;
    if strikes(daemon, &context, &mut state, &call.args) {
        return refuse(&ToolError::runtime("the agent is gone"));
    }
    let Some(tool) = find(&call.tool) else {
        return refuse(&ToolError::runtime(format!(
            "unknown command \"{}\"",
            call.tool
        )));
    };
    let args = match parse::parse(&call.args, tool.flags) {
        Ok(args) if args.help => {
            return Answer {
                code: 0,
                stdout: usage(&call.tool, tool),
                stderr: String::new(),
            };
        }
        Ok(args) => args,
        Err(error) => return refuse(&error),
    };
    let mut invocation = Invocation {
        daemon,
        context: &context,
        state: &mut state,
        stdin: call.stdin.as_deref(),
        directory: Path::new(&call.directory),
        machine: daemon.home.machine(slot),
        warnings: String::new(),
        now: Timestamp::now(),
    };
    let result = Format::of(&args, tool.format).and_then(|format| {
        let output = (tool.run)(&mut invocation, &args)?;
        let text = match output {
            Output::Nothing => String::new(),
            Output::Text(text) => text,
            Output::Value(value) => format.render(&value),
        };
        match args.get("output") {
            None => Ok(text),
            Some(file) => {
                let path = invocation.path(file);
                std::fs::write(&path, text).map_err(|error| {
                    ToolError::runtime(format!("cannot write {}: {error}", path.display()))
                })?;
                Ok(String::new())
            }
        }
    });
    match result {
        Ok(stdout) => Answer {
            code: 0,
            stdout,
            stderr: invocation.warnings,
        },
        Err(error) => refuse(&error),
    }
}

/// Kills the caller, or its agent, if a fault is armed for this call.
fn strikes(
    daemon: &Daemon,
    context: &Context,
    state: &mut ContextState,
    arguments: &[String],
) -> bool {
    let due = |at: &AtCall| match &at.saying {
        None => at.number == state.calls,
        Some(text) => {
            let says = arguments.iter().any(|it| it.contains(text));
            state.said += u32::from(says);
            says && at.number == state.said
        }
    };
    let armed = daemon.read(&context.model, |model| {
        let unit = model.units.get(&context.unit);
        Ok(unit
            .and_then(|unit| unit.faults.at_call.clone())
            .filter(due))
    });
    let Ok(Some(AtCall { strike, .. })) = armed else {
        return false;
    };
    let disarmed = daemon.update(&context.model, |model| {
        if let Some(unit) = model.units.get_mut(&context.unit) {
            unit.faults.at_call = None;
        }
        Ok::<_, Failure>(())
    });
    if let Err(failure) = disarmed {
        tracing::error!(unit = context.unit, "cannot disarm a fault: {failure}");
        return false;
    }
    match strike {
        Strike::Kill => daemon.agents.kill(&context.model_uuid, &context.unit),
        Strike::RestartAgent => daemon.agents.restart(&context.model_uuid, &context.unit),
    }
}

fn refuse(error: &ToolError) -> Answer {
    let (code, text) = match error {
        ToolError::Usage(text) => (2, text),
        ToolError::Runtime(text) => (1, text),
    };
    Answer {
        code,
        stdout: String::new(),
        stderr: format!("ERROR {text}\n"),
    }
}

/// What a running tool works with.
pub(super) struct Invocation<'a> {
    pub daemon: &'a Daemon,
    pub context: &'a Arc<Context>,
    pub state: &'a mut ContextState,
    pub stdin: Option<&'a [u8]>,
    pub directory: &'a Path,
    /// The directory of the machine that the charm runs on.
    machine: PathBuf,
    /// Lines for standard error that do not fail the tool.
    pub warnings: String,
    pub now: Timestamp,
}

impl Invocation<'_> {
    /// Reads the unit's model.
    pub(super) fn read<R>(
        &self,
        read: impl FnOnce(&Model) -> Result<R, ToolError>,
    ) -> Result<R, ToolError> {
        self.daemon
            .read(&self.context.model, |model| Ok(read(model)))?
    }

    /// Changes the unit's model at once, whatever becomes of the hook.
    pub(super) fn update<R>(
        &self,
        change: impl FnOnce(&mut Model) -> Result<R, ToolError>,
    ) -> Result<R, ToolError> {
        self.daemon.update(&self.context.model, change)
    }

    /// Tools that print nothing take `--format` from charms of long ago.
    pub(super) fn warn_of_format(&mut self, args: &parse::Args, tool: &str) {
        if args.get("format").is_some() {
            let warning = format!("--format flag deprecated for command \"{tool}\"\n");
            self.warnings.push_str(&warning);
        }
    }

    pub(super) fn is_leader(&self) -> Result<bool, ToolError> {
        self.read(|model| Ok(model.is_leader(&self.context.unit, self.now)))
    }

    /// A file named by the charm, relative to where it called the tool.
    pub(super) fn path(&self, file: &str) -> PathBuf {
        // Under the root of the machine's processes; an absolute path would replace it.
        let path = self.directory.join(file);
        match container::root(&self.machine) {
            Some(root) => root.join(path.strip_prefix("/").unwrap_or(&path)),
            None => path,
        }
    }
}

type Run = fn(&mut Invocation<'_>, &Args) -> Result<Output, ToolError>;

struct Tool {
    flags: &'static [Flag],
    format: Format,
    run: Run,
}

const READ: &[Flag] = &[parse::FORMAT, parse::OUTPUT];
const NONE: &[Flag] = &[];

fn find(name: &str) -> Option<&'static Tool> {
    TOOLS
        .iter()
        .find(|(tool, _)| *tool == name)
        .map(|(_, tool)| tool)
}

const fn tool(flags: &'static [Flag], run: Run) -> Tool {
    Tool {
        flags,
        format: Format::Smart,
        run,
    }
}

const fn yaml_tool(flags: &'static [Flag], run: Run) -> Tool {
    Tool {
        flags,
        format: Format::Yaml,
        run,
    }
}

static TOOLS: &[(&str, Tool)] = &[
    ("action-fail", tool(NONE, action::fail)),
    ("action-get", tool(READ, action::get)),
    ("action-log", tool(NONE, action::log)),
    ("action-set", tool(NONE, action::set)),
    ("application-version-set", tool(NONE, status::version_set)),
    ("close-port", tool(ports::SET_FLAGS, ports::close)),
    ("config-get", tool(config::FLAGS, config::get)),
    ("credential-get", yaml_tool(READ, resource::credential_get)),
    ("goal-state", yaml_tool(READ, leader::goal_state)),
    ("is-leader", tool(READ, leader::is_leader)),
    ("juju-log", tool(log::FLAGS, log::log)),
    ("juju-reboot", tool(log::REBOOT_FLAGS, log::reboot)),
    ("network-get", tool(network::FLAGS, network::get)),
    ("open-port", tool(ports::SET_FLAGS, ports::open)),
    ("opened-ports", tool(ports::LIST_FLAGS, ports::list)),
    ("relation-get", tool(relation::GET_FLAGS, relation::get)),
    ("relation-ids", tool(READ, relation::ids)),
    ("relation-list", tool(relation::LIST_FLAGS, relation::list)),
    (
        "relation-model-get",
        yaml_tool(relation::MODEL_FLAGS, relation::model_get),
    ),
    ("relation-set", tool(relation::SET_FLAGS, relation::set)),
    ("resource-get", tool(NONE, resource::get)),
    ("secret-add", tool(secret::ADD_FLAGS, secret::add)),
    (
        "secret-get",
        yaml_tool(secret_read::GET_FLAGS, secret_read::get),
    ),
    (
        "secret-grant",
        tool(secret_grant::GRANT_FLAGS, secret_grant::grant),
    ),
    ("secret-ids", yaml_tool(READ, secret_info::ids)),
    (
        "secret-info-get",
        yaml_tool(secret_info::INFO_FLAGS, secret_info::info),
    ),
    ("secret-remove", tool(secret::REMOVE_FLAGS, secret::remove)),
    (
        "secret-revoke",
        tool(secret_grant::REVOKE_FLAGS, secret_grant::revoke),
    ),
    ("secret-set", tool(secret::SET_FLAGS, secret::set)),
    ("state-delete", tool(NONE, state::delete)),
    ("state-get", tool(state::GET_FLAGS, state::get)),
    ("state-set", tool(state::SET_FLAGS, state::set)),
    ("status-get", tool(status::GET_FLAGS, status::get)),
    ("status-set", tool(status::SET_FLAGS, status::set)),
    ("storage-add", tool(NONE, storage::add)),
    ("storage-get", tool(storage::GET_FLAGS, storage::get)),
    ("storage-list", tool(READ, storage::list)),
    ("unit-get", tool(READ, network::unit_get)),
];

fn usage(name: &str, tool: &Tool) -> String {
    let mut flags = String::new();
    for flag in tool.flags {
        let _ = writeln!(flags, "    --{}", flag.long);
    }
    format!("Usage: {name} [options] [arguments]\n\nOptions:\n{flags}    --help\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_that_units_find_has_an_implementation() {
        let implemented: Vec<&str> = TOOLS.iter().map(|(name, _)| *name).collect();
        assert_eq!(implemented, super::super::NAMES);
    }
}
