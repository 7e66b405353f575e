//! `--format` and `--output`: the same result as text for people or as data for programs.

use std::path::PathBuf;

use clap::ValueEnum;
use serde::Serialize;

use super::failure::CliError;
use super::session::Session;
use super::yaml;

/// The flags of a command whose result comes in the formats `F`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Output<F: ValueEnum + Clone + Default + Send + Sync + 'static> {
    /// Specify output format
    #[arg(long, value_enum)]
    format: Option<F>,
    /// Specify an output file
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    output_file: Option<PathBuf>,
}

impl<F: ValueEnum + Clone + Default + Send + Sync + 'static> Default for Output<F> {
    fn default() -> Self {
        Self {
            format: None,
            output_file: None,
        }
    }
}

impl<F: ValueEnum + Clone + Default + Send + Sync + 'static> Output<F> {
    pub(crate) fn format(&self) -> F {
        self.format.clone().unwrap_or_default()
    }

    /// Whether the result goes to a file instead of standard output.
    pub(crate) fn is_file(&self) -> bool {
        self.output_file.is_some()
    }

    pub(crate) fn write(&self, session: &Session, text: &str) -> Result<(), CliError> {
        match &self.output_file {
            None => session.print(text),
            Some(path) => std::fs::write(path, text).map_err(CliError::io(format!(
                "write the result to {}",
                path.display()
            ))),
        }
    }
}

/// Formats of a command that shows one thing in depth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Data {
    #[default]
    Yaml,
    Json,
}

/// Formats of a command that lists things.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Listing {
    #[default]
    Tabular,
    Yaml,
    Json,
}

impl Output<Data> {
    pub(crate) fn write_data<T: Serialize>(
        &self,
        session: &Session,
        value: &T,
    ) -> Result<(), CliError> {
        let text = match self.format() {
            Data::Yaml => yaml::to_yaml(value)?,
            Data::Json => json_line(value)?,
        };
        self.write(session, &text)
    }
}

impl Output<Listing> {
    /// `tabular` is only made if it is wanted.
    pub(crate) fn write_listing<T: Serialize>(
        &self,
        session: &Session,
        value: &T,
        tabular: impl FnOnce() -> String,
    ) -> Result<(), CliError> {
        let text = match self.format() {
            Listing::Tabular => tabular(),
            Listing::Yaml => yaml::to_yaml(value)?,
            Listing::Json => json_line(value)?,
        };
        self.write(session, &text)
    }
}

/// One compact line.
pub(crate) fn json_line<T: Serialize + ?Sized>(value: &T) -> Result<String, CliError> {
    let mut text = serde_json::to_string(value)?;
    text.push('\n');
    Ok(text)
}
