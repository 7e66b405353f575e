//! list-units, list-unit-files, is-system-running.

use std::io::{self, Write};

use super::super::{Stop, glob};
use super::Systemctl;
use crate::machine::protocol::UnitSummary;
use crate::machine::unit::{directory, links};

impl Systemctl<'_> {
    pub(super) fn list_units(&self, patterns: &[String]) -> Result<u8, Stop> {
        let states: Vec<&str> = self
            .options
            .values("state")
            .flat_map(|states| states.split(','))
            .chain(self.options.has("failed").then_some("failed"))
            .collect();
        let shown: Vec<UnitSummary> = self
            .loaded()?
            .into_iter()
            .filter(|unit| self.type_matches(&unit.name) && any(patterns, &unit.name))
            .filter(|unit| {
                if !states.is_empty() {
                    return [&unit.load, &unit.active, &unit.sub]
                        .iter()
                        .any(|state| states.contains(&state.as_str()));
                }
                self.options.has("all") || unit.active != "inactive"
            })
            .collect();
        let mut rows = vec![["UNIT", "LOAD", "ACTIVE", "SUB", "DESCRIPTION"].map(str::to_owned)];
        rows.extend(shown.iter().map(|unit| {
            [
                unit.name.clone(),
                unit.load.clone(),
                unit.active.clone(),
                unit.sub.clone(),
                unit.description.clone(),
            ]
        }));
        let mark = |row: &[String; 5]| if row[2] == "failed" { "● " } else { "  " };
        let legend = !self.options.has("no-legend");
        let mut out = io::stdout().lock();
        let plain = self.options.has("plain");
        for line in table(&rows).iter().zip(&rows).skip(usize::from(!legend)) {
            let mark = if plain { "" } else { mark(line.1) };
            writeln!(out, "{mark}{}", line.0)?;
        }
        if legend {
            writeln!(out, "\n{} loaded units listed.", shown.len())?;
        }
        Ok(0)
    }

    pub(super) fn list_unit_files(&self, patterns: &[String]) -> Result<u8, Stop> {
        let layout = &self.tool.layout;
        let mut rows = vec![["UNIT FILE", "STATE"].map(str::to_owned)];
        for name in directory::all(layout).keys() {
            let state = links::file_state(layout, name).unwrap_or("bad");
            let wanted = self
                .options
                .value("state")
                .is_none_or(|states| states.split(',').any(|wanted| wanted == state));
            if wanted && self.type_matches(name.as_str()) && any(patterns, name.as_str()) {
                rows.push([name.as_str().to_owned(), state.to_owned()]);
            }
        }
        let legend = !self.options.has("no-legend");
        let mut out = io::stdout().lock();
        for line in table(&rows).iter().skip(usize::from(!legend)) {
            writeln!(out, "{line}")?;
        }
        if legend {
            writeln!(out, "\n{} unit files listed.", rows.len() - 1)?;
        }
        Ok(u8::from(rows.len() == 1 && !patterns.is_empty()))
    }

    pub(super) fn is_system_running(&self) -> Result<u8, Stop> {
        let degraded = self.loaded()?.iter().any(|unit| unit.active == "failed");
        if !self.quiet() {
            writeln!(
                io::stdout(),
                "{}",
                if degraded { "degraded" } else { "running" }
            )?;
        }
        Ok(u8::from(degraded))
    }

    fn type_matches(&self, name: &str) -> bool {
        self.options.value("type").is_none_or(|types| {
            let suffix = name.rsplit_once('.').map_or("", |(_, suffix)| suffix);
            types.split(',').any(|wanted| wanted == suffix)
        })
    }
}

fn any(patterns: &[String], name: &str) -> bool {
    patterns.is_empty()
        || patterns.iter().any(|pattern| {
            glob::matches(pattern, name) || glob::matches(&format!("{pattern}.service"), name)
        })
}

/// Rows as lines with aligned columns.
fn table<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> Vec<String> {
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..COLUMNS).map(width).collect();
    rows.iter()
        .map(|row| {
            let cells: Vec<String> = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{cell:<width$}"))
                .collect();
            cells.join(" ").trim_end().to_owned()
        })
        .collect()
}
