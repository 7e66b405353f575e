//! Who may connect: `pg_hba.conf` and `pg_ident.conf`.
//!
//! Narrow by default. Over the Unix socket only root and the workload's own user become the charm's roles, without a
//! password; over the network the charm's roles are let in from the members' addresses only, with a password, and the
//! one that reads statistics from this member alone; the users of related applications come in by the group they are in,
//! from anywhere. Whatever no rule names is rejected by PostgreSQL.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::domain::clients::ACCESS_GROUP;
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
        // One rule for all of them: a new user is let in on every member as soon as the role has arrived there, and none
        // of them has to read its rules again. Which databases a user may open is granted in the database.
        let group = format!("+{ACCESS_GROUP}");
        lines.push(self.host("all", &group, "all"));
        lines
    }

    fn system(&self, database: &str, user: SystemUser, address: IpAddr) -> String {
        self.host(database, user.name(), &single(address))
    }

    fn host(&self, database: &str, user: &str, address: &str) -> String {
        let kind = if self.tls { "hostssl" } else { "host" };
        format!("{kind} {database} {user} {address} scram-sha-256")
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

    fn access(tls: bool) -> Access {
        Access {
            address: "10.0.0.1".parse().unwrap(),
            members: vec!["10.0.0.1".parse().unwrap(), "fd00::2".parse().unwrap()],
            tls,
            local: LocalUsers {
                charm: "root".to_owned(),
                workload: "postgres".to_owned(),
            },
        }
    }

    #[test]
    fn the_charms_roles_come_in_over_the_socket_and_from_members_and_clients_by_their_group() {
        assert_eq!(
            access(false).pg_hba(),
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
                "host all +relation_access all scram-sha-256",
            ]
        );
    }

    #[test]
    fn with_a_certificate_no_rule_lets_anybody_in_over_the_network_without_tls() {
        let lines = access(true).pg_hba();
        assert!(
            lines
                .iter()
                .all(|line| line.starts_with("local ") || line.starts_with("hostssl "))
        );
    }

    #[test]
    fn no_rule_trusts_and_none_opens_a_role_of_the_charm_to_every_address() {
        for line in access(false).pg_hba() {
            assert!(!line.ends_with("trust"), "{line}");
            let narrow =
                line.starts_with("local ") || line.contains("/32 ") || line.contains("/128 ");
            assert!(narrow || line.contains(" +relation_access "), "{line}");
        }
    }

    #[test]
    fn root_and_the_workloads_user_are_the_charms_roles_over_the_socket() {
        assert_eq!(
            access(false).local.pg_ident(),
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
}
