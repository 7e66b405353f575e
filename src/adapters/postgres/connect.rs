//! Sessions with a PostgreSQL server.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio_postgres::config::SslMode;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, NoTls, Row};

use super::PostgresError;
use crate::adapters::host::clock::Deadline;
use crate::domain::words::Secret;

/// How long a server may take to hear that we lost interest in an answer.
const CANCEL: Duration = Duration::from_secs(1);

/// A server of this machine, reached through its Unix socket; peer authentication says who we are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Directory of the socket.
    pub socket_dir: PathBuf,
    /// Port, which is part of the socket's name.
    pub port: u16,
    /// Role to log in as.
    pub user: String,
    /// Database to log in to.
    pub database: String,
}

/// A session. All its calls share one deadline, the one it was opened with until [`Database::until`] sets another.
pub struct Database {
    runtime: Runtime,
    client: Client,
    deadline: Deadline,
}

impl Database {
    /// Opens a session.
    pub fn connect(target: &Target, deadline: Deadline) -> Result<Self, PostgresError> {
        let mut config = Config::new();
        config
            .host_path(&target.socket_dir)
            .port(target.port)
            .user(&target.user)
            .dbname(&target.database);
        let name = format!("{}/.s.PGSQL.{}", target.socket_dir.display(), target.port);
        open(&mut config, &name, deadline)
    }

    /// Opens a session with a server elsewhere, without TLS.
    pub fn connect_to(
        host: &str,
        port: u16,
        user: &str,
        password: &Secret,
        deadline: Deadline,
    ) -> Result<Self, PostgresError> {
        let mut config = Config::new();
        config
            .host(host)
            .port(port)
            .user(user)
            .password(password.expose())
            .dbname("postgres")
            .ssl_mode(SslMode::Disable);
        open(&mut config, &format!("{host}:{port}"), deadline)
    }

    /// From now on calls may take until `deadline`.
    pub fn until(&mut self, deadline: Deadline) {
        self.deadline = deadline;
    }

    pub(super) fn query(
        &mut self,
        operation: &'static str,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, PostgresError> {
        let answer = self.client.query(sql, parameters);
        wait(
            &self.runtime,
            &self.client,
            self.deadline,
            operation,
            answer,
        )
    }

    /// The one row of a query that always has one.
    pub(super) fn query_one(
        &mut self,
        operation: &'static str,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Row, PostgresError> {
        let mut rows = self.query(operation, sql, parameters)?;
        match (rows.pop(), rows.is_empty()) {
            (Some(row), true) => Ok(row),
            _ => Err(PostgresError::Unreadable {
                operation,
                what: "an answer without its one row",
            }),
        }
    }

    pub(super) fn batch(
        &mut self,
        operation: &'static str,
        sql: &str,
    ) -> Result<(), PostgresError> {
        let answer = self.client.batch_execute(sql);
        wait(
            &self.runtime,
            &self.client,
            self.deadline,
            operation,
            answer,
        )
    }

    /// Runs `work` in a transaction, which is taken back when it fails.
    pub(super) fn in_transaction<T>(
        &mut self,
        operation: &'static str,
        work: impl FnOnce(&mut Self) -> Result<T, PostgresError>,
    ) -> Result<T, PostgresError> {
        self.batch(operation, "BEGIN")?;
        let result = work(self).and_then(|value| self.batch(operation, "COMMIT").map(|()| value));
        if result.is_err() {
            // When not even this is heard, the session ends with us, and the transaction with the session.
            self.deadline = self.deadline.max(Deadline::after(CANCEL));
            let _ = self.batch(operation, "ROLLBACK");
        }
        result
    }
}

/// Opens a session; `name` says in messages where.
pub(super) fn open(
    config: &mut Config,
    name: &str,
    deadline: Deadline,
) -> Result<Database, PostgresError> {
    config.application_name("postgresql-charm");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| PostgresError::Runtime { source })?;
    let connecting =
        async { tokio::time::timeout(deadline.remaining(), config.connect(NoTls)).await };
    let (client, connection) = runtime
        .block_on(connecting)
        .map_err(|_| PostgresError::TimedOut {
            operation: "connect to PostgreSQL",
        })?
        .map_err(|source| PostgresError::of_connect(name.to_owned(), source))?;
    // It advances whenever we wait for an answer; its own error reaches us as that answer.
    runtime.spawn(connection);
    Ok(Database {
        runtime,
        client,
        deadline,
    })
}

/// Waits for an answer, and cancels the question when it takes too long.
fn wait<T>(
    runtime: &Runtime,
    client: &Client,
    deadline: Deadline,
    operation: &'static str,
    answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, PostgresError> {
    runtime.block_on(async {
        if let Ok(answer) = tokio::time::timeout(deadline.remaining(), answer).await {
            return answer.map_err(|source| PostgresError::of_query(operation, source));
        }
        let cancel = client.cancel_token();
        let _ = tokio::time::timeout(CANCEL, cancel.cancel_query(NoTls)).await;
        Err(PostgresError::TimedOut { operation })
    })
}
