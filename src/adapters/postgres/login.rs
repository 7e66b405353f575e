//! A login with a password, as a proof that it works.

use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

use super::{PostgresError, SqlClass, Target, connect};
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
    tried(connect::open(
        &mut config,
        &format!("{host}:{port}"),
        deadline,
    ))
}

/// Logs in over a socket and out again. A database that refuses somebody whose password it has taken is no matter here.
pub fn try_login_in(
    target: &Target,
    password: &Secret,
    deadline: Deadline,
) -> Result<Login, PostgresError> {
    let mut config = Config::new();
    config
        .host_path(&target.socket_dir)
        .port(target.port)
        .user(&target.user)
        .password(password.expose())
        .dbname(&target.database);
    let name = format!("{}/.s.PGSQL.{}", target.socket_dir.display(), target.port);
    match tried(connect::open(&mut config, &name, deadline)) {
        Err(PostgresError::Sql {
            class: SqlClass::NotAllowed | SqlClass::NoSuchDatabase | SqlClass::WrongState,
            ..
        }) => Ok(Login::Accepted),
        tried => tried,
    }
}

fn tried(opened: Result<super::Database, PostgresError>) -> Result<Login, PostgresError> {
    match opened {
        Ok(_) => Ok(Login::Accepted),
        Err(PostgresError::Sql {
            class: SqlClass::NotAuthenticated,
            message,
            ..
        }) => Ok(Login::Rejected { message }),
        Err(error) => Err(error),
    }
}
