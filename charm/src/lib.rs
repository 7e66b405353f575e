//! Write Juju charms in Rust.
//!
//! Juju starts a charm for each hook and each action, and the charm talks back through hook
//! tools. This crate is those two sides as types: [`Event`] says why the charm was started,
//! [`Juju`] is everything it can ask and say, and [`main`] joins them.

#![warn(missing_docs)]

pub mod context;
pub mod dispatch;
mod event;
mod juju;
mod redacted;
#[cfg(feature = "testing")]
pub mod testing;
pub mod tools;

pub use context::{Context, JujuVersion, RelationId, SecretId, StorageId, UnitName};
pub use dispatch::main;
pub use event::{Event, NoEvent};
pub use juju::Juju;
pub use juju_charm_files as files;
pub use redacted::Redacted;
pub use tools::{
    Bag, CommandLine, Config, Databag, HookTools, Network, NewSecret, Own, Params, Port,
    SecretContent, SecretInfo, SecretRevision, Status, StatusKind, Storage, ToolError,
    ToolErrorKind,
};

/// The examples in the README are run as tests.
#[cfg(all(doctest, feature = "testing"))]
#[doc = include_str!("../README.md")]
struct Readme;
