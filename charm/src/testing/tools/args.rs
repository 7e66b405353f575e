//! Arguments of a hook tool, by the rules of Juju's command line.

use std::collections::BTreeMap;

use crate::ToolError;

/// Flags anywhere, the rest in order; after `--` everything is rest.
#[derive(Debug, Default)]
pub(super) struct Args {
    flags: BTreeMap<String, String>,
    pub(super) rest: Vec<String>,
}

impl Args {
    /// `valued` are the flags that take a value, `plain` those that do not.
    pub(super) fn parse(
        tool: &str,
        args: &[&str],
        valued: &[&str],
        plain: &[&str],
    ) -> Result<Self, ToolError> {
        let mut parsed = Self::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            if *arg == "--" {
                parsed.rest.extend(args.map(|arg| (*arg).to_owned()));
                break;
            }
            if !arg.starts_with('-') || *arg == "-" {
                parsed.rest.push((*arg).to_owned());
                continue;
            }
            let (flag, value) = match arg.split_once('=') {
                Some((flag, value)) => (flag, Some(value)),
                None => (*arg, None),
            };
            let name = flag.trim_start_matches('-').to_owned();
            if plain.contains(&name.as_str()) {
                parsed.flags.insert(name, String::new());
            } else if valued.contains(&name.as_str()) || name == "format" {
                let value = value.or_else(|| args.next().copied());
                let Some(value) = value else {
                    return Err(usage(tool, &format!("option needs an argument: {flag}")));
                };
                parsed.flags.insert(name, value.to_owned());
            } else {
                return Err(usage(
                    tool,
                    &format!("option provided but not defined: {flag}"),
                ));
            }
        }
        Ok(parsed)
    }

    pub(super) fn flag(&self, name: &str) -> Option<&str> {
        self.flags.get(name).map(String::as_str)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.flags.contains_key(name)
    }
}

/// The tool did not understand: status 2.
pub(super) fn usage(tool: &str, message: &str) -> ToolError {
    ToolError::exited(tool, Some(2), &format!("ERROR {message}\n"))
}

/// The tool understood and could not: status 1.
pub(super) fn failed(tool: &str, message: &str) -> ToolError {
    ToolError::exited(tool, Some(1), &format!("ERROR {message}\n"))
}
