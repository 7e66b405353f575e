//! Databases and users of related applications, in the database of the primary, wherever that is.
//!
//! What does not succeed for one application is remembered and shown, and does not keep others from what they ask for.

use std::time::Duration;

use super::roles::primary;
use crate::adapters::host::clock::Deadline;
use crate::adapters::postgres::{Database, verifier};
use crate::domain::clients::{ACCESS_GROUP, Account, DatabaseName};
use crate::domain::words::{Secret, SystemUser};
use crate::error::StepError;
use crate::unit::{Unit, because};

const POSTGRES: &str = "postgres";
/// To copy the template of a database, or to hand over all that is in one.
const WORK: Duration = Duration::from_mins(2);

fn session(unit: &Unit<'_>, database: &str) -> Result<Database, StepError> {
    primary(unit, database, Deadline::after(WORK))
}

pub(super) fn make_access_group(unit: &Unit<'_>) -> Result<(), StepError> {
    let mut postgres = session(unit, POSTGRES)?;
    postgres.ensure_group(ACCESS_GROUP).map_err(because)?;
    postgres.close_own_databases().map_err(because)
}

pub(super) fn make_database(
    unit: &mut Unit<'_>,
    user: &str,
    name: &DatabaseName,
) -> Result<(), StepError> {
    let made = session(unit, POSTGRES)
        .and_then(|mut postgres| database_of_its_own(unit, &mut postgres, name));
    or_remember(unit, user, made)
}

/// Makes a database that belongs to a role of its own. One that is there goes over to that role, with what is in it, and
/// last of all by its owner's name: whatever dies before is done again.
fn database_of_its_own(
    unit: &Unit<'_>,
    postgres: &mut Database,
    name: &DatabaseName,
) -> Result<(), StepError> {
    let owner = name.owner();
    postgres.ensure_group(&owner).map_err(because)?;
    let entries = postgres.database_entries().map_err(because)?;
    let found = entries.iter().find(|entry| entry.name == name.as_str());
    if found.is_none() {
        postgres
            .create_database(name.as_str(), &owner)
            .map_err(because)?;
    }
    postgres.close_database(name.as_str()).map_err(because)?;
    if found.is_some_and(|entry| entry.owner != owner) {
        session(unit, name.as_str())?
            .hand_over_contents(&owner)
            .map_err(because)?;
        postgres
            .set_database_owner(name.as_str(), &owner)
            .map_err(because)?;
    }
    Ok(())
}

pub(super) fn make_user(
    unit: &mut Unit<'_>,
    account: &Account,
    password: Option<&Secret>,
) -> Result<(), StepError> {
    let password = password.cloned().unwrap_or_else(super::juju::generate);
    let made = session(unit, POSTGRES).and_then(|mut postgres| {
        let verifier = verifier::new(&password);
        postgres.ensure_client(account, &verifier).map_err(because)
    });
    if made.is_ok()
        && let Some(client) = unit.view.clients.get_mut(&account.mark.relation)
    {
        client.password = Some(password);
    }
    or_remember(unit, &account.user, made)
}

pub(super) fn remove_user(unit: &mut Unit<'_>, user: &str) -> Result<(), StepError> {
    let number = user
        .strip_prefix("relation-")
        .and_then(|it| it.parse().ok());
    if let Some(relation) = number.filter(|relation| !unit.view.clients.contains_key(relation)) {
        crate::juju::clients::forget(unit.juju, relation).map_err(because)?;
    }
    let removed =
        session(unit, POSTGRES).and_then(|mut postgres| removed(unit, &mut postgres, user));
    or_remember(unit, user, removed)
}

pub(super) fn put_user_aside(unit: &mut Unit<'_>, user: &str) -> Result<(), StepError> {
    let aside = session(unit, POSTGRES).and_then(|mut postgres| {
        disowned(unit, &mut postgres, user)?;
        postgres.put_role_aside(user).map_err(because)
    });
    or_remember(unit, user, aside)
}

fn removed(unit: &Unit<'_>, postgres: &mut Database, user: &str) -> Result<(), StepError> {
    disowned(unit, postgres, user)?;
    postgres.drop_role(user).map_err(because)
}

/// What it has made goes to the roles that own the databases it is in, so that the next application there finds it.
fn disowned(unit: &Unit<'_>, postgres: &mut Database, user: &str) -> Result<(), StepError> {
    let operator = SystemUser::Operator.name();
    postgres.shut_out(user).map_err(because)?;
    let databases = postgres.databases_of_role(user).map_err(because)?;
    // Databases of its own go to whoever takes over first.
    postgres.disown(user, operator).map_err(because)?;
    for database in databases {
        let heir = heir(unit, postgres, &database)?;
        session(unit, &database)?
            .disown(user, &heir)
            .map_err(because)?;
    }
    Ok(())
}

/// Who takes over what a user has made in a database. A database that nobody but the operator owns becomes one of its own
/// by that.
fn heir(unit: &Unit<'_>, postgres: &mut Database, database: &str) -> Result<String, StepError> {
    let operator = SystemUser::Operator.name().to_owned();
    let Ok(name) = database.parse::<DatabaseName>() else {
        return Ok(operator);
    };
    let entries = postgres.database_entries().map_err(because)?;
    let owner = entries.into_iter().find(|entry| entry.name == database);
    match owner.map(|entry| entry.owner) {
        Some(owner) if owner == operator => {
            database_of_its_own(unit, postgres, &name)?;
            Ok(name.owner())
        }
        Some(owner) if owner == name.owner() => Ok(owner),
        _ => Ok(operator),
    }
}

fn or_remember(
    unit: &mut Unit<'_>,
    user: &str,
    done: Result<(), StepError>,
) -> Result<(), StepError> {
    done.map_err(|error| {
        unit.clients_failed
            .insert(user.to_owned(), error.problem().to_owned());
        error.remembered()
    })
}
