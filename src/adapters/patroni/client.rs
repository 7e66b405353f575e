//! Requests to one member's Patroni.

use super::read::{Member, Switchover, ThisMember};
use crate::adapters::host::clock::Deadline;
use crate::domain::words::Secret;

/// Name and password of the REST API; needed for everything that changes something.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Name.
    pub user: String,
    /// Password.
    pub password: Secret,
}

/// The Patroni of one member.
#[derive(Debug)]
pub struct Patroni {
    base: String,
    credentials: Option<Credentials>,
}

/// Patroni did not answer, or answered something else than hoped for.
#[derive(Debug, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "each message names the operation, and every field is its object or its cause"
)]
pub enum PatroniError {
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
    #[error("{operation}: {address} wants a user and password and did not accept ours")]
    NotAuthorized {
        operation: &'static str,
        address: String,
    },
    #[error("{operation}: {address} answered {status}: {said}")]
    Answered {
        operation: &'static str,
        address: String,
        status: u16,
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

impl PatroniError {
    /// Whether nothing is known because nobody answered.
    pub fn is_unreachable(&self) -> bool {
        matches!(
            self,
            Self::Refused { .. } | Self::TimedOut { .. } | Self::Unreachable { .. }
        )
    }
}

impl Patroni {
    /// The Patroni at this address.
    pub fn at(host: &str, port: u16, credentials: Option<Credentials>) -> Self {
        Self {
            base: format!("http://{host}:{port}"),
            credentials,
        }
    }

    /// All members (`GET /cluster`).
    pub fn cluster(&self, deadline: Deadline) -> Result<Vec<Member>, PatroniError> {
        let _ = (&self.base, &self.credentials, deadline);
        unimplemented!()
    }

    /// This member (`GET /patroni`).
    pub fn member(&self, deadline: Deadline) -> Result<ThisMember, PatroniError> {
        let _ = deadline;
        unimplemented!()
    }

    /// The dynamic configuration of the cluster.
    pub fn config(&self, deadline: Deadline) -> Result<serde_json::Value, PatroniError> {
        let _ = deadline;
        unimplemented!()
    }

    /// Merges into the dynamic configuration (`null` removes) and returns what it became.
    pub fn patch_config(
        &self,
        patch: &serde_json::Value,
        deadline: Deadline,
    ) -> Result<serde_json::Value, PatroniError> {
        let _ = (patch, deadline);
        unimplemented!()
    }

    /// Reads Patroni's file anew.
    pub fn reload(&self, deadline: Deadline) -> Result<(), PatroniError> {
        let _ = deadline;
        unimplemented!()
    }

    /// Restarts this member's database.
    pub fn restart(&self, deadline: Deadline) -> Result<(), PatroniError> {
        let _ = deadline;
        unimplemented!()
    }

    /// Hands the lead to another member.
    pub fn switchover(
        &self,
        switchover: &Switchover,
        deadline: Deadline,
    ) -> Result<(), PatroniError> {
        let _ = (switchover, deadline);
        unimplemented!()
    }
}
