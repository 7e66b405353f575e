//! A faithful local Juju: a controller, its unit agents and a `juju`-compatible command line.

pub mod api;
pub mod cli;
pub mod client;
pub mod home;
