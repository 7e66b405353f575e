//! `secret-grant`, `secret-revoke`.

use super::ToolError;
use super::context::SecretChange;
use super::output::Output;
use super::parse::{self, Args, Flag};
use super::relation::relation_flag;
use super::secret::{pending_owner, required_id};
use super::server::Invocation;
use crate::model::identity;

pub(super) const GRANT_FLAGS: &[Flag] = &[parse::RELATION, parse::value("unit")];
pub(super) const REVOKE_FLAGS: &[Flag] = &[
    parse::RELATION,
    Flag {
        long: "application",
        short: None,
        takes_value: true,
    },
    Flag {
        long: "app",
        short: None,
        takes_value: true,
    },
    parse::value("unit"),
];

/// The secret must be one this unit manages.
fn check_owned(invocation: &Invocation<'_>, id: &str) -> Result<(), ToolError> {
    if pending_owner(invocation, id).is_some() {
        return Ok(());
    }
    let leader = invocation.is_leader()?;
    let unit = &invocation.context.unit;
    invocation.read(|model| match model.secrets.get(id) {
        Some(secret) if secret.is_managed_by(unit, leader) => Ok(()),
        _ => Err(ToolError::runtime(format!("secret \"{id}\" not found"))),
    })
}

fn remote_application(invocation: &Invocation<'_>, relation: u64) -> Result<String, ToolError> {
    invocation.read(|model| {
        let relation = model.relations.get(&relation);
        let end =
            relation.and_then(|relation| relation.remote_end(&invocation.context.application));
        end.map(|end| end.application.clone())
            .ok_or_else(|| ToolError::runtime("relation not found"))
    })
}

pub(super) fn grant(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    args.at_most(1)?;
    let id = required_id(args)?;
    let hook = invocation.context.relation_hook().map(|hook| hook.relation);
    let Some(relation) = relation_flag(invocation, args)?.or(hook) else {
        return Err(ToolError::usage("no relation id specified"));
    };
    check_owned(invocation, &id)?;
    let application = remote_application(invocation, relation)?;
    let to = match args.get("unit") {
        None => application.clone(),
        Some(unit)
            if identity::application_of(unit) == application
                && identity::unit_number(unit).is_some() =>
        {
            unit.to_owned()
        }
        Some(unit) => {
            return Err(ToolError::runtime(format!(
                "unit \"{unit}\" is not in relation {relation}"
            )));
        }
    };
    let unit_grants = invocation.read(|model| {
        Ok(model.secrets.get(&id).is_some_and(|secret| {
            let of_unit =
                |to: &str| to != application && identity::application_of(to) == application;
            secret.grants.iter().any(|grant| of_unit(&grant.to))
        }))
    })?;
    if unit_grants && to == application {
        return Err(ToolError::runtime(
            "any unit level grants need to be revoked before granting access to the corresponding application",
        ));
    }
    invocation
        .state
        .buffer
        .secrets
        .push(SecretChange::Grant { id, to, relation });
    Ok(Output::Nothing)
}

pub(super) fn revoke(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    args.at_most(1)?;
    let id = required_id(args)?;
    let hook = invocation.context.relation_hook().map(|hook| hook.relation);
    let relation = relation_flag(invocation, args)?.or(hook);
    let application = args.get("app").or(args.get("application"));
    let unit = args.get("unit");
    let to = match (relation, application, unit) {
        (_, Some(_), Some(_)) => {
            return Err(ToolError::usage("specify only one of application or unit"));
        }
        (Some(_), Some(_), None) => {
            return Err(ToolError::usage("do not specify both relation and app"));
        }
        (None, None, None) => {
            return Err(ToolError::usage("missing relation or application or unit"));
        }
        (_, None, Some(unit)) => unit.to_owned(),
        (None, Some(application), None) => application.to_owned(),
        (Some(relation), None, None) => remote_application(invocation, relation)?,
    };
    invocation
        .state
        .buffer
        .secrets
        .push(SecretChange::Revoke { id, to });
    Ok(Output::Nothing)
}
