//! Hook tools: what a charm calls to talk to its controller. The client runs in the charm's process tree, the server
//! in the daemon; between them is one request and one answer over the machine's unix socket.

mod action;
pub mod client;
mod config;
pub mod context;
mod files;
pub mod juju_exec;
mod leader;
mod log;
mod network;
mod output;
mod parse;
mod ports;
pub mod relation;
mod resource;
mod secret;
mod secret_content;
mod secret_foreign;
mod secret_grant;
mod secret_info;
mod secret_read;
pub mod server;
mod state;
mod status;
mod storage;
pub mod wire;

pub(crate) use network::mac_address;
pub(crate) use secret_content::check as check_secret_content;
pub(crate) use secret_info::{scope_tag, target_tag};

/// Every hook tool there is; each is a name under which the lab's executable is found.
pub const NAMES: &[&str] = &[
    "action-fail",
    "action-get",
    "action-log",
    "action-set",
    "application-version-set",
    "close-port",
    "config-get",
    "credential-get",
    "goal-state",
    "is-leader",
    "juju-log",
    "juju-reboot",
    "network-get",
    "open-port",
    "opened-ports",
    "relation-get",
    "relation-ids",
    "relation-list",
    "relation-model-get",
    "relation-set",
    "resource-get",
    "secret-add",
    "secret-get",
    "secret-grant",
    "secret-ids",
    "secret-info-get",
    "secret-remove",
    "secret-revoke",
    "secret-set",
    "state-delete",
    "state-get",
    "state-set",
    "status-get",
    "status-set",
    "storage-add",
    "storage-get",
    "storage-list",
    "unit-get",
];

/// Why a tool refused. The text is what follows `ERROR ` on its standard error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolError {
    /// Wrong arguments: exit status 2.
    Usage(String),
    /// Anything else: exit status 1.
    Runtime(String),
}

impl ToolError {
    pub fn usage(text: impl Into<String>) -> Self {
        Self::Usage(text.into())
    }

    pub fn runtime(text: impl Into<String>) -> Self {
        Self::Runtime(text.into())
    }
}

impl From<crate::api::Failure> for ToolError {
    fn from(failure: crate::api::Failure) -> Self {
        Self::Runtime(failure.message)
    }
}
