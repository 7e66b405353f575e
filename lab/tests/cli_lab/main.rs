//! The `juju` command line against a real daemon, with a charm that is a shell script.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on should panic"
)]

mod browser;
mod bundles;
mod containers;
mod lab;
mod life;
mod machines;
mod offers;
mod refusals;
mod resources;
mod secrets;
mod settings;
mod shell;
mod tasks;
mod ui;
mod waiting;
mod walks;
