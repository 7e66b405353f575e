//! The files of a Juju charm as types.
//!
//! Each type reads one file (`parse`) and refuses what Juju would refuse when the charm is
//! deployed. Nothing here talks to Juju or knows how hooks run: charms, packers and servers can
//! share it.
//!
//! ```
//! use juju_charm_files::{Actions, ConfigOptions};
//! use serde_json::json;
//!
//! let config = ConfigOptions::parse("options: {memory: {type: int, default: 0}}")?;
//! assert_eq!(config.parse_value("memory", "512")?, json!(512));
//! let error = config.parse_value("memory", "lots").unwrap_err();
//! assert_eq!(error.to_string(), r#"option "memory" expected int, got "lots""#);
//!
//! let actions = Actions::parse("backup: {params: {type: {type: string, default: full}}}")?;
//! let params = actions.get("backup").unwrap().validate(serde_json::Map::new())?;
//! assert_eq!(params["type"], "full");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![warn(missing_docs)]

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
