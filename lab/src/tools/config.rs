//! `config-get`.

use super::ToolError;
use super::output::Output;
use super::parse::{self, Args, Flag};
use super::server::Invocation;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

pub(super) const FLAGS: &[Flag] = &[
    parse::FORMAT,
    parse::OUTPUT,
    Flag {
        long: "all",
        short: Some('a'),
        takes_value: false,
    },
];

pub(super) fn get(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    args.at_most(1)?;
    let all = args.has("all");
    if all && !args.rest.is_empty() {
        return Err(ToolError::usage(
            "cannot use argument --all together with key",
        ));
    }
    if invocation.state.config.is_none() {
        let values: BTreeMap<String, Value> = invocation.read(|model| {
            let application =
                crate::daemon::application_of(model, &invocation.context.application)?;
            let value = |option: &String| application.value(option).cloned().unwrap_or(Value::Null);
            Ok(application
                .charm
                .options
                .keys()
                .map(|option| (option.clone(), value(option)))
                .collect())
        })?;
        invocation.state.config = Some(values);
    }
    let values = invocation.state.config.as_ref();
    if let Some(key) = args.rest.first() {
        return Ok(Output::Value(
            values
                .and_then(|values| values.get(key))
                .cloned()
                .unwrap_or(Value::Null),
        ));
    }
    let shown: Map<String, Value> = values
        .into_iter()
        .flatten()
        .filter(|(_, value)| all || !value.is_null())
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    Ok(Output::Value(Value::Object(shown)))
}
