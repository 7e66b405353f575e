//! A real machine-init in a home of its own, driven through the machine's own tools with services that are
//! shell scripts.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on shall end where it is"
)]

mod dependencies;
mod exit_codes;
mod fixture;
mod lifecycle;
mod notify;
mod power;
mod processes;
mod restart;
mod transient;
mod units;
