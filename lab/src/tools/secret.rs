//! `secret-add`, `secret-set`, `secret-remove`.

use super::ToolError;
use super::context::SecretChange;
use super::output::Output;
use super::parse::{self, Args, Flag};
use super::secret_content;
use super::server::Invocation;
use crate::model::identity;
use crate::model::secret::{Owner, Secret};

const LABEL: Flag = parse::value("label");
const DESCRIPTION: Flag = parse::value("description");
const OWNER: Flag = parse::value("owner");
const ROTATE: Flag = parse::value("rotate");
const EXPIRE: Flag = parse::value("expire");

pub(super) const ADD_FLAGS: &[Flag] = &[LABEL, DESCRIPTION, OWNER, ROTATE, EXPIRE, parse::FILE];
pub(super) const SET_FLAGS: &[Flag] = ADD_FLAGS;
pub(super) const REMOVE_FLAGS: &[Flag] = &[parse::value("revision")];

const NOT_LEADER: &str = "this unit is not the leader";

/// Bare id of a secret argument.
pub(super) fn secret_id(text: &str) -> Result<String, ToolError> {
    identity::parse_secret_uri(text)
        .map(str::to_owned)
        .ok_or_else(|| ToolError::usage(format!("secret URI \"{text}\" not valid")))
}

pub(super) fn required_id(args: &Args) -> Result<String, ToolError> {
    secret_id(
        args.rest
            .first()
            .ok_or_else(|| ToolError::usage("missing secret URI"))?,
    )
}

/// Owner of a secret that this hook creates.
pub(super) fn pending_owner(invocation: &Invocation<'_>, id: &str) -> Option<Owner> {
    invocation
        .state
        .buffer
        .secrets
        .iter()
        .find_map(|change| match change {
            SecretChange::Create {
                id: created, owner, ..
            } if created == id => Some(owner.clone()),
            _ => None,
        })
}

pub(super) fn add(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    let context = invocation.context;
    let owner = match args.get("owner") {
        None | Some("application") => Owner::Application(context.application.clone()),
        Some("unit") => Owner::Unit(context.unit.clone()),
        Some(other) => {
            return Err(ToolError::usage(format!(
                "secret owner \"{other}\" not valid"
            )));
        }
    };
    let update = secret_content::update(invocation, args, &args.rest)?;
    if update.content.is_none() {
        return Err(ToolError::usage("missing secret value or filename"));
    }
    if matches!(owner, Owner::Application(_)) && !invocation.is_leader()? {
        return Err(ToolError::runtime(NOT_LEADER));
    }
    let id = identity::secret_id(invocation.now);
    invocation.state.buffer.secrets.push(SecretChange::Create {
        id: id.clone(),
        owner,
        update,
    });
    Ok(Output::Text(format!("secret:{id}\n")))
}

/// Refuses a secret of the own application unless this unit leads. Secrets of others are accepted here and fail when
/// the hook commits, as with Juju.
fn check_management(invocation: &Invocation<'_>, id: &str) -> Result<(), ToolError> {
    let leader = invocation.is_leader()?;
    let unit = &invocation.context.unit;
    invocation.read(|model| {
        let owned_elsewhere =
            |secret: &Secret| secret.is_owned_by(unit) && !secret.is_managed_by(unit, leader);
        if model.secrets.get(id).is_some_and(owned_elsewhere) {
            return Err(ToolError::runtime(NOT_LEADER));
        }
        Ok(())
    })
}

pub(super) fn set(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    let id = required_id(args)?;
    let update = secret_content::update(invocation, args, &args.rest[1..])?;
    check_management(invocation, &id)?;
    // Several calls in one hook make one revision.
    for change in &mut invocation.state.buffer.secrets {
        match change {
            SecretChange::Create {
                id: known,
                update: earlier,
                ..
            }
            | SecretChange::Update {
                id: known,
                update: earlier,
            } if *known == id => {
                earlier.label = update.label.or(earlier.label.take());
                earlier.description = update.description.or(earlier.description.take());
                earlier.rotate = update.rotate.or(earlier.rotate);
                earlier.expires = update.expires.or(earlier.expires);
                earlier.content = update.content.or(earlier.content.take());
                return Ok(Output::Nothing);
            }
            _ => {}
        }
    }
    invocation
        .state
        .buffer
        .secrets
        .push(SecretChange::Update { id, update });
    Ok(Output::Nothing)
}

pub(super) fn remove(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    args.at_most(1)?;
    let id = required_id(args)?;
    let revision = args
        .get("revision")
        .map(|text| {
            text.parse::<u64>()
                .ok()
                .filter(|number| *number > 0)
                .ok_or_else(|| {
                    ToolError::usage(format!(
                        "invalid value \"{text}\" for option --revision: not a revision"
                    ))
                })
        })
        .transpose()?;
    check_management(invocation, &id)?;
    invocation
        .state
        .buffer
        .secrets
        .push(SecretChange::Remove { id, revision });
    Ok(Output::Nothing)
}
