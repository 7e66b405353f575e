//! The charm's decisions, on a model of the world: no program runs here.
//!
//! Each invariant of ARCHITECTURE.md that can be shown without programs is a test of that name.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on ends where it is"
)]

mod certificates;
mod clients;
mod commits;
mod cuts;
mod etcd_lead;
mod fence;
mod flows;
mod looks;
mod model;
mod plans;
mod promises;
mod quorum;
mod restores;
mod secrets;
mod statuses;
mod structure;
mod tls;
mod tls_backups;
mod voters;
mod wakes;
