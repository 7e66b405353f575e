//! From the environment to the exit status: context, event, charm, flush.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Arc;

use tracing_subscriber::layer::SubscriberExt as _;

use crate::context::Context;
use crate::tools::{CommandLine, HookTools, JujuLog};
use crate::{Event, Juju};

/// Any error a charm may return.
pub type CharmError = Box<dyn Error + Send + Sync>;

/// Runs a charm as Juju's `dispatch`: the whole of `main`.
///
/// A hook that returns an error is logged with its causes and ends with status 1: Juju discards
/// its writes, shows the unit in error, and tries again. An action that returns an error fails
/// with it as its message, and its writes are discarded too.
///
/// ```no_run
/// use std::process::ExitCode;
///
/// use juju_charm::{Event, Juju, Status, ToolError};
///
/// fn main() -> ExitCode {
///     juju_charm::main(charm)
/// }
///
/// fn charm(event: &Event, juju: &Juju) -> Result<(), ToolError> {
///     tracing::info!("got {}", event.name());
///     juju.status_set(&Status::active(""))
/// }
/// ```
pub fn main<E: Into<CharmError>>(charm: impl FnOnce(&Event, &Juju) -> Result<(), E>) -> ExitCode {
    let context = match Context::from_env(|name| std::env::var(name).ok()) {
        Ok(context) => context,
        Err(error) => {
            eprintln!("ERROR {}", chain(&error));
            return ExitCode::FAILURE;
        }
    };
    let juju = Juju::new(context, Arc::new(CommandLine));
    // For all threads of the process. A charm that installed a log of its own keeps it.
    let _ = tracing::subscriber::set_global_default(log_of(&juju));
    exit_code(perform(&juju, charm))
}

/// The same over any hook tools, with a log for this thread only.
pub fn run<E: Into<CharmError>>(
    context: Context,
    tools: Arc<dyn HookTools>,
    charm: impl FnOnce(&Event, &Juju) -> Result<(), E>,
) -> ExitCode {
    let juju = Juju::new(context, tools);
    exit_code(tracing::subscriber::with_default(log_of(&juju), || {
        perform(&juju, charm)
    }))
}

/// A subscriber that writes to the session's log.
pub(crate) fn log_of(juju: &Juju) -> impl tracing::Subscriber + Send + Sync + use<> {
    tracing_subscriber::registry().with(JujuLog::new(Arc::clone(juju.log())))
}

fn exit_code(done: bool) -> ExitCode {
    if done {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Runs the charm in this session and sends what it wrote. Whether to exit with status 0.
pub(crate) fn perform<E: Into<CharmError>>(
    juju: &Juju,
    charm: impl FnOnce(&Event, &Juju) -> Result<(), E>,
) -> bool {
    let event = match Event::from_context(juju.context()) {
        Ok(event) => event,
        Err(error) => {
            eprintln!("ERROR {error}");
            return false;
        }
    };
    let outcome = catch_unwind(AssertUnwindSafe(|| charm(&event, juju).map_err(Into::into)))
        .unwrap_or_else(|panic| Err(format!("the charm panicked: {}", text_of(&*panic)).into()));
    let outcome = match outcome {
        Ok(()) => juju.flush().map_err(Into::into),
        Err(error) => Err(error),
    };
    let done = match outcome {
        Ok(()) => true,
        Err(error) => fail(&event, juju, error.as_ref()),
    };
    juju.log().flush();
    done
}

/// What to do about an error. Whether to exit with status 0 all the same.
fn fail(event: &Event, juju: &Juju, error: &(dyn Error + 'static)) -> bool {
    let text = chain(error);
    juju.discard();
    let Event::Action(action) = event else {
        tracing::error!("{} failed: {text}", event.name());
        return false;
    };
    tracing::error!("action {} failed: {text}", action.name);
    // Only a failed process takes back a secret that was added. It hides the message from the
    // operator, who then gets it as captured output.
    if juju.has_added_secrets() {
        eprintln!("{text}");
        return false;
    }
    juju.action_fail(&text);
    match juju.flush_action() {
        Ok(()) => true,
        Err(also) => {
            eprintln!("{text}\n{}", chain(&also));
            false
        }
    }
}

/// An error and its causes on one line.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
