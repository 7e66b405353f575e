//! Who may connect: `pg_hba.conf` and `pg_ident.conf`.
//!
//! Narrow by default. Over the Unix socket only root and the workload's own user become the charm's roles, without a
//! password; over the network the charm's roles are let in from the members' addresses only, with a password, and the
//! one that reads statistics from this member alone; clients come in by name, to their databases. Whatever no rule names is rejected by PostgreSQL.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Unrepresentable;
use crate::domain::words::SystemUser;

/// The map that says which operating-system user may be which role.
const MAP: &str = "charm";

/// Who may connect to one member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The address of this member.
    pub address: IpAddr,
    /// The addresses of all members, this one included.
    pub members: Vec<IpAddr>,
    /// Whether the server has a certificate: then nobody connects over the network without TLS.
    pub tls: bool,
    /// The users of related applications.
    pub clients: Vec<ClientAccess>,
    pub local: LocalUsers,
}

/// The operating-system users behind the charm's own connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalUsers {
    /// The user the charm runs as: `root` under Juju.
    pub charm: String,
    /// The user that runs Patroni, PostgreSQL and pgBackRest.
    pub workload: String,
}

/// One user of a related application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientAccess {
    user: String,
    databases: Databases,
    method: Method,
}

/// What a client may connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Databases {
    All,
    Named(Vec<String>),
}

/// How a client proves its password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    ScramSha256,
    /// For a pooler that keeps MD5 verifiers; a SCRAM verifier works with it as well.
    Md5,
}

impl ClientAccess {
    /// A client, if its names can be written down and are not the charm's own.
    pub fn new(user: &str, databases: Databases, method: Method) -> Result<Self, Unrepresentable> {
        if user.parse::<SystemUser>().is_ok() {
            return Err(Unrepresentable::SystemRole {
                name: user.to_owned(),
            });
        }
        check_name("user", user)?;
        if let Databases::Named(names) = &databases {
            names
                .iter()
                .try_for_each(|name| check_name("database", name))?;
        }
        Ok(Self {
            user: user.to_owned(),
            databases,
            method,
        })
    }
}

fn check_name(kind: &'static str, name: &str) -> Result<(), Unrepresentable> {
    if name.is_empty()
        || name.starts_with('/')
        || name.contains(|c: char| c == '"' || c.is_control())
    {
        return Err(Unrepresentable::AccessName {
            kind,
            name: name.to_owned(),
        });
    }
    Ok(())
}

impl Access {
    /// The lines of `pg_hba.conf`. The first that matches decides.
    pub fn pg_hba(&self) -> Vec<String> {
        let mut lines = vec![
            local("all", SystemUser::Operator),
            local("all", SystemUser::Backup),
            // Patroni asks its own server for its position in the WAL.
            local("replication", SystemUser::Replication),
        ];
        let loopback = [
            IpAddr::from(Ipv4Addr::LOCALHOST),
            Ipv6Addr::LOCALHOST.into(),
        ];
        for address in loopback.iter().chain(&self.members) {
            lines.push(self.system("replication", SystemUser::Replication, *address));
            lines.push(self.system("all", SystemUser::Operator, *address));
            lines.push(self.system("all", SystemUser::Rewind, *address));
        }
        for address in loopback.iter().chain([&self.address]) {
            lines.push(self.system("all", SystemUser::Monitoring, *address));
        }
        for client in &self.clients {
            let user = quoted(&client.user);
            match &client.databases {
                Databases::All => lines.push(self.host("all", &user, "all", client.method)),
                Databases::Named(names) => lines.extend(
                    names
                        .iter()
                        .map(|name| self.host(&quoted(name), &user, "all", client.method)),
                ),
            }
        }
        lines
    }

    fn system(&self, database: &str, user: SystemUser, address: IpAddr) -> String {
        self.host(database, user.name(), &single(address), Method::ScramSha256)
    }

    fn host(&self, database: &str, user: &str, address: &str, method: Method) -> String {
        let kind = if self.tls { "hostssl" } else { "host" };
        let method = match method {
            Method::ScramSha256 => "scram-sha-256",
            Method::Md5 => "md5",
        };
        format!("{kind} {database} {user} {address} {method}")
    }
}

impl LocalUsers {
    /// The lines of `pg_ident.conf`.
    pub fn pg_ident(&self) -> Vec<String> {
        let mut users = vec![self.workload.as_str()];
        if self.charm != self.workload {
            users.push(&self.charm);
        }
        let roles = [
            SystemUser::Operator,
            SystemUser::Backup,
            SystemUser::Replication,
        ];
        users
            .iter()
            .flat_map(|user| roles.map(|role| format!("{MAP} {} {role}", quoted(user))))
            .collect()
    }
}

fn local(database: &str, user: SystemUser) -> String {
    format!("local {database} {user} peer map={MAP}")
}

/// Quoted always: a keyword such as `all` or `replication`, a group's `+` and a file's `@` lose their meaning inside
/// quotes, so a database called `all` is a database.
fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// The network that holds one address.
fn single(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("{address}/32"),
        IpAddr::V6(address) => format!("{address}/128"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(tls: bool, clients: Vec<ClientAccess>) -> Access {
        Access {
            address: "10.0.0.1".parse().unwrap(),
            members: vec!["10.0.0.1".parse().unwrap(), "fd00::2".parse().unwrap()],
            tls,
            clients,
            local: LocalUsers {
                charm: "root".to_owned(),
                workload: "postgres".to_owned(),
            },
        }
    }

    #[test]
    fn the_charms_roles_come_in_over_the_socket_and_from_members_only() {
        assert_eq!(
            access(false, Vec::new()).pg_hba(),
            [
                "local all operator peer map=charm",
                "local all backup peer map=charm",
                "local replication replication peer map=charm",
                "host replication replication 127.0.0.1/32 scram-sha-256",
                "host all operator 127.0.0.1/32 scram-sha-256",
                "host all rewind 127.0.0.1/32 scram-sha-256",
                "host replication replication ::1/128 scram-sha-256",
                "host all operator ::1/128 scram-sha-256",
                "host all rewind ::1/128 scram-sha-256",
                "host replication replication 10.0.0.1/32 scram-sha-256",
                "host all operator 10.0.0.1/32 scram-sha-256",
                "host all rewind 10.0.0.1/32 scram-sha-256",
                "host replication replication fd00::2/128 scram-sha-256",
                "host all operator fd00::2/128 scram-sha-256",
                "host all rewind fd00::2/128 scram-sha-256",
                "host all monitoring 127.0.0.1/32 scram-sha-256",
                "host all monitoring ::1/128 scram-sha-256",
                "host all monitoring 10.0.0.1/32 scram-sha-256",
            ]
        );
    }

    #[test]
    fn clients_come_from_anywhere_to_their_databases_by_name() {
        let clients = vec![
            ClientAccess::new(
                "relation-7",
                Databases::Named(vec!["all".to_owned(), "my db".to_owned()]),
                Method::ScramSha256,
            )
            .unwrap(),
            ClientAccess::new("pooler", Databases::All, Method::Md5).unwrap(),
        ];
        let lines = access(true, clients).pg_hba();
        assert_eq!(
            lines[lines.len() - 3..],
            [
                r#"hostssl "all" "relation-7" all scram-sha-256"#,
                r#"hostssl "my db" "relation-7" all scram-sha-256"#,
                r#"hostssl all "pooler" all md5"#,
            ]
        );
    }

    #[test]
    fn with_a_certificate_no_rule_lets_anybody_in_over_the_network_without_tls() {
        let lines = access(true, Vec::new()).pg_hba();
        assert!(
            lines
                .iter()
                .all(|line| line.starts_with("local ") || line.starts_with("hostssl "))
        );
    }

    #[test]
    fn no_rule_trusts_and_none_opens_a_role_of_the_charm_to_every_address() {
        for line in access(false, Vec::new()).pg_hba() {
            assert!(!line.ends_with("trust"), "{line}");
            assert!(
                line.starts_with("local ") || line.contains("/32 ") || line.contains("/128 "),
                "{line}"
            );
        }
    }

    #[test]
    fn root_and_the_workloads_user_are_the_charms_roles_over_the_socket() {
        assert_eq!(
            access(false, Vec::new()).local.pg_ident(),
            [
                "charm \"postgres\" operator",
                "charm \"postgres\" backup",
                "charm \"postgres\" replication",
                "charm \"root\" operator",
                "charm \"root\" backup",
                "charm \"root\" replication",
            ]
        );
    }

    #[test]
    fn a_charm_that_runs_as_the_workloads_user_is_named_once() {
        let local = LocalUsers {
            charm: "me".to_owned(),
            workload: "me".to_owned(),
        };
        assert_eq!(local.pg_ident().len(), 3);
    }

    #[test]
    fn a_name_that_would_end_the_rule_or_begin_a_regular_expression_is_refused() {
        for name in ["", "a\"b", "a\nhost all all all trust", "/.*"] {
            assert_eq!(
                ClientAccess::new(name, Databases::All, Method::ScramSha256),
                Err(Unrepresentable::AccessName {
                    kind: "user",
                    name: name.to_owned()
                })
            );
            assert_eq!(
                ClientAccess::new(
                    "u",
                    Databases::Named(vec![name.to_owned()]),
                    Method::ScramSha256
                ),
                Err(Unrepresentable::AccessName {
                    kind: "database",
                    name: name.to_owned()
                })
            );
        }
    }

    #[test]
    fn a_client_cannot_be_one_of_the_charms_roles() {
        assert_eq!(
            ClientAccess::new("operator", Databases::All, Method::ScramSha256)
                .unwrap_err()
                .to_string(),
            "the role \"operator\" belongs to the charm; use another user name"
        );
    }
}
