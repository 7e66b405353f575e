//! enable, disable, mask, unmask, is-enabled, cat.

use std::fs;
use std::io::{self, Write};

use super::super::Stop;
use super::Systemctl;
use super::show::property;
use crate::machine::protocol::{Answer, Change, Request, Verb};
use crate::machine::unit::links;
use crate::machine::unit::name::UnitName;

const NOTHING_TO_INSTALL: &str =
    "The unit files have no installation config (WantedBy=, RequiredBy=, UpheldBy=,
Also=, or Alias= settings in the [Install] section, and DefaultInstance= for
template units). This means they are not meant to be enabled or disabled using systemctl.";

impl Systemctl<'_> {
    pub(super) fn change(&self, change: Change, units: &[String]) -> Result<u8, Stop> {
        if units.is_empty() {
            return Err(Stop::new(1, "Too few arguments."));
        }
        let action = match change {
            Change::Enable => "enable",
            Change::Disable => "disable",
            Change::Mask => "mask",
            Change::Unmask => "unmask",
        };
        let answer = self.tool.ask(&Request::Change {
            change,
            units: units.to_vec(),
            runtime: self.options.has("runtime"),
        })?;
        match answer {
            Answer::Refused(cause) => {
                return Err(Stop::new(1, format!("Failed to {action} unit: {cause}")));
            }
            Answer::Changes {
                lines,
                nothing_to_install,
            } if !self.quiet() => {
                for line in lines {
                    writeln!(io::stderr(), "{line}")?;
                }
                if nothing_to_install && !self.options.has("no-warn") {
                    writeln!(io::stderr(), "{NOTHING_TO_INSTALL}")?;
                }
            }
            _ => {}
        }
        if !self.options.has("now") {
            return Ok(0);
        }
        match change {
            Change::Enable => self.jobs(Verb::Start, units),
            Change::Disable | Change::Mask => self.jobs(Verb::Stop, units),
            Change::Unmask => Ok(0),
        }
    }

    pub(super) fn is_enabled(&self, units: &[String]) -> Result<u8, Stop> {
        if units.is_empty() {
            return Err(Stop::new(1, "Too few arguments."));
        }
        let mut enabled = false;
        let mut known = false;
        for unit in units {
            let state = UnitName::from_argument(unit)
                .and_then(|name| links::file_state(&self.tool.layout, &name));
            known |= state.is_some();
            let state = state.unwrap_or("not-found");
            enabled |= matches!(
                state,
                "enabled"
                    | "enabled-runtime"
                    | "static"
                    | "alias"
                    | "indirect"
                    | "generated"
                    | "transient"
            );
            if !self.quiet() {
                writeln!(io::stdout(), "{state}")?;
            }
        }
        Ok(match (enabled, known) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => 4,
        })
    }

    pub(super) fn cat(&self, units: &[String]) -> Result<u8, Stop> {
        let mut first = true;
        for unit in self.expand(units)? {
            let properties = self.properties(&unit)?;
            let fragment = property(&properties, "FragmentPath");
            if fragment.is_empty() {
                return Err(Stop::new(
                    1,
                    format!("No files found for {}.", property(&properties, "Id")),
                ));
            }
            let drop_ins = property(&properties, "DropInPaths");
            for path in std::iter::once(fragment).chain(drop_ins.split_whitespace()) {
                let text = fs::read_to_string(path)
                    .map_err(|error| Stop::new(1, format!("Failed to cat {path}: {error}")))?;
                let mut out = io::stdout().lock();
                if !first {
                    writeln!(out)?;
                }
                first = false;
                writeln!(out, "# {path}")?;
                write!(out, "{text}")?;
            }
        }
        Ok(0)
    }
}
