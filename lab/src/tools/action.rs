//! `action-get`, `action-set`, `action-log`, `action-fail`.

use super::ToolError;
use super::output::Output;
use super::parse::Args;
use super::server::Invocation;
use crate::api::{Level, LogLine};
use crate::model::identity;
use crate::model::operation::Work;
use serde_json::{Map, Value};

const RESERVED: [&str; 4] = ["stdout", "stdout-encoding", "stderr", "stderr-encoding"];
const DEFAULT_FAILURE: &str = "action failed without reason given, check action for errors";

fn task(invocation: &Invocation<'_>) -> Result<u64, ToolError> {
    invocation
        .context
        .task
        .ok_or_else(|| ToolError::runtime("not running an action"))
}

pub(super) fn get(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    args.at_most(1)?;
    let id = task(invocation)?;
    let params = invocation.read(|model| {
        Ok(match model.tasks.get(&id).map(|task| &task.work) {
            Some(Work::Action { params, .. }) => Value::Object(params.as_ref().clone()),
            _ => Value::Object(Map::new()),
        })
    })?;
    let Some(key) = args.rest.first() else {
        return Ok(Output::Value(params));
    };
    let value = key
        .split('.')
        .try_fold(&params, |value, segment| value.get(segment))
        .cloned();
    Ok(Output::Value(value.unwrap_or(Value::Null)))
}

pub(super) fn set(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    task(invocation)?;
    // Check everything first: a refused call sets nothing.
    let mut pairs = Vec::new();
    for arg in &args.rest {
        let Some((key, value)) = arg.split_once('=') else {
            return Err(ToolError::usage(format!(
                "argument \"{arg}\" must be of the form key...=value"
            )));
        };
        let segments: Vec<&str> = key.split('.').collect();
        if let Some(reserved) = segments.iter().find(|segment| RESERVED.contains(*segment)) {
            return Err(ToolError::usage(format!(
                "cannot set reserved action key \"{reserved}\""
            )));
        }
        if !segments.iter().all(|segment| is_segment(segment)) {
            return Err(ToolError::usage(format!(
                "key \"{key}\" must start and end with lowercase alphanumeric, and contain only lowercase \
                 alphanumeric, hyphens and periods"
            )));
        }
        pairs.push((segments, value));
    }
    for (segments, value) in pairs {
        insert(&mut invocation.state.results, &segments, value);
    }
    Ok(Output::Nothing)
}

fn is_segment(segment: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    segment.bytes().next().is_some_and(inner)
        && segment.bytes().next_back().is_some_and(inner)
        && segment.bytes().all(|byte| inner(byte) || byte == b'-')
}

fn insert(map: &mut Map<String, Value>, segments: &[&str], value: &str) {
    match segments {
        [] => {}
        [last] => {
            map.insert((*last).to_owned(), Value::from(value));
        }
        [first, rest @ ..] => {
            let child = map
                .entry((*first).to_owned())
                .or_insert_with(|| Value::Object(Map::new()));
            if !child.is_object() {
                *child = Value::Object(Map::new());
            }
            if let Value::Object(child) = child {
                insert(child, rest, value);
            }
        }
    }
}

pub(super) fn log(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    let id = task(invocation)?;
    if args.rest.is_empty() {
        return Err(ToolError::usage("no message specified"));
    }
    let message = args.rest.join(" ");
    let context = invocation.context;
    let line = LogLine {
        time: invocation.now,
        message: message.clone(),
    };
    invocation
        .daemon
        .deliveries
        .append(&context.model_uuid, id, &line)
        .map_err(|error| ToolError::runtime(format!("cannot log: {error}")))?;
    let module = format!("unit.{}.action-log", context.unit);
    let entity = identity::unit_tag(&context.unit);
    invocation
        .daemon
        .logs
        .append(&context.model_uuid, &entity, Level::Info, &module, &message);
    Ok(Output::Nothing)
}

pub(super) fn fail(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    args.at_most(1)?;
    task(invocation)?;
    invocation.state.failed = Some(
        args.rest
            .first()
            .map_or(DEFAULT_FAILURE, String::as_str)
            .to_owned(),
    );
    Ok(Output::Nothing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_nested_key_turns_a_value_into_a_map() {
        let mut map = Map::new();
        insert(&mut map, &["a"], "1");
        insert(&mut map, &["a", "b"], "2");
        assert_eq!(Value::Object(map), serde_json::json!({"a": {"b": "2"}}));
    }

    #[test]
    fn segments_are_lower_case_words_with_inner_hyphens() {
        for good in ["a", "0", "backup-id"] {
            assert!(is_segment(good), "{good}");
        }
        for bad in ["", "-a", "a-", "X", "a_b"] {
            assert!(!is_segment(bad), "{bad}");
        }
    }
}
