//! What an application asks for.

use std::collections::{BTreeMap, BTreeSet};

use super::{ACCESS_GROUP, DatabaseName, Privileges, Refusal};

const NOTHING: Privileges = Privileges {
    superuser: false,
    create_database: false,
    create_role: false,
};

/// What `extra-user-roles` can name besides roles that there are: privileges, and groups of PostgreSQL's own. Names and
/// meanings are the incumbent's.
pub(super) const ROLES: [(&str, Privileges, &[&str]); 8] = [
    (
        "createdb",
        Privileges {
            create_database: true,
            ..NOTHING
        },
        &[],
    ),
    (
        "createrole",
        Privileges {
            create_role: true,
            ..NOTHING
        },
        &[],
    ),
    (
        "superuser",
        Privileges {
            superuser: true,
            ..NOTHING
        },
        &[],
    ),
    (
        "admin",
        Privileges {
            create_database: true,
            ..NOTHING
        },
        &["pg_read_all_data", "pg_write_all_data"],
    ),
    (
        "charmed_admin",
        NOTHING,
        &["pg_read_all_data", "pg_write_all_data"],
    ),
    (
        "charmed_dml",
        NOTHING,
        &["pg_read_all_data", "pg_write_all_data"],
    ),
    ("charmed_read", NOTHING, &["pg_read_all_data"]),
    ("charmed_stats", NOTHING, &["pg_monitor"]),
];

/// What an application asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its database.
    pub database: DatabaseName,
    /// The roles its user shall have, in lower case.
    pub roles: BTreeSet<String>,
    /// What it wants to be told in a secret; everything else it is told in the open.
    pub secrets: BTreeSet<String>,
}

impl Request {
    /// Reads the databag of an application; none as long as it asks for nothing.
    ///
    /// # Errors
    ///
    /// When it asks for what is not to be had.
    pub fn read(bag: &BTreeMap<String, String>) -> Result<Option<Self>, Refusal> {
        let said = |key: &str| bag.get(key).filter(|text| !text.is_empty());
        if let Some(version) = said("version").filter(|version| *version != "v0") {
            return Err(Refusal::Version(version.chars().take(20).collect()));
        }
        if let Some(entity) = said("entity-type") {
            return Err(Refusal::Entity(entity.chars().take(20).collect()));
        }
        if said("requested-entity-secret").is_some() {
            return Err(Refusal::OwnUser);
        }
        let Some(database) = said("database") else {
            return Ok(None);
        };
        let secrets = match said("requested-secrets") {
            None => BTreeSet::new(),
            // Taken for "no secrets" it would have a password published in the open.
            Some(list) => {
                serde_json::from_str(list).map_err(|_| Refusal::Unreadable("requested-secrets"))?
            }
        };
        let roles = said("extra-user-roles").map_or("", String::as_str);
        Ok(Some(Self {
            database: database.parse()?,
            roles: roles
                .split(',')
                .map(|role| role.trim().to_lowercase())
                .filter(|role| !role.is_empty() && !every_user_is_in(role))
                .collect(),
            secrets,
        }))
    }
}

/// Requests name these, too, and there is nothing to add for them.
fn every_user_is_in(role: &str) -> bool {
    role == ACCESS_GROUP || ["identity_access", "internal_access"].contains(&role)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bag: &[(&str, &str)]) -> Result<Option<Request>, Refusal> {
        let bag = bag
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        Request::read(&bag)
    }

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_database_by_its_name_is_all_that_has_to_be_asked_for() {
        assert_eq!(
            read(&[("database", "shop")]),
            Ok(Some(Request {
                database: "shop".parse().unwrap(),
                roles: BTreeSet::new(),
                secrets: BTreeSet::new(),
            }))
        );
    }

    #[test]
    fn roles_and_secrets_are_lists_each_in_its_own_way() {
        let request = read(&[
            ("database", "shop"),
            ("version", "v0"),
            (
                "extra-user-roles",
                "CREATEDB, relation_access,,charmed_read",
            ),
            ("requested-secrets", r#"["username", "password"]"#),
            ("external-node-connectivity", "true"),
            ("alias", "shop1"),
        ]);
        let request = request.unwrap().unwrap();
        assert_eq!(request.roles, set(&["createdb", "charmed_read"]));
        assert_eq!(request.secrets, set(&["username", "password"]));
    }

    #[test]
    fn who_asks_for_nothing_gets_nothing() {
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[("database", "")]), Ok(None));
        assert_eq!(read(&[("requested-secrets", "[\"username\"]")]), Ok(None));
    }

    #[test]
    fn what_is_not_to_be_had_is_refused_with_a_way_out() {
        for (bag, message) in [
            (
                &[("version", "v1"), ("requests", "[]")][..],
                "it speaks version v1 of the interface postgresql_client",
            ),
            (
                &[("database", "shop"), ("entity-type", "USER")],
                "it asks for an entity of type USER, not for a database",
            ),
            (
                &[
                    ("database", "shop"),
                    ("requested-entity-secret", "secret:x"),
                ],
                "it brings its own user name",
            ),
            (
                &[("database", "shop*")],
                "it asks for all databases that are called like \"shop*\"",
            ),
            (
                &[("database", "shop"), ("requested-secrets", "username")],
                "what it says in requested-secrets is no JSON list of texts",
            ),
        ] {
            let refusal = read(bag).unwrap_err();
            assert_eq!(refusal.to_string(), message);
            assert!(!refusal.hint().is_empty(), "{refusal}");
        }
    }
}
