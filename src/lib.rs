//! PostgreSQL under Juju: backups, restores, passwords and a cluster to rely on.
//!
//! `domain` decides and does nothing; `adapters` do and decide nothing; the files beside this one tie them to Juju.

pub mod adapters;
pub mod attempts;
pub mod catalogue;
pub mod cli;
pub mod domain;
pub mod error;
pub mod fence;
pub mod guard;
pub mod job;
pub mod juju;
pub mod layout;
pub mod reconcile;
pub mod replica;
pub mod unit;
pub mod watch;
