//! Roles and their password verifiers.

use std::collections::BTreeSet;

use tokio_postgres::Row;

use super::sql::identifier;
use super::verifier::is_verifier;
use super::{Database, PostgresError};
use crate::domain::words::Secret;

/// What a role may do by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "PostgreSQL has these attributes, each of them on or off"
)]
pub struct RoleAttributes {
    /// `LOGIN`.
    pub login: bool,
    /// `SUPERUSER`.
    pub superuser: bool,
    /// `CREATEDB`.
    pub create_database: bool,
    /// `CREATEROLE`.
    pub create_role: bool,
    /// `REPLICATION`.
    pub replication: bool,
    /// `INHERIT`.
    pub inherit: bool,
}

/// A role of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// What it may do.
    pub attributes: RoleAttributes,
    /// Its password verifier, if it has a password.
    pub verifier: Option<Secret>,
    /// The roles it is a member of.
    pub member_of: BTreeSet<String>,
}

/// Keeps a statement that carries a verifier out of the server's log, of `pg_stat_statements` and of pgaudit. A session
/// setting takes effect with the next message, so these go ahead of it.
const SILENTLY: &str = "SET LOCAL log_statement = 'none'; \
    SET LOCAL log_min_duration_statement = -1; \
    SET LOCAL log_min_error_statement = 'panic'; \
    SET LOCAL pg_stat_statements.track_utility = off; \
    SET LOCAL pgaudit.log = 'none'";

impl Database {
    /// All roles but PostgreSQL's own (`pg_…`), in one query, by name.
    pub fn roles(&mut self) -> Result<Vec<Role>, PostgresError> {
        const OPERATION: &str = "ask PostgreSQL for its roles";
        let rows = self.query(OPERATION, include_str!("sql/roles.sql"), &[])?;
        rows.iter()
            .map(|row| role(row).map_err(|_| unreadable(OPERATION)))
            .collect()
    }

    /// Gives the role a password by its verifier ([`verifier::new`]); the password itself never leaves us.
    ///
    /// [`verifier::new`]: super::verifier::new
    pub fn set_role_password(
        &mut self,
        role: &str,
        verifier: &Secret,
    ) -> Result<(), PostgresError> {
        const OPERATION: &str = "set the password of a role";
        let name = identifier(role).ok_or(not_a_name(OPERATION))?;
        self.in_transaction(OPERATION, |database| {
            database.set_verifier(OPERATION, &name, verifier)
        })
    }

    /// Creates the role or alters it to be like this. Without a verifier its password stays; groups it is in beyond
    /// those wanted stay, too: an administrator may have put it there.
    pub fn ensure_role(&mut self, role: &Role) -> Result<(), PostgresError> {
        const OPERATION: &str = "create or alter a role";
        self.in_transaction(OPERATION, |database| {
            database.create_or_alter(OPERATION, role)
        })
    }

    /// The same as a part of a transaction.
    pub(super) fn create_or_alter(
        &mut self,
        operation: &'static str,
        role: &Role,
    ) -> Result<(), PostgresError> {
        let name = identifier(&role.name).ok_or(not_a_name(operation))?;
        let sql = include_str!("sql/role_groups.sql");
        let rows = self.query(operation, sql, &[&role.name])?;
        let exists = !rows.is_empty();
        let groups: Vec<String> = match rows.first() {
            Some(row) => row.try_get(0).map_err(|_| unreadable(operation))?,
            None => Vec::new(),
        };
        let verb = if exists { "ALTER" } else { "CREATE" };
        let attributes = attributes(role.attributes);
        self.batch(operation, &format!("{verb} ROLE {name} WITH {attributes}"))?;
        for group in role
            .member_of
            .iter()
            .filter(|group| !groups.contains(group))
        {
            let group = identifier(group).ok_or(not_a_name(operation))?;
            self.batch(operation, &format!("GRANT {group} TO {name}"))?;
        }
        match &role.verifier {
            Some(verifier) => self.set_verifier(operation, &name, verifier),
            None => Ok(()),
        }
    }

    fn set_verifier(
        &mut self,
        operation: &'static str,
        name: &str,
        verifier: &Secret,
    ) -> Result<(), PostgresError> {
        // PostgreSQL would take anything else for a password in clear, and hash what was meant to be a hash.
        if !is_verifier(verifier) {
            let what = "what was given is no SCRAM-SHA-256 verifier";
            return Err(PostgresError::NotSent { operation, what });
        }
        self.batch(operation, SILENTLY)?;
        self.batch(
            operation,
            &format!("ALTER ROLE {name} PASSWORD '{}'", verifier.expose()),
        )
    }
}

fn role(row: &Row) -> Result<Role, tokio_postgres::Error> {
    Ok(Role {
        name: row.try_get("rolname")?,
        attributes: RoleAttributes {
            login: row.try_get("rolcanlogin")?,
            superuser: row.try_get("rolsuper")?,
            create_database: row.try_get("rolcreatedb")?,
            create_role: row.try_get("rolcreaterole")?,
            replication: row.try_get("rolreplication")?,
            inherit: row.try_get("rolinherit")?,
        },
        verifier: row
            .try_get::<_, Option<String>>("rolpassword")?
            .map(Secret::from),
        member_of: row
            .try_get::<_, Vec<String>>("groups")?
            .into_iter()
            .collect(),
    })
}

fn attributes(attributes: RoleAttributes) -> String {
    [
        (attributes.login, "LOGIN"),
        (attributes.superuser, "SUPERUSER"),
        (attributes.create_database, "CREATEDB"),
        (attributes.create_role, "CREATEROLE"),
        (attributes.replication, "REPLICATION"),
        (attributes.inherit, "INHERIT"),
    ]
    .map(|(on, word)| {
        if on {
            word.to_owned()
        } else {
            format!("NO{word}")
        }
    })
    .join(" ")
}

fn unreadable(operation: &'static str) -> PostgresError {
    PostgresError::Unreadable {
        operation,
        what: "a role",
    }
}

fn not_a_name(operation: &'static str) -> PostgresError {
    PostgresError::NotSent {
        operation,
        what: "an empty text or one with a zero byte is no name",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_attribute_is_stated_whether_it_is_on_or_off() {
        let login = RoleAttributes {
            login: true,
            inherit: true,
            ..RoleAttributes::default()
        };
        assert_eq!(
            attributes(login),
            "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION INHERIT"
        );
    }
}
