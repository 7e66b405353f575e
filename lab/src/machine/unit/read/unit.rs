//! The `[Unit]` section.

use super::values;
use super::{Assigned, Reader};
use crate::machine::unit::definition::{Check, Condition};
use crate::machine::unit::name::UnitName;
use crate::machine::unit::timespan;

impl Reader<'_> {
    pub(super) fn assign_unit(&mut self, key: &str, value: &str) -> Assigned {
        let dependencies = &mut self.definition.dependencies;
        let list = match key {
            "After" => &mut dependencies.after,
            "Before" => &mut dependencies.before,
            "Requires" => &mut dependencies.requires,
            "Requisite" => &mut dependencies.requisite,
            "Wants" | "Upholds" => &mut dependencies.wants,
            "BindsTo" => &mut dependencies.binds_to,
            "PartOf" => &mut dependencies.part_of,
            "Conflicts" => &mut dependencies.conflicts,
            _ => return self.assign_other_unit(key, value),
        };
        extend(list, values::units(value, self.specifiers))
    }

    fn assign_other_unit(&mut self, key: &str, value: &str) -> Assigned {
        let definition = &mut self.definition;
        match key {
            "Description" => match values::expand(value, self.specifiers) {
                Ok(text) if text.is_empty() => {
                    self.specifiers
                        .name
                        .as_str()
                        .clone_into(&mut definition.description);
                }
                Ok(text) => definition.description = text,
                Err(note) => return Assigned::Bad(note),
            },
            "StartLimitIntervalSec" | "StartLimitInterval" => match timespan::parse(value) {
                Some(limit) => definition.start_limit_interval = limit.unwrap_or_default(),
                None => return bad(key, value),
            },
            "StartLimitBurst" => match value.parse() {
                Ok(burst) => definition.start_limit_burst = burst,
                Err(_) => return bad(key, value),
            },
            _ => return self.assign_condition(key, value),
        }
        Assigned::Used
    }

    fn assign_condition(&mut self, key: &str, value: &str) -> Assigned {
        let (assertion, check) = match (key.strip_prefix("Condition"), key.strip_prefix("Assert")) {
            (Some(check), _) => (false, check),
            (_, Some(check)) => (true, check),
            _ => return Assigned::Unknown,
        };
        let check = match check {
            "PathExists" => Check::PathExists,
            "PathIsDirectory" => Check::PathIsDirectory,
            "DirectoryNotEmpty" => Check::DirectoryNotEmpty,
            "FileNotEmpty" => Check::FileNotEmpty,
            "FileIsExecutable" => Check::FileIsExecutable,
            _ => return Assigned::Unknown,
        };
        if value.is_empty() {
            self.definition.conditions.clear();
            return Assigned::Used;
        }
        let (triggering, rest) = strip(value, '|');
        let (negated, rest) = strip(rest, '!');
        match values::path(rest, self.specifiers) {
            Ok(path) => self.definition.conditions.push(Condition {
                check,
                path,
                negated,
                assertion,
                triggering,
            }),
            Err(note) => return Assigned::Bad(note),
        }
        Assigned::Used
    }
}

fn strip(value: &str, mark: char) -> (bool, &str) {
    match value.strip_prefix(mark) {
        Some(rest) => (true, rest.trim_start()),
        None => (false, value),
    }
}

pub(super) fn bad(key: &str, value: &str) -> Assigned {
    Assigned::Bad(format!("Failed to parse {key}= value, ignoring: {value}"))
}

/// Adds names to a list of dependencies. An empty value changes nothing: dependencies cannot be reset.
pub(super) fn extend(list: &mut Vec<UnitName>, names: Result<Vec<UnitName>, String>) -> Assigned {
    match names {
        Ok(names) => {
            for name in names {
                if !list.contains(&name) {
                    list.push(name);
                }
            }
            Assigned::Used
        }
        Err(note) => Assigned::Bad(note),
    }
}
