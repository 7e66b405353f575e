//! The system roles.

use std::collections::BTreeSet;

use crate::adapters::host::clock::Deadline;
use crate::adapters::patroni::Role as Lead;
use crate::adapters::postgres::{Database, PostgresError, Role, RoleAttributes, verifier};
use crate::domain::observed::Packages;
use crate::domain::system_roles;
use crate::domain::words::{Secret, SystemUser};
use crate::error::StepError;
use crate::unit::{Unit, because, programs};

pub(super) fn make(unit: &Unit<'_>) -> Result<(), StepError> {
    let major = match programs::look(unit, None)? {
        Packages::Present { major, .. } | Packages::Missing { major, .. } => major,
    };
    let mut database = unit.database(Deadline::seconds(30)).map_err(because)?;
    make_in(&mut database, major).map_err(because)
}

/// Makes the roles and grants in a database; passwords are another step.
pub(super) fn make_in(database: &mut Database, major: u32) -> Result<(), PostgresError> {
    for user in SystemUser::ALL {
        let wanted = system_roles::wanted(user);
        database.ensure_role(&Role {
            name: user.name().into(),
            attributes: RoleAttributes {
                login: true,
                superuser: wanted.superuser,
                create_database: wanted.superuser,
                create_role: wanted.superuser,
                replication: wanted.replication,
                inherit: true,
            },
            verifier: None,
            member_of: wanted
                .member_of
                .iter()
                .map(|role| (*role).to_owned())
                .collect::<BTreeSet<_>>(),
        })?;
    }
    database.execute_all(&system_roles::grants(major))
}

pub(super) fn set_password(
    unit: &Unit<'_>,
    user: SystemUser,
    password: &Secret,
) -> Result<(), StepError> {
    primary(unit, "postgres", Deadline::seconds(30))?
        .set_role_password(user.name(), &verifier::new(password))
        .map_err(because)
}

/// A database of the primary: over the socket when it is this unit's.
pub(super) fn primary(
    unit: &Unit<'_>,
    database: &str,
    deadline: Deadline,
) -> Result<Database, StepError> {
    let members = super::cluster::patroni(unit)?
        .cluster(deadline)
        .map_err(because)?;
    let primary = members
        .into_iter()
        .find(|member| member.role == Lead::Leader)
        .ok_or_else(|| StepError::expected("the cluster has no primary now", ""))?;
    unit.session_with((&primary.name, &primary.host), database, deadline)
}
