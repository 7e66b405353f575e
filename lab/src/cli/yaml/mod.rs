//! YAML as Juju's command line speaks it: YAML 1.1 in (so `yes` is a boolean), Go's layout out.

mod emit;
mod parse;
mod resolve;

pub(crate) use emit::to_yaml;
pub(crate) use parse::{YamlError, parse};
