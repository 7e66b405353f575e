//! PostgreSQL under Juju: backups, restores, passwords and a cluster to rely on.
//!
//! `domain` decides and does nothing; `adapters` do and decide nothing; the files beside this one tie them to Juju.

pub mod adapters;
pub mod domain;
pub mod layout;
