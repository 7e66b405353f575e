//! Whole stories on the lab, with the real PostgreSQL, Patroni, etcd, pgBackRest and an S3 server over TLS.
//!
//! `make test` builds the programs and packs the charms these stories deploy.

#![expect(
    clippy::print_stderr,
    reason = "a failed story shows the status and log of its lab"
)]

mod backups;
mod cluster;
mod kills;
mod lab;
mod ordinary_user;
mod repositories;
