//! Juju's hook tools: one file for each family, one seam underneath.
//!
//! Each call of a hook tool costs the operator about ten milliseconds, so everything here is
//! made to be called rarely: answers are kept for the hook, writes are collected, compared and
//! sent by [`Juju::flush`](crate::Juju::flush). Values travel on standard input or in a file
//! only the owner can read; arguments are visible to every user of the machine.

mod action;
mod command_line;
mod config;
mod error;
mod leadership;
mod log;
mod network;
mod ports;
mod relation;
mod resource;
mod secret;
mod state;
mod status;
mod storage;
mod unit;
mod wire;

pub use action::{LARGEST_ARGUMENT, Params};
pub use command_line::CommandLine;
pub use config::Config;
pub use error::{ToolError, ToolErrorKind};
pub use log::{JujuLog, LogBuffer};
pub use network::{BindAddress, InterfaceAddress, Network};
pub use ports::{Port, PortError, Protocol};
pub use relation::{Bag, Databag, Own};
pub use secret::{
    NewSecret, Rotation, SecretAccess, SecretContent, SecretInfo, SecretOwner, SecretRevision,
};
pub use status::{AppStatus, Status, StatusKind};
pub use storage::Storage;
pub use unit::{GoalState, GoalStatus, Reboot};

#[cfg(feature = "testing")]
pub(crate) use self::{action::result_key, secret::is_secret_key};
pub(crate) use wire::yaml_safe_json;

/// Runs one hook tool. The seam between this crate and Juju.
///
/// [`CommandLine`] starts the real programs; the test harness answers from a described world.
pub trait HookTools: Send + Sync {
    /// Runs `tool` and returns its standard output.
    ///
    /// # Errors
    /// When the tool cannot be started or returns a status other than 0.
    fn run(&self, tool: &str, args: &[&str], stdin: Option<&[u8]>) -> Result<Vec<u8>, ToolError>;
}

/// What has been read and what is to be written in this hook, one field for each family.
#[derive(Debug, Default)]
pub(crate) struct Session {
    action: action::Session,
    config: config::Session,
    leadership: leadership::Session,
    network: network::Session,
    ports: ports::Session,
    relation: relation::Session,
    resource: resource::Session,
    secret: secret::Session,
    state: state::Session,
    status: status::Session,
    storage: storage::Session,
}

impl Session {
    /// Forgets what is to be written, except the results of an action.
    pub(crate) fn discard(&mut self) {
        self.ports.discard();
        self.relation.discard();
        self.secret.discard();
        self.state.discard();
    }
}
