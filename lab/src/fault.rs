//! `juju-lab fault`: does to a model what real clouds and controllers do to it.

use crate::api::{Fault, ModelInfo, Request, SecretClock};
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

/// A MACHINE is a machine's number, or a unit on it.
#[derive(Debug, Clone, Subcommand)]
enum Kind {
    /// Cut a machine's power: every process on it dies at once
    PowerOff { machine: String },
    /// Boot a machine that has no power
    PowerOn { machine: String },
    /// Let a machine hang: nothing on it runs or answers
    Freeze { machine: String },
    /// Let a hanging machine go on
    Thaw { machine: String },
    /// Cut a machine off the network: it reaches nobody, and nobody it
    CutNetwork { machine: String },
    /// Let a machine back on the network
    HealNetwork { machine: String },
    /// Give a machine a disk of its own (such as 500M or 2G); the machine boots again
    LimitDisk { machine: String, size: String },
    /// Take up all room on a machine's own disk
    FillDisk { machine: String },
    /// Give the room back
    FreeDisk { machine: String },
    /// Move a machine's clock by so much from the computer's (such as 2h, -90s or 0)
    #[command(allow_negative_numbers = true)]
    SetClock {
        machine: String,
        #[arg(allow_hyphen_values = true)]
        offset: String,
    },
    /// Take the leadership of an application from the unit that has it
    ExpireLeadership { application: String },
    /// Take the leadership from a unit between the next is-leader and the commit
    LoseLeadership { unit: String },
    /// Kill the hook or action that a unit runs
    KillHook { unit: String },
    /// Kill the next hook or action of a unit at its n-th call of a hook tool
    KillAtCall {
        unit: String,
        call: u32,
        /// Count only calls with this text in an argument, such as a line of the log
        #[arg(long, value_name = "TEXT")]
        saying: Option<String>,
    },
    /// Let a unit's agent die and start again, now or at the n-th call of a hook tool
    RestartAgent {
        unit: String,
        #[arg(long, value_name = "N")]
        at_call: Option<u32>,
        /// Count only calls with this text in an argument
        #[arg(long, value_name = "TEXT", requires = "at_call")]
        saying: Option<String>,
    },
    /// Let the controller reject what a unit's next hook or action wrote
    RejectCommit { unit: String, message: String },
    /// Deliver a hook that a unit ran already once more
    RepeatHook { unit: String, hook: String },
    /// Deliver a unit's relation hooks in an order that follows from a seed; without a seed as usual
    OrderHooks { unit: String, seed: Option<u64> },
    /// Let news of relations reach a unit late: no hooks, old databags
    HoldBackNews {
        unit: String,
        #[arg(long, value_name = "SECONDS", default_value_t = 10)]
        r#for: u32,
    },
    /// Let secrets be readable later than their ids are known
    HoldBackSecrets {
        unit: String,
        #[arg(long, value_name = "SECONDS", default_value_t = 10)]
        r#for: u32,
    },
    /// Let the rotation of a charm's secret be due now, whatever its policy says; SECRET is an id or a label
    RotateSecret { secret: String },
    /// Let a charm's secret expire now
    ExpireSecret { secret: String },
    /// Take a unit with its machine away before any other unit sees it departed
    Vanish {
        unit: String,
        #[arg(long, value_name = "SECONDS", default_value_t = 10)]
        r#for: u32,
    },
    /// End every fault that lasts
    Heal,
}

/// Injects the fault through the running daemon.
pub fn main(home: &Home, command: &FaultCommand) -> anyhow::Result<()> {
    let mut client = Client::connect(home.path())?;
    let model = match &command.model {
        Some(model) => model.clone(),
        None => only_model(&mut client)?,
    };
    let fault = command.kind.clone().in_model(model)?;
    if let Some(instead) = client.call::<Option<String>>(&Request::Fault(fault))? {
        eprintln!("WARNING {instead}");
    }
    Ok(())
}

impl Kind {
    fn in_model(self, model: String) -> anyhow::Result<Fault> {
        Ok(match self {
            Self::PowerOff { machine } => Fault::PowerOff { model, machine },
            Self::PowerOn { machine } => Fault::PowerOn { model, machine },
            Self::Freeze { machine } => Fault::Freeze { model, machine },
            Self::Thaw { machine } => Fault::Thaw { model, machine },
            Self::CutNetwork { machine } => Fault::CutNetwork { model, machine },
            Self::HealNetwork { machine } => Fault::HealNetwork { model, machine },
            Self::LimitDisk { machine, size } => Fault::LimitDisk {
                model,
                machine,
                mebibytes: mebibytes(&size)?,
            },
            Self::FillDisk { machine } => Fault::FillDisk { model, machine },
            Self::FreeDisk { machine } => Fault::FreeDisk { model, machine },
            Self::SetClock { machine, offset } => Fault::SetClock {
                model,
                machine,
                seconds: seconds(&offset)?,
            },
            Self::ExpireLeadership { application } => {
                Fault::ExpireLeadership { model, application }
            }
            Self::LoseLeadership { unit } => Fault::LoseLeadership { model, unit },
            Self::KillHook { unit } => Fault::KillDispatch { model, unit },
            Self::KillAtCall { unit, call, saying } => Fault::KillAtCall {
                model,
                unit,
                call,
                saying,
            },
            Self::RestartAgent {
                unit,
                at_call,
                saying,
            } => Fault::RestartAgent {
                model,
                unit,
                call: at_call,
                saying,
            },
            Self::RejectCommit { unit, message } => Fault::RejectCommit {
                model,
                unit,
                message,
            },
            Self::RepeatHook { unit, hook } => Fault::RepeatHook { model, unit, hook },
            Self::OrderHooks { unit, seed } => Fault::OrderHooks { model, unit, seed },
            Self::HoldBackNews { unit, r#for } => Fault::HoldBackNews {
                model,
                unit,
                seconds: r#for,
            },
            Self::HoldBackSecrets { unit, r#for } => Fault::HoldBackSecrets {
                model,
                unit,
                seconds: r#for,
            },
            Self::RotateSecret { secret } => Fault::SecretDue {
                model,
                secret,
                what: SecretClock::Rotation,
            },
            Self::ExpireSecret { secret } => Fault::SecretDue {
                model,
                secret,
                what: SecretClock::Expiry,
            },
            Self::Vanish { unit, r#for } => Fault::Vanish {
                model,
                unit,
                seconds: r#for,
            },
            Self::Heal => Fault::Heal { model },
        })
    }
}

fn mebibytes(size: &str) -> anyhow::Result<u64> {
    match crate::model::storage::mebibytes(size) {
        Some(size) if size > 0 => Ok(size),
        _ => bail!("\"{size}\" is not a size\nhint: a number with M or G, for example 500M"),
    }
}

/// Seconds of a duration with an optional sign.
fn seconds(offset: &str) -> anyhow::Result<i64> {
    let (negative, length) = match offset.strip_prefix('-') {
        Some(length) => (true, length),
        None => (false, offset),
    };
    let length = crate::cli::duration(length)?;
    let seconds = i64::try_from(length.as_secs())?;
    Ok(if negative { -seconds } else { seconds })
}

/// The model, if there is only one.
pub(crate) fn only_model(client: &mut Client) -> anyhow::Result<String> {
    let models: Vec<ModelInfo> = client.call(&Request::Models)?;
    match models.as_slice() {
        [model] => Ok(model.name.clone()),
        [] => bail!("there is no model\nhint: 'juju add-model NAME' makes one"),
        _ => bail!("there are several models\nhint: choose one with --model"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_move_forwards_and_backwards() {
        assert_eq!(seconds("2h").unwrap(), 7200);
        assert_eq!(seconds("-90s").unwrap(), -90);
        assert_eq!(seconds("0").unwrap(), 0);
        assert!(seconds("soon").is_err());
    }

    #[test]
    fn a_disk_has_a_size() {
        assert_eq!(mebibytes("2G").unwrap(), 2048);
        assert_eq!(
            mebibytes("0").unwrap_err().to_string(),
            "\"0\" is not a size\nhint: a number with M or G, for example 500M"
        );
    }
}
