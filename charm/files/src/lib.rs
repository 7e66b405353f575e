//! The files of a Juju charm as types.
//!
//! Each type reads one file (`parse`) and refuses what Juju would refuse when the charm is
//! deployed. Nothing here talks to Juju or knows how hooks run: charms, packers and servers can
//! share it.

pub mod actions;
pub mod assumes;
pub mod bundle;
mod charm_files;
pub mod charmcraft;
pub mod config;
mod error;
pub mod manifest;
pub mod metadata;

pub use actions::{Action, Actions, InvalidParams};
pub use assumes::{Assumption, Platform};
pub use bundle::Bundle;
pub use charm_files::CharmFiles;
pub use charmcraft::Charmcraft;
pub use config::{ConfigOptions, InvalidOption, OptionType};
pub use error::FileError;
pub use manifest::{Base, Manifest};
pub use metadata::{Endpoint, Metadata, Role, Scope};
