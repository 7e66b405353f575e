//! Requests.

use crate::domain::words::Secret;

/// Name and password of an etcd user.
#[derive(Clone, Debug)]
pub struct Login {
    /// Name.
    pub user: String,
    /// Password.
    pub password: Secret,
}

/// One member of etcd, asked for itself or for the cluster.
#[derive(Debug)]
pub struct Etcd {
    base: String,
    login: Option<Login>,
}

/// etcd did not answer, or answered something else than hoped for.
#[derive(Debug, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "each message names the operation, and every field is its object or its cause"
)]
pub enum EtcdError {
    #[error("{operation}: nothing listens at {address}")]
    Refused {
        operation: &'static str,
        address: String,
    },
    #[error("{operation}: {address} did not answer in time")]
    TimedOut {
        operation: &'static str,
        address: String,
    },
    #[error("{operation}: reach {address}")]
    Unreachable {
        operation: &'static str,
        address: String,
        #[source]
        source: Box<ureq::Error>,
    },
    #[error("{operation}: etcd at {address} has no leader")]
    NoLeader {
        operation: &'static str,
        address: String,
    },
    #[error("{operation}: etcd at {address} did not accept user and password")]
    NotAuthorized {
        operation: &'static str,
        address: String,
    },
    #[error("{operation}: etcd at {address} refused: {said} (gRPC code {code})")]
    Answered {
        operation: &'static str,
        address: String,
        code: i64,
        said: String,
    },
    #[error("{operation}: {address} answered what cannot be read")]
    Unreadable {
        operation: &'static str,
        address: String,
        #[source]
        source: serde_json::Error,
    },
}

impl Etcd {
    /// The member whose client address is this.
    pub fn at(host: &str, port: u16, login: Option<Login>) -> Self {
        Self {
            base: format!("http://{host}:{port}"),
            login,
        }
    }
}
