//! Databases and users of related applications.

use std::collections::{BTreeMap, BTreeSet};

use tokio_postgres::Row;

use super::sql::identifier;
use super::{Database, PostgresError, Role, RoleAttributes};
use crate::domain::clients::{ACCESS_GROUP, Account, Mark, Privileges, former};
use crate::domain::words::Secret;

/// A user of an application, as the server knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientRole {
    /// Its name.
    pub name: String,
    /// For whom it was made, when it says so.
    pub mark: Option<Mark>,
    /// Whether it can log in.
    pub login: bool,
    /// What it may do by itself.
    pub privileges: Privileges,
    /// Its password verifier, if it has a password.
    pub verifier: Option<Secret>,
    /// The roles it is a member of.
    pub groups: BTreeSet<String>,
    /// In which database it is which role from the first statement on.
    pub acts_as: BTreeMap<String, String>,
}

/// A database of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseEntry {
    /// Its name.
    pub name: String,
    /// The role it belongs to.
    pub owner: String,
    /// Whether everybody may connect to it.
    pub open: bool,
}

impl Database {
    /// The users of applications: those called like one, and those that say that they are.
    pub fn client_roles(&mut self) -> Result<Vec<ClientRole>, PostgresError> {
        const OPERATION: &str = "ask PostgreSQL for the users of applications";
        let sql = include_str!("sql/client_users.sql");
        let rows = self.query(OPERATION, sql, &[&Mark::BEGINNING])?;
        let unreadable = |_| PostgresError::Unreadable {
            operation: OPERATION,
            what: "a role",
        };
        rows.iter()
            .map(|row| client(row).map_err(unreadable))
            .collect()
    }

    /// The roles that nobody can log in as.
    pub fn groups(&mut self) -> Result<BTreeSet<String>, PostgresError> {
        const OPERATION: &str = "ask PostgreSQL for its groups";
        const SQL: &str = "SELECT rolname::text FROM pg_catalog.pg_roles WHERE NOT rolcanlogin";
        let rows = self.query(OPERATION, SQL, &[])?;
        rows.iter().map(|row| first(OPERATION, row)).collect()
    }

    /// All databases, with their owners.
    pub fn database_entries(&mut self) -> Result<Vec<DatabaseEntry>, PostgresError> {
        const OPERATION: &str = "ask PostgreSQL whose its databases are";
        let rows = self.query(OPERATION, include_str!("sql/database_facts.sql"), &[])?;
        let entry = |row: &Row| {
            Ok(DatabaseEntry {
                name: row.try_get(0)?,
                owner: row.try_get(1)?,
                open: row.try_get(2)?,
            })
        };
        let unreadable = |_: tokio_postgres::Error| PostgresError::Unreadable {
            operation: OPERATION,
            what: "a database",
        };
        rows.iter()
            .map(|row| entry(row).map_err(unreadable))
            .collect()
    }

    /// Makes a role that nobody logs in as, unless it is there.
    pub fn ensure_group(&mut self, name: &str) -> Result<(), PostgresError> {
        if self.groups()?.contains(name) {
            return Ok(());
        }
        self.ensure_role(&Role {
            name: name.to_owned(),
            attributes: RoleAttributes {
                inherit: true,
                ..RoleAttributes::default()
            },
            verifier: None,
            member_of: BTreeSet::new(),
        })
    }

    /// Takes from everybody the right to connect to PostgreSQL's own databases; the system roles keep it.
    pub fn close_own_databases(&mut self) -> Result<(), PostgresError> {
        self.batch(
            "close PostgreSQL's own databases",
            include_str!("sql/close_own_databases.sql"),
        )
    }

    /// Makes a database that belongs to a role.
    pub fn create_database(&mut self, name: &str, owner: &str) -> Result<(), PostgresError> {
        const OPERATION: &str = "create a database";
        let (name, owner) = (quoted(OPERATION, name)?, quoted(OPERATION, owner)?);
        self.batch(OPERATION, &format!("CREATE DATABASE {name} OWNER {owner}"))
    }

    /// Gives everything of ours in this session's database to a role, but for what belongs to extensions.
    pub fn hand_over_contents(&mut self, heir: &str) -> Result<(), PostgresError> {
        const OPERATION: &str = "hand over what is in a database";
        const SETTINGS: &str = "SELECT pg_catalog.set_config('search_path', 'pg_catalog', true), \
            pg_catalog.set_config('postgresql_charm.heir', $1, true)";
        self.in_transaction(OPERATION, |database| {
            database.query(OPERATION, SETTINGS, &[&heir])?;
            database.batch(OPERATION, include_str!("sql/hand_over.sql"))
        })
    }

    /// Gives a database to a role.
    pub fn set_database_owner(&mut self, name: &str, owner: &str) -> Result<(), PostgresError> {
        const OPERATION: &str = "hand over a database";
        let (name, owner) = (quoted(OPERATION, name)?, quoted(OPERATION, owner)?);
        self.batch(
            OPERATION,
            &format!("ALTER DATABASE {name} OWNER TO {owner}"),
        )
    }

    /// Takes from everybody the right to connect to a database; its owner keeps it.
    pub fn close_database(&mut self, name: &str) -> Result<(), PostgresError> {
        const OPERATION: &str = "close a database";
        let name = quoted(OPERATION, name)?;
        self.batch(
            OPERATION,
            &format!("REVOKE ALL ON DATABASE {name} FROM PUBLIC"),
        )
    }

    /// Makes the user of an application what it should be, all of it or nothing.
    pub fn ensure_client(
        &mut self,
        account: &Account,
        verifier: &Secret,
    ) -> Result<(), PostgresError> {
        const OPERATION: &str = "make the user of an application";
        let role = Role {
            name: account.user.clone(),
            attributes: RoleAttributes {
                login: true,
                superuser: account.privileges.superuser,
                create_database: account.privileges.create_database,
                create_role: account.privileges.create_role,
                replication: false,
                inherit: true,
            },
            verifier: Some(verifier.clone()),
            member_of: account.groups.clone(),
        };
        let user = quoted(OPERATION, &account.user)?;
        let owner = quoted(OPERATION, &account.database.owner())?;
        let database = quoted(OPERATION, account.database.as_str())?;
        let comment = account
            .mark
            .comment()
            .replace('\\', r"\\")
            .replace('\'', r"\'");
        let acts_as = if account.acts_as_owner {
            format!("ALTER ROLE {user} IN DATABASE {database} SET role = {owner}")
        } else {
            format!("ALTER ROLE {user} IN DATABASE {database} RESET role")
        };
        self.in_transaction(OPERATION, |session| {
            session.create_or_alter(OPERATION, &role)?;
            session.batch(
                OPERATION,
                &format!("COMMENT ON ROLE {user} IS E'{comment}'"),
            )?;
            session.batch(OPERATION, &acts_as)
        })
    }

    /// Lets a role in no more, and ends its sessions on this server.
    pub fn shut_out(&mut self, role: &str) -> Result<(), PostgresError> {
        const OPERATION: &str = "shut out a user";
        const SQL: &str = "SELECT pg_catalog.pg_terminate_backend(pid) \
            FROM pg_catalog.pg_stat_activity WHERE usename = $1";
        let name = quoted(OPERATION, role)?;
        self.batch(OPERATION, &format!("ALTER ROLE {name} NOLOGIN"))?;
        self.query(OPERATION, SQL, &[&role]).map(|_| ())
    }

    /// The databases in which something belongs to a role, or is granted to it.
    pub fn databases_of_role(&mut self, role: &str) -> Result<Vec<String>, PostgresError> {
        const OPERATION: &str = "ask PostgreSQL where a role owns anything";
        let rows = self.query(
            OPERATION,
            include_str!("sql/databases_of_role.sql"),
            &[&role],
        )?;
        rows.iter().map(|row| first(OPERATION, row)).collect()
    }

    /// Gives everything of a role in this session's database, and databases of its own, to another role, and takes back
    /// what was granted to it.
    pub fn disown(&mut self, role: &str, heir: &str) -> Result<(), PostgresError> {
        const OPERATION: &str = "hand over what belongs to a user";
        let (role, heir) = (quoted(OPERATION, role)?, quoted(OPERATION, heir)?);
        self.in_transaction(OPERATION, |session| {
            session.batch(OPERATION, &format!("REASSIGN OWNED BY {role} TO {heir}"))?;
            session.batch(OPERATION, &format!("DROP OWNED BY {role}"))
        })
    }

    /// Calls a role by another name, which says that it is a former user, and takes its right to connect.
    pub fn put_role_aside(&mut self, role: &str) -> Result<(), PostgresError> {
        const OPERATION: &str = "put a user aside";
        const NAMES: &str = "SELECT rolname::text FROM pg_catalog.pg_roles";
        let rows = self.query(OPERATION, NAMES, &[])?;
        let taken = rows.iter().map(|row| first(OPERATION, row));
        let taken: BTreeSet<String> = taken.collect::<Result<_, _>>()?;
        let names = (0..).map(|number| former(role, number));
        let name = names
            .take_while(|name| name != role)
            .find(|name| !taken.contains(name));
        let (quoted_role, group) = (quoted(OPERATION, role)?, quoted(OPERATION, ACCESS_GROUP)?);
        self.in_transaction(OPERATION, |session| {
            if taken.contains(ACCESS_GROUP) {
                session.batch(OPERATION, &format!("REVOKE {group} FROM {quoted_role}"))?;
            }
            let Some(name) = name else { return Ok(()) };
            let name = quoted(OPERATION, &name)?;
            session.batch(
                OPERATION,
                &format!("ALTER ROLE {quoted_role} RENAME TO {name}"),
            )
        })
    }

    /// Removes a role that owns nothing any more.
    pub fn drop_role(&mut self, role: &str) -> Result<(), PostgresError> {
        const OPERATION: &str = "remove a user";
        let role = quoted(OPERATION, role)?;
        self.batch(OPERATION, &format!("DROP ROLE {role}"))
    }
}

fn client(row: &Row) -> Result<ClientRole, tokio_postgres::Error> {
    let comment: Option<String> = row.try_get("comment")?;
    let acts_as: Option<String> = row.try_get("acts_as")?;
    Ok(ClientRole {
        name: row.try_get("rolname")?,
        mark: comment.and_then(|comment| Mark::read(&comment)),
        login: row.try_get("rolcanlogin")?,
        privileges: Privileges {
            superuser: row.try_get("rolsuper")?,
            create_database: row.try_get("rolcreatedb")?,
            create_role: row.try_get("rolcreaterole")?,
        },
        verifier: row
            .try_get::<_, Option<String>>("rolpassword")?
            .map(Secret::from),
        groups: row
            .try_get::<_, Vec<String>>("groups")?
            .into_iter()
            .collect(),
        acts_as: acts_as
            .and_then(|json| serde_json::from_str(&json).ok())
            .unwrap_or_default(),
    })
}

fn first(operation: &'static str, row: &Row) -> Result<String, PostgresError> {
    row.try_get(0).map_err(|_| PostgresError::Unreadable {
        operation,
        what: "a name",
    })
}

fn quoted(operation: &'static str, name: &str) -> Result<String, PostgresError> {
    identifier(name).ok_or(PostgresError::NotSent {
        operation,
        what: "an empty text or one with a zero byte is no name",
    })
}
