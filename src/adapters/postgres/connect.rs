//! Sessions with a PostgreSQL server.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, NoTls, Row, Socket};

use super::PostgresError;
use super::tls::Connector;
use crate::adapters::host::clock::Deadline;
use crate::adapters::trust::Trust;
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
    /// How a question is cancelled, on a connection of its own.
    tls: Option<Connector>,
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

    /// Opens a session, as a user in a database, with a server elsewhere: over TLS when it is said who has to vouch for
    /// it, otherwise without.
    pub fn connect_to(
        host: &str,
        port: u16,
        (user, database): (&str, &str),
        password: &Secret,
        trust: Option<&Trust>,
        deadline: Deadline,
    ) -> Result<Self, PostgresError> {
        let mut config = Config::new();
        config
            .host(host)
            .port(port)
            .user(user)
            .password(password.expose())
            .dbname(database);
        let name = format!("{host}:{port}");
        let Some(trust) = trust else {
            config.ssl_mode(SslMode::Disable);
            return open(&mut config, &name, deadline);
        };
        config.ssl_mode(SslMode::Require);
        let tls = Connector::new(trust).map_err(|source| PostgresError::Trust { source })?;
        open_with(&mut config, &name, tls, deadline)
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
        wait(self, operation, answer)
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
        wait(self, operation, answer)
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

/// Opens a session without TLS; `name` says in messages where.
pub(super) fn open(
    config: &mut Config,
    name: &str,
    deadline: Deadline,
) -> Result<Database, PostgresError> {
    open_by(config, name, NoTls, None, deadline)
}

fn open_with(
    config: &mut Config,
    name: &str,
    tls: Connector,
    deadline: Deadline,
) -> Result<Database, PostgresError> {
    open_by(config, name, tls.clone(), Some(tls), deadline)
}

fn open_by<T>(
    config: &mut Config,
    name: &str,
    connector: T,
    tls: Option<Connector>,
    deadline: Deadline,
) -> Result<Database, PostgresError>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + 'static,
{
    config.application_name("postgresql-charm");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| PostgresError::Runtime { source })?;
    let connecting =
        async { tokio::time::timeout(deadline.remaining(), config.connect(connector)).await };
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
        tls,
        deadline,
    })
}

/// Waits for an answer, and cancels the question when it takes too long.
fn wait<T>(
    database: &Database,
    operation: &'static str,
    answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, PostgresError> {
    let deadline = database.deadline;
    database.runtime.block_on(async {
        if let Ok(answer) = tokio::time::timeout(deadline.remaining(), answer).await {
            return answer.map_err(|source| PostgresError::of_query(operation, source));
        }
        let cancel = database.client.cancel_token();
        let _ = match &database.tls {
            None => tokio::time::timeout(CANCEL, cancel.cancel_query(NoTls)).await,
            Some(tls) => tokio::time::timeout(CANCEL, cancel.cancel_query(tls.clone())).await,
        };
        Err(PostgresError::TimedOut { operation })
    })
}
