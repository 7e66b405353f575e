//! One folder per thing the charm talks to. Nothing here decides.
//!
//! Everything is synchronous, every call that may wait takes a [`host::clock::Deadline`], and what an adapter returns is
//! a plain value or a typed error: "it is not there" is a value, "it did not answer" is an error, and they never meet.

pub mod etcd;
pub mod host;
mod http;
pub mod object_store;
pub mod patroni;
pub mod pgbackrest;
pub mod postgres;
pub mod requests;
pub mod systemd;
pub mod trust;

pub use http::{Ports, Unanswered};
