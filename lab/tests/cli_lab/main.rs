//! The `juju` command line against a real daemon, with a charm that is a shell script.

mod bundles;
mod lab;
mod life;
mod refusals;
mod secrets;
mod shell;
mod tasks;
mod waiting;
