//! `juju-lab fault`: does to a model what real clouds and controllers do to it.

use crate::api::{Fault, ModelInfo, Request};
use crate::client::Client;
use crate::home::Home;
use anyhow::bail;
use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub struct FaultCommand {
    /// The model; may be left out if there is only one
    #[arg(short, long, global = true)]
    model: Option<String>,
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Debug, Subcommand)]
enum Kind {
    /// Cut a machine's power: every process on it dies at once
    PowerOff { machine: String },
    /// Boot a machine that has no power
    PowerOn { machine: String },
    /// Let a machine hang: nothing on it runs or answers
    Freeze { machine: String },
    /// Let a hanging machine go on
    Thaw { machine: String },
    /// Take the leadership of an application from the unit that has it
    ExpireLeadership { application: String },
    /// Kill the hook or action that a unit runs
    KillHook { unit: String },
    /// Let the controller reject what a unit's next hook or action wrote
    RejectCommit { unit: String, message: String },
    /// Deliver a hook that a unit ran already once more
    RepeatHook { unit: String, hook: String },
}

/// Injects the fault through the running daemon.
pub fn main(home: &Home, command: &FaultCommand) -> anyhow::Result<()> {
    let mut client = Client::connect(home.path())?;
    let model = match &command.model {
        Some(model) => model.clone(),
        None => only_model(&mut client)?,
    };
    let fault = match &command.kind {
        Kind::PowerOff { machine } => Fault::PowerOff {
            model,
            machine: machine.clone(),
        },
        Kind::PowerOn { machine } => Fault::PowerOn {
            model,
            machine: machine.clone(),
        },
        Kind::Freeze { machine } => Fault::Freeze {
            model,
            machine: machine.clone(),
        },
        Kind::Thaw { machine } => Fault::Thaw {
            model,
            machine: machine.clone(),
        },
        Kind::ExpireLeadership { application } => Fault::ExpireLeadership {
            model,
            application: application.clone(),
        },
        Kind::KillHook { unit } => Fault::KillDispatch {
            model,
            unit: unit.clone(),
        },
        Kind::RejectCommit { unit, message } => Fault::RejectCommit {
            model,
            unit: unit.clone(),
            message: message.clone(),
        },
        Kind::RepeatHook { unit, hook } => Fault::RepeatHook {
            model,
            unit: unit.clone(),
            hook: hook.clone(),
        },
    };
    Ok(client.call::<()>(&Request::Fault(fault))?)
}

fn only_model(client: &mut Client) -> anyhow::Result<String> {
    let models: Vec<ModelInfo> = client.call(&Request::Models)?;
    match models.as_slice() {
        [model] => Ok(model.name.clone()),
        [] => bail!("there is no model\nhint: 'juju add-model NAME' makes one"),
        _ => bail!("there are several models\nhint: choose one with --model"),
    }
}
