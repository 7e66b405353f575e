//! A faithful local Juju: a controller, its unit agents and a `juju`-compatible command line.

pub mod agent;
pub mod api;
pub mod cli;
pub mod client;
pub mod controller;
pub mod daemon;
pub mod fault;
pub mod home;
pub mod machine;
pub mod model;
pub mod object_store;
pub mod pack;
pub mod tools;
mod ui;
pub mod walk;
