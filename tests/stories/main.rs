//! Whole stories on the lab, with the real PostgreSQL, Patroni, etcd, pgBackRest and an S3 server over TLS.
//!
//! `make test` builds the programs and packs the charms these stories deploy.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a story that cannot go on ends where it is, and shows the status and log of its lab"
)]

mod asked;
mod backups;
mod bundle;
mod clients;
mod cluster;
mod foreign;
mod kills;
mod lab;
mod machines;
mod members;
mod ordinary_user;
mod plain;
mod quorum;
mod repositories;
mod restore_cuts;
mod restores;
mod schedules;
mod settings;
mod tls;
mod tls_backups;
mod writer;
