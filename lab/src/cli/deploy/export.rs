//! `juju export-bundle`.

use std::path::PathBuf;

use clap::Args;

use crate::api::{ExportedBundle, Request};
use crate::cli::failure::CliError;
use crate::cli::session::Session;
use crate::cli::yaml;

/// Exports the current model as a bundle that deploys it again
#[derive(Debug, Args)]
pub(crate) struct ExportBundle {
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    filename: Option<PathBuf>,
}

impl ExportBundle {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let model = session.model()?;
        let exported: ExportedBundle = session.call(&Request::ExportBundle { model })?;
        let mut text = yaml::to_yaml(&exported.bundle)?;
        if let Some(overlay) = &exported.overlay {
            text.push_str("--- # overlay.yaml\n");
            text.push_str(&yaml::to_yaml(overlay)?);
        }
        let Some(file) = &self.filename else {
            return session.print(&text);
        };
        let failed = CliError::io(format!("write the bundle to {}", file.display()));
        std::fs::write(file, text).map_err(failed)?;
        session.print(&format!(
            "Bundle successfully exported to {}\n",
            file.display()
        ))
    }
}
