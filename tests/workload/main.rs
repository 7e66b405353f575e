//! The adapters against the real programs: PostgreSQL, pgBackRest, Patroni and etcd, on loopback addresses of their own.
//!
//! Runs as root (the programs then run as `postgres`) and as anybody else. A program that is missing fails its test with
//! the command that installs it.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed"
)]

mod clients;
mod etcd;
mod fence;
mod machine;
mod object_store;
mod patroni;
mod pgbackrest;
mod pgbackrest_server;
mod postgres;
mod server;
mod timelines;
