//! The lab against the rules of Juju: charms are shell scripts, so that only the documented contract is used.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on must say where"
)]

mod across_models;
mod actions;
mod commands;
mod configuration;
mod crashes;
mod databags;
mod environment;
mod errors;
mod faults;
mod homes;
mod lab;
mod leadership;
mod lifecycle;
mod operator_secrets;
mod placement;
mod relations;
mod secrets;
mod storage;
mod suspended;
mod tool_errors;
mod transactions;
mod upgrades;
