//! Related applications, and what of them is in the database.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::clients::{DatabaseName, Mark, Privileges, Refusal, Request};
use crate::domain::words::Secret;

/// A relation with an application, as the leader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// The application on the other side.
    pub application: String,
    /// What it asks for; none while it asks for nothing.
    pub request: Result<Option<Request>, Refusal>,
    /// The password it was given, or gets when this dispatch ends.
    pub password: Option<Secret>,
    /// Whether Juju has recorded an answer.
    pub answered: bool,
    /// What it has said, as JSON.
    pub said: String,
}

/// What the primary's database has for applications.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientsView {
    /// Users of applications, of this cluster and of whichever the database was restored from, by name.
    pub users: BTreeMap<String, ClientUser>,
    /// All databases.
    pub databases: BTreeMap<String, DatabaseFacts>,
    /// Roles that nobody can log in as.
    pub groups: BTreeSet<String>,
    /// Whether those who may connect to anything can connect to PostgreSQL's own databases.
    pub own_databases_open: bool,
}

/// The user of an application, as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientUser {
    /// For whom it was made, when it says so.
    pub mark: Option<Mark>,
    /// Whether it can log in.
    pub login: bool,
    /// Whether the password that its application was given opens it.
    pub password_matches: bool,
    /// What it may do by itself.
    pub privileges: Privileges,
    /// The roles it is a member of.
    pub groups: BTreeSet<String>,
    /// In which database it is which role from the first statement on.
    pub acts_as: BTreeMap<String, String>,
}

/// A database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseFacts {
    /// The role it belongs to.
    pub owner: String,
    /// Whether anybody who gets in can connect to it.
    pub open: bool,
}

impl ClientsView {
    /// Whether a database is there, belongs to its own role, and is closed to others.
    pub fn has(&self, database: &DatabaseName) -> bool {
        let facts = self.databases.get(database.as_str());
        facts.is_some_and(|facts| facts.owner == database.owner() && !facts.open)
    }
}
