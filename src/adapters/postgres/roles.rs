//! Roles and their password verifiers.

use std::collections::BTreeSet;

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

impl Database {
    /// All roles but PostgreSQL's own (`pg_…`), in one query, by name.
    pub fn roles(&mut self) -> Result<Vec<Role>, PostgresError> {
        unimplemented!()
    }

    /// Gives the role a password by its verifier (`verifier::new`); the password itself never leaves us.
    pub fn set_role_password(
        &mut self,
        role: &str,
        verifier: &Secret,
    ) -> Result<(), PostgresError> {
        let _ = (role, verifier);
        unimplemented!()
    }

    /// Creates the role or alters it to be like this; a verifier of `None` leaves its password alone.
    pub fn ensure_role(&mut self, role: &Role) -> Result<(), PostgresError> {
        let _ = role;
        unimplemented!()
    }
}
