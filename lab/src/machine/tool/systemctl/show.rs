//! show, is-active, is-failed.

use std::io::{self, Write};

use super::super::Stop;
use super::Systemctl;
use crate::machine::protocol::{Answer, Request};

pub(super) type Properties = Vec<(String, String)>;

pub(super) fn property<'a>(properties: &'a Properties, name: &str) -> &'a str {
    properties
        .iter()
        .find(|(known, _)| known == name)
        .map_or("", |(_, value)| value)
}

impl Systemctl<'_> {
    pub(super) fn properties(&self, unit: &str) -> Result<Properties, Stop> {
        match self.tool.ask(&Request::Show {
            unit: unit.to_owned(),
        })? {
            Answer::Properties(properties) => Ok(properties),
            Answer::Refused(cause) => Err(Stop::new(1, cause)),
            _ => Ok(Properties::new()),
        }
    }

    pub(super) fn show(&self, units: &[String]) -> Result<u8, Stop> {
        let wanted: Vec<&str> = self
            .options
            .values("property")
            .chain(self.options.values("property-value"))
            .flat_map(|names| names.split(','))
            .collect();
        let bare = self.options.has("value") || self.options.has("property-value");
        let mut out = io::stdout().lock();
        if units.is_empty() {
            return Ok(0);
        }
        for (position, unit) in self.expand(units)?.iter().enumerate() {
            if position > 0 {
                writeln!(out)?;
            }
            for (name, value) in self.properties(unit)? {
                let shown = wanted.is_empty() || wanted.contains(&name.as_str());
                if !shown {
                    continue;
                }
                if bare {
                    writeln!(out, "{value}")?;
                } else if !(wanted.is_empty() && value.is_empty() && !self.options.has("all")) {
                    writeln!(out, "{name}={value}")?;
                }
            }
        }
        Ok(0)
    }

    /// 0 when one of the units is active; 3 when none is, and 4 when none even exists.
    pub(super) fn is_active(&self, units: &[String]) -> Result<u8, Stop> {
        self.check(units, &["active", "reloading"], 3)
    }

    pub(super) fn is_failed(&self, units: &[String]) -> Result<u8, Stop> {
        if units.is_empty() {
            let failed = self.loaded()?.iter().any(|unit| unit.active == "failed");
            if !self.quiet() {
                writeln!(
                    io::stdout(),
                    "{}",
                    if failed { "degraded" } else { "running" }
                )?;
            }
            return Ok(u8::from(!failed));
        }
        self.check(units, &["failed"], 1)
    }

    fn check(&self, units: &[String], good: &[&str], bad_code: u8) -> Result<u8, Stop> {
        let mut found = false;
        let mut known = false;
        for unit in self.expand(units)? {
            let properties = self.properties(&unit)?;
            let state = property(&properties, "ActiveState");
            if !self.quiet() {
                writeln!(io::stdout(), "{state}")?;
            }
            found |= good.contains(&state);
            known |= property(&properties, "LoadState") != "not-found";
        }
        Ok(match (found, known) {
            (true, _) => 0,
            (false, true) => bad_code,
            (false, false) => 4,
        })
    }
}
