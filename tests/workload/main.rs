//! The adapters against the real programs: PostgreSQL, pgBackRest, Patroni and etcd, on loopback addresses of their own.
//!
//! Runs as root (the programs then run as `postgres`) and as anybody else. A program that is missing fails its test with
//! the command that installs it.

mod etcd;
mod machine;
mod patroni;
mod pgbackrest;
mod postgres;
mod server;
