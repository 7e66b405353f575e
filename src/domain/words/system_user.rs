//! The database users the charm itself needs.

use std::fmt;
use std::str::FromStr;

use super::malformed::{Malformed, shown};

/// A database user that belongs to the charm.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum SystemUser {
    /// The superuser: the charm's own, and the administrator's.
    Operator,
    /// Streams WAL to replicas.
    Replication,
    /// Reads files of another member when `pg_rewind` turns a former primary into a replica.
    Rewind,
    /// Reads statistics for metrics.
    Monitoring,
    /// Starts and stops backups.
    Backup,
}

impl SystemUser {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Operator,
        Self::Replication,
        Self::Rewind,
        Self::Monitoring,
        Self::Backup,
    ];

    /// The name of the role in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Replication => "replication",
            Self::Rewind => "rewind",
            Self::Monitoring => "monitoring",
            Self::Backup => "backup",
        }
    }

    /// The key of its password in the cluster's secret: `operator-password`.
    pub fn secret_key(self) -> String {
        format!("{}-password", self.name())
    }

    /// All names for a message.
    pub(crate) fn list() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

impl fmt::Display for SystemUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for SystemUser {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::ALL
            .into_iter()
            .find(|user| user.name() == text)
            .ok_or_else(|| Malformed::SystemUser(shown(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_user_reads_back() {
        for user in SystemUser::ALL {
            assert_eq!(user.name().parse(), Ok(user));
        }
    }

    #[test]
    fn another_name_is_refused_with_the_known_ones() {
        assert_eq!(
            "postgres".parse::<SystemUser>().unwrap_err().to_string(),
            "`postgres` is not a system user: operator, replication, rewind, monitoring, backup are"
        );
    }
}
