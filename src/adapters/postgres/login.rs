//! A login with a password, as a proof that it works.

use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

use super::{PostgresError, SqlClass, connect};
use crate::adapters::host::clock::Deadline;
use crate::domain::words::Secret;

/// What became of a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// The server let us in.
    Accepted,
    /// It did not: wrong password, or no rule for this user, database and address.
    Rejected {
        /// What it said.
        message: String,
    },
}

/// Logs in over TCP, without TLS, and out again.
pub fn try_login(
    host: &str,
    port: u16,
    user: &str,
    password: &Secret,
    database: &str,
    deadline: Deadline,
) -> Result<Login, PostgresError> {
    let mut config = Config::new();
    config
        .host(host)
        .port(port)
        .user(user)
        .password(password.expose())
        .dbname(database)
        .ssl_mode(SslMode::Disable);
    match connect::open(&mut config, &format!("{host}:{port}"), deadline) {
        Ok(_) => Ok(Login::Accepted),
        Err(PostgresError::Sql {
            class: SqlClass::NotAuthenticated,
            message,
            ..
        }) => Ok(Login::Rejected { message }),
        Err(error) => Err(error),
    }
}
