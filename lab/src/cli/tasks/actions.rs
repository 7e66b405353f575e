//! `juju actions`: what an application can be asked to do.

use std::collections::BTreeMap;

use clap::Args;

use crate::api::{ActionSpec, Request};
use crate::cli::failure::CliError;
use crate::cli::output::{Listing, Output, json_line};
use crate::cli::session::Session;
use crate::cli::table::{Cell, Table};
use crate::cli::terminal::Palette;
use crate::cli::yaml;

/// Lists actions defined for an application
#[derive(Debug, Args)]
pub(crate) struct Actions {
    application: String,
    /// Display the full action schema
    #[arg(long)]
    schema: bool,
    #[command(flatten)]
    output: Output<Listing>,
}

impl Actions {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let model = session.model()?;
        let actions: BTreeMap<String, ActionSpec> = session.call(&Request::Actions {
            model,
            application: self.application.clone(),
        })?;
        if actions.is_empty() {
            session.tell(&format!("No actions defined for {}.", self.application));
            return Ok(());
        }
        let schemas: BTreeMap<&String, &serde_json::Value> = actions
            .iter()
            .map(|(name, spec)| (name, &spec.schema))
            .collect();
        let short: BTreeMap<&String, &str> = actions
            .iter()
            .map(|(name, spec)| (name, spec.description.as_str()))
            .collect();
        let text = match (self.output.format(), self.schema) {
            (Listing::Json, true) => json_line(&schemas)?,
            (_, true) => yaml::to_yaml(&schemas)?,
            (Listing::Json, false) => json_line(&short)?,
            (Listing::Yaml, false) => yaml::to_yaml(&short)?,
            (Listing::Tabular, false) => table(&actions, session.palette()),
        };
        self.output.write(session, &text)
    }
}

fn table(actions: &BTreeMap<String, ActionSpec>, palette: Palette) -> String {
    let mut table = Table::new(&["Action", "Description"]);
    for (name, spec) in actions {
        let first_line = spec.description.lines().next().unwrap_or_default();
        table.row([Cell::from(name.as_str()), first_line.into()]);
    }
    table.render(palette)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_listed_with_the_first_line_of_their_description() {
        let spec = |description: &str| ActionSpec {
            description: description.to_owned(),
            schema: serde_json::Value::Null,
        };
        let actions = BTreeMap::from([
            (
                "restore".to_owned(),
                spec("Restore a backup.\nKeeps the old data."),
            ),
            ("create-backup".to_owned(), spec("Take a backup.")),
        ]);
        let expected = "\
Action         Description
create-backup  Take a backup.
restore        Restore a backup.
";
        assert_eq!(table(&actions, Palette::plain()), expected);
    }
}
