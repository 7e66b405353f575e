//! The user of an application, as it should be in the database.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::request::ROLES;
use super::{ACCESS_GROUP, DatabaseName, Refusal, Request};

/// The user of an application, as it should be in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub user: String,
    /// For whom it is.
    pub mark: Mark,
    /// What it may do by itself.
    pub privileges: Privileges,
    /// The roles it is a member of.
    pub groups: BTreeSet<String>,
    /// Its database.
    pub database: DatabaseName,
    /// Whether it is in its database as the role that owns it, from the first statement on. A user with privileges is
    /// not: privileges of its own would be out of its reach.
    pub acts_as_owner: bool,
}

/// What a role may do by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Privileges {
    /// Everything.
    pub superuser: bool,
    /// Make databases.
    pub create_database: bool,
    /// Make roles.
    pub create_role: bool,
}

impl Privileges {
    fn and(self, other: Self) -> Self {
        Self {
            superuser: self.superuser || other.superuser,
            create_database: self.create_database || other.create_database,
            create_role: self.create_role || other.create_role,
        }
    }
}

/// For whom a role was made, as the role itself says it.
///
/// A database that was restored has roles of the cluster it is from, with the same names and for other applications.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The cluster whose relation it is.
    pub cluster: String,
    /// The number of the relation, which a model never gives twice.
    pub relation: u32,
}

impl Mark {
    /// What the comment on such a role begins with.
    pub const BEGINNING: &'static str = "user of a related application: ";

    /// The comment on the role.
    pub fn comment(&self) -> String {
        let json = serde_json::json!(self);
        format!("{}{json}", Self::BEGINNING)
    }

    /// What a comment says.
    pub fn read(comment: &str) -> Option<Self> {
        serde_json::from_str(comment.strip_prefix(Self::BEGINNING)?).ok()
    }
}

/// The name of a relation's user: the incumbent's.
pub fn user(relation: u32) -> String {
    format!("relation-{relation}")
}

/// Whether this is what a user is called once it was put aside, because it is another cluster's.
pub fn is_former(name: &str) -> bool {
    name.starts_with(FORMER)
}

/// What such a user is to be called, the `number`th time the name is tried.
pub fn former(name: &str, number: usize) -> String {
    let name = name.strip_prefix(FORMER).unwrap_or(name);
    match number {
        0 => format!("{FORMER}{name}"),
        again => format!("{FORMER}{name}-{}", again + 1),
    }
}

const FORMER: &str = "former-";

impl Account {
    /// The user for a request. `groups` are the roles that there are and nobody can log in as.
    ///
    /// # Errors
    ///
    /// When the request names a role that applications cannot have.
    pub fn of(
        request: &Request,
        cluster: &str,
        relation: u32,
        groups: &BTreeSet<String>,
    ) -> Result<Self, Refusal> {
        let mut account = Self {
            user: user(relation),
            mark: Mark {
                cluster: cluster.to_owned(),
                relation,
            },
            privileges: Privileges::default(),
            groups: BTreeSet::from([ACCESS_GROUP.to_owned(), request.database.owner()]),
            database: request.database.clone(),
            acts_as_owner: true,
        };
        for role in &request.roles {
            if let Some((_, privileges, in_groups)) = ROLES.iter().find(|(name, ..)| name == role) {
                account.privileges = account.privileges.and(*privileges);
                account
                    .groups
                    .extend(in_groups.iter().map(ToString::to_string));
            } else if groups.contains(role) && !DatabaseName::is_owner(role) {
                account.groups.insert(role.clone());
            } else {
                return Err(Refusal::Role(role.chars().take(60).collect()));
            }
        }
        account.acts_as_owner = account.privileges == Privileges::default();
        Ok(account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(roles: &[&str]) -> Result<Account, Refusal> {
        let request = Request {
            database: "shop".parse().unwrap(),
            roles: roles.iter().map(ToString::to_string).collect(),
            secrets: BTreeSet::new(),
        };
        let groups = ["readers", "charmed_books_owner", "pg_monitor"];
        let groups = groups.iter().map(ToString::to_string).collect();
        Account::of(&request, "uuid/postgresql", 7, &groups)
    }

    fn groups(roles: &[&str]) -> Vec<String> {
        account(roles).unwrap().groups.into_iter().collect()
    }

    #[test]
    fn a_user_may_connect_and_acts_as_the_owner_of_its_database() {
        let account = account(&[]).unwrap();
        assert_eq!(account.user, "relation-7");
        assert_eq!(account.privileges, Privileges::default());
        assert!(account.acts_as_owner);
        assert_eq!(groups(&[]), ["charmed_shop_owner", "relation_access"]);
    }

    #[test]
    fn privileges_are_its_own_and_groups_come_on_top() {
        let admin = account(&["admin", "createrole"]).unwrap();
        assert!(!admin.acts_as_owner);
        assert!(admin.privileges.create_database && admin.privileges.create_role);
        assert!(!admin.privileges.superuser);
        assert!(account(&["superuser"]).unwrap().privileges.superuser);
        assert_eq!(
            groups(&["charmed_dml", "readers"]),
            [
                "charmed_shop_owner",
                "pg_read_all_data",
                "pg_write_all_data",
                "readers",
                "relation_access"
            ]
        );
        assert!(account(&["charmed_dml"]).unwrap().acts_as_owner);
    }

    #[test]
    fn a_role_that_opens_anothers_database_or_somebodys_login_is_refused() {
        for role in [
            "charmed_books_owner",
            "operator",
            "relation-3",
            "nobody",
            "charmed_dba",
        ] {
            let refusal = account(&[role]).unwrap_err();
            assert_eq!(refusal, Refusal::Role(role.into()));
            assert!(refusal.hint().contains("createdb"), "{}", refusal.hint());
        }
    }

    #[test]
    fn a_former_user_keeps_its_name_behind_what_says_so() {
        assert_eq!(former("relation-7", 0), "former-relation-7");
        assert_eq!(former("relation-7", 1), "former-relation-7-2");
        assert!(is_former(&former("relation-7", 1)) && !is_former("relation-7"));
    }

    #[test]
    fn a_role_says_for_whom_it_is() {
        let mark = account(&[]).unwrap().mark;
        assert_eq!(
            mark.comment(),
            r#"user of a related application: {"cluster":"uuid/postgresql","relation":7}"#
        );
        assert_eq!(Mark::read(&mark.comment()), Some(mark));
        assert_eq!(Mark::read("the shop's"), None);
    }
}
