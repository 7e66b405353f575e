//! `juju-log` and `juju-reboot`.

use super::ToolError;
use super::output::Output;
use super::parse::{self, Args, Flag};
use super::server::Invocation;
use crate::api::Level;
use crate::model::identity;
use std::fmt::Write as _;

pub(super) const FLAGS: &[Flag] = &[
    parse::switch("debug"),
    Flag {
        long: "log-level",
        short: Some('l'),
        takes_value: true,
    },
    parse::FORMAT,
];
pub(super) const REBOOT_FLAGS: &[Flag] = &[parse::switch("now")];

pub(super) fn log(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    if args.rest.is_empty() {
        return Err(ToolError::usage("no message specified"));
    }
    invocation.warn_of_format(args, "juju-log");
    let mut level = if args.has("debug") {
        Level::Debug
    } else {
        Level::Info
    };
    if let Some(word) = args.get("log-level") {
        level = word.parse().unwrap_or_else(|()| {
            let _ = writeln!(
                invocation.warnings,
                "WARNING unknown log level \"{word}\", using INFO"
            );
            Level::Info
        });
    }
    let context = invocation.context;
    let mut message = args.rest.join(" ");
    if let Some(hook) = context.relation_hook() {
        message = format!("{}:{}: {message}", hook.endpoint, hook.relation);
    }
    let module = format!("unit.{}.juju-log", context.unit);
    let entity = identity::unit_tag(&context.unit);
    invocation
        .daemon
        .logs
        .append(&context.model_uuid, &entity, level, &module, &message);
    Ok(Output::Nothing)
}

/// Requests a reboot. With `--now` the hook is killed, to be run again after the boot; nothing of it is kept.
pub(super) fn reboot(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    args.at_most(0)?;
    if invocation.context.task.is_some() {
        return Err(ToolError::runtime(
            "juju-reboot is not supported when running an action.",
        ));
    }
    invocation.state.reboot = true;
    if args.has("now") {
        invocation
            .daemon
            .agents
            .kill(&invocation.context.model_uuid, &invocation.context.unit);
    }
    Ok(Output::Nothing)
}
