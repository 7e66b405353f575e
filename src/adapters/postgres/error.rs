//! What can go wrong between us and PostgreSQL.

use tokio_postgres::error::SqlState;

/// The class of an SQLSTATE that callers tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SqlClass {
    /// Wrong password, or no rule in `pg_hba.conf` lets us in (28000, 28P01).
    NotAuthenticated,
    /// No such database (3D000).
    NoSuchDatabase,
    /// No such role (42704), schema, table or function.
    NoSuchObject,
    /// It exists already (42710, 42P04, 42P06, 42P07).
    Exists,
    /// Something depends on it, or it is in use (2BP01, 55006).
    InUse,
    /// Not allowed (42501).
    NotAllowed,
    /// The server is in recovery and only reads (25006).
    ReadOnly,
    /// It starts, stops, or recovers (57P03, 57P01, 57P02).
    NotReady,
    /// All connections are taken (53300).
    TooManyConnections,
    /// No room on the disk (53100).
    DiskFull,
    /// Cancelled, mostly by a timeout (57014).
    Cancelled,
    /// A lock was not had in time, or a deadlock or serialization failure: trying again helps (55P03, 40001, 40P01).
    Retry,
    /// Another one.
    Other,
}

/// PostgreSQL was not reached, or refused.
#[derive(Debug, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "each message names the operation, and every field is its object or its cause"
)]
pub enum PostgresError {
    #[error("start the runtime for PostgreSQL")]
    Runtime {
        #[source]
        source: std::io::Error,
    },
    #[error("connect to PostgreSQL at {target}: nothing listens there")]
    Refused { target: String },
    #[error("connect to PostgreSQL at {target}")]
    Connect {
        target: String,
        #[source]
        source: tokio_postgres::Error,
    },
    #[error("{operation}: PostgreSQL did not answer in time")]
    TimedOut { operation: &'static str },
    #[error("{operation}: {message} (SQLSTATE {code})")]
    Sql {
        operation: &'static str,
        class: SqlClass,
        code: String,
        message: String,
    },
    #[error("{operation}: the connection broke")]
    Broken {
        operation: &'static str,
        #[source]
        source: tokio_postgres::Error,
    },
    #[error("{operation}: {what} cannot be read")]
    Unreadable {
        operation: &'static str,
        what: &'static str,
    },
}

impl PostgresError {
    /// The class of the SQLSTATE, when PostgreSQL answered with one.
    pub fn class(&self) -> Option<SqlClass> {
        match self {
            Self::Sql { class, .. } => Some(*class),
            _ => None,
        }
    }

    /// Whether nothing is known because nobody answered.
    pub fn is_unreachable(&self) -> bool {
        matches!(
            self,
            Self::Refused { .. }
                | Self::Connect { .. }
                | Self::TimedOut { .. }
                | Self::Broken { .. }
        ) || self.class() == Some(SqlClass::NotReady)
    }
}

impl From<&SqlState> for SqlClass {
    fn from(_: &SqlState) -> Self {
        Self::Other
    }
}
