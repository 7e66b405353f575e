//! What can go wrong between us and PostgreSQL.

use std::error::Error as _;
use std::io;

use tokio_postgres::error::SqlState;

/// The class of an SQLSTATE, as far as callers tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SqlClass {
    /// Wrong password, or no rule in `pg_hba.conf` lets us in (28000, 28P01).
    NotAuthenticated,
    /// No such database (3D000).
    NoSuchDatabase,
    /// No such role, schema, table, function or parameter (42704, 3F000, 42P01, 42883).
    NoSuchObject,
    /// It exists already (42710, 42P04, 42P06, 42P07).
    Exists,
    /// Something depends on it, or it is in use (2BP01, 55006).
    InUse,
    /// Not allowed (42501).
    NotAllowed,
    /// The server is in recovery and only reads (25006), or is not, and the question was about recovery (55000).
    WrongState,
    /// It starts, stops, or recovers and takes no connections (57P01, 57P02, 57P03).
    NotReady,
    /// All connections are taken (53300).
    TooManyConnections,
    /// No room on the disk (53100).
    DiskFull,
    /// Cancelled, mostly by a timeout (57014).
    Cancelled,
    /// A lock was not had in time, a deadlock, or a serialization failure: trying again helps (55P03, 40P01, 40001).
    Retry,
    /// Another one.
    Other,
}

impl SqlClass {
    pub(super) fn of(state: &SqlState) -> Self {
        match state.code() {
            "28000" | "28P01" => Self::NotAuthenticated,
            "3D000" => Self::NoSuchDatabase,
            "42704" | "3F000" | "42P01" | "42883" => Self::NoSuchObject,
            "42710" | "42P04" | "42P06" | "42P07" => Self::Exists,
            "2BP01" | "55006" => Self::InUse,
            "42501" => Self::NotAllowed,
            "25006" | "55000" => Self::WrongState,
            "57P01" | "57P02" | "57P03" => Self::NotReady,
            "53300" => Self::TooManyConnections,
            "53100" => Self::DiskFull,
            "57014" => Self::Cancelled,
            "55P03" | "40P01" | "40001" => Self::Retry,
            _ => Self::Other,
        }
    }
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
        source: io::Error,
    },
    #[error("connect to PostgreSQL over TLS")]
    Trust {
        #[source]
        source: crate::adapters::trust::TrustError,
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
    #[error("{operation}: {what}")]
    NotSent {
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

    /// Whether nothing is known because nobody answered; a server that is starting or stopping is one of these.
    pub fn is_unreachable(&self) -> bool {
        matches!(
            self,
            Self::Refused { .. }
                | Self::Connect { .. }
                | Self::TimedOut { .. }
                | Self::Broken { .. }
        ) || self.class() == Some(SqlClass::NotReady)
    }

    pub(super) fn of_query(operation: &'static str, source: tokio_postgres::Error) -> Self {
        match source.as_db_error() {
            Some(error) => {
                let mut message = error.message().to_owned();
                if let Some(detail) = error.detail() {
                    message = format!("{message}: {detail}");
                }
                Self::Sql {
                    operation,
                    class: SqlClass::of(error.code()),
                    code: error.code().code().to_owned(),
                    message,
                }
            }
            None => Self::Broken { operation, source },
        }
    }

    pub(super) fn of_connect(target: String, source: tokio_postgres::Error) -> Self {
        if source.as_db_error().is_some() {
            return Self::of_query("connect to PostgreSQL", source);
        }
        match io_kind(&source) {
            // A socket that does not exist and one that nobody serves any more are the same to us.
            Some(io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound) => {
                Self::Refused { target }
            }
            _ => Self::Connect { target, source },
        }
    }
}

fn io_kind(error: &tokio_postgres::Error) -> Option<io::ErrorKind> {
    error
        .source()?
        .downcast_ref::<io::Error>()
        .map(io::Error::kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_told_by_its_sqlstate() {
        for (state, class) in [
            (SqlState::INVALID_PASSWORD, SqlClass::NotAuthenticated),
            (
                SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
                SqlClass::NotAuthenticated,
            ),
            (SqlState::INVALID_CATALOG_NAME, SqlClass::NoSuchDatabase),
            (SqlState::UNDEFINED_OBJECT, SqlClass::NoSuchObject),
            (SqlState::DUPLICATE_OBJECT, SqlClass::Exists),
            (SqlState::DUPLICATE_DATABASE, SqlClass::Exists),
            (SqlState::DEPENDENT_OBJECTS_STILL_EXIST, SqlClass::InUse),
            (SqlState::OBJECT_IN_USE, SqlClass::InUse),
            (SqlState::INSUFFICIENT_PRIVILEGE, SqlClass::NotAllowed),
            (SqlState::READ_ONLY_SQL_TRANSACTION, SqlClass::WrongState),
            (SqlState::CANNOT_CONNECT_NOW, SqlClass::NotReady),
            (SqlState::ADMIN_SHUTDOWN, SqlClass::NotReady),
            (SqlState::TOO_MANY_CONNECTIONS, SqlClass::TooManyConnections),
            (SqlState::DISK_FULL, SqlClass::DiskFull),
            (SqlState::QUERY_CANCELED, SqlClass::Cancelled),
            (SqlState::LOCK_NOT_AVAILABLE, SqlClass::Retry),
            (SqlState::SYNTAX_ERROR, SqlClass::Other),
        ] {
            assert_eq!(SqlClass::of(&state), class, "{}", state.code());
        }
    }

    #[test]
    fn a_server_that_starts_is_as_unknown_as_one_that_is_silent() {
        let starting = PostgresError::Sql {
            operation: "connect to PostgreSQL",
            class: SqlClass::NotReady,
            code: "57P03".to_owned(),
            message: "the database system is starting up".to_owned(),
        };
        assert!(starting.is_unreachable());
        assert!(PostgresError::TimedOut { operation: "ask" }.is_unreachable());
        assert!(
            !PostgresError::Unreadable {
                operation: "ask",
                what: "it"
            }
            .is_unreachable()
        );
    }
}
