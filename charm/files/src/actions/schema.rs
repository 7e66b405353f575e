//! The part of JSON schema (draft 4) that actions use: check a value, add defaults.
//!
//! The messages are worded like those of the library Juju uses, because scripts read them.

use serde_json::{Map, Value};

const TYPES: [&str; 7] = [
    "array", "boolean", "integer", "null", "number", "object", "string",
];

/// What does not fit; empty when all does.
pub(super) fn check(schema: &Map<String, Value>, value: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    check_at("(root)", schema, value, &mut problems);
    problems
}

fn check_at(place: &str, schema: &Map<String, Value>, value: &Value, problems: &mut Vec<String>) {
    let mut report = |what: String| problems.push(format!("{place} : {what}, given {value}"));

    let types = types_of(schema);
    if !types.is_empty() && !types.iter().any(|kind| is_of_type(kind, value)) {
        report(format!("must be of type {}", types.join(",")));
        return;
    }
    if let Some(allowed) = schema.get("enum").and_then(Value::as_array)
        && !allowed.contains(value)
    {
        let allowed: Vec<String> = allowed.iter().map(Value::to_string).collect();
        report(format!(
            "must match one of the enum values [{}]",
            allowed.join(",")
        ));
    }
    match value {
        Value::Number(_) => check_number(schema, value, &mut report),
        Value::String(text) => check_length(schema, text, &mut report),
        Value::Array(items) => {
            check_count(schema, items.len(), &mut report);
            if let Some(of_items) = schema.get("items").and_then(Value::as_object) {
                for (index, item) in items.iter().enumerate() {
                    check_at(&format!("{place}.{index}"), of_items, item, problems);
                }
            }
        }
        Value::Object(map) => {
            check_keys(schema, map, &mut report);
            let properties = schema.get("properties").and_then(Value::as_object);
            for (name, of_value) in properties.into_iter().flatten() {
                if let (Some(of_value), Some(value)) = (of_value.as_object(), map.get(name)) {
                    check_at(&format!("{place}.{name}"), of_value, value, problems);
                }
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

fn check_number(schema: &Map<String, Value>, value: &Value, report: &mut impl FnMut(String)) {
    let number = value.as_f64().unwrap_or_default();
    let is_set = |key: &str| schema.get(key).and_then(Value::as_bool).unwrap_or(false);
    if let Some((limit, least)) = schema.get("minimum").and_then(|l| Some((l, l.as_f64()?))) {
        if is_set("exclusiveMinimum") && number <= least {
            report(format!("must be greater than {limit}"));
        } else if number < least {
            report(format!("must be greater than or equal to {limit}"));
        }
    }
    if let Some((limit, most)) = schema.get("maximum").and_then(|l| Some((l, l.as_f64()?))) {
        if is_set("exclusiveMaximum") && number >= most {
            report(format!("must be lower than {limit}"));
        } else if number > most {
            report(format!("must be lower than or equal to {limit}"));
        }
    }
    if let Some(step) = schema.get("multipleOf").and_then(Value::as_f64)
        && step > 0.0
        && (number / step).fract().abs() > f64::EPSILON
    {
        report(format!("must be a multiple of {step}"));
    }
}

fn check_length(schema: &Map<String, Value>, text: &str, report: &mut impl FnMut(String)) {
    let length = text.chars().count();
    if let Some(least) = size(schema, "minLength").filter(|least| length < *least) {
        report(format!("string length must be greater or equal to {least}"));
    }
    if let Some(most) = size(schema, "maxLength").filter(|most| length > *most) {
        report(format!("string length must be lower or equal to {most}"));
    }
}

fn check_count(schema: &Map<String, Value>, count: usize, report: &mut impl FnMut(String)) {
    if let Some(least) = size(schema, "minItems").filter(|least| count < *least) {
        report(format!("array must have at least {least} items"));
    }
    if let Some(most) = size(schema, "maxItems").filter(|most| count > *most) {
        report(format!("array must have at most {most} items"));
    }
}

fn check_keys(
    schema: &Map<String, Value>,
    map: &Map<String, Value>,
    report: &mut impl FnMut(String),
) {
    let required = schema.get("required").and_then(Value::as_array);
    for name in required.into_iter().flatten().filter_map(Value::as_str) {
        if !map.contains_key(name) {
            report(format!("{name:?} property is missing and required"));
        }
    }
    if schema.get("additionalProperties") == Some(&Value::Bool(false)) {
        let known = schema.get("properties").and_then(Value::as_object);
        for name in map
            .keys()
            .filter(|name| !known.is_some_and(|k| k.contains_key(*name)))
        {
            report(format!("additional property {name:?} is not allowed"));
        }
    }
}

/// The value with the defaults of the properties it does not have, also inside of those it has.
pub(super) fn with_defaults(schema: &Map<String, Value>, value: Value) -> Value {
    let Value::Object(mut map) = value else {
        return value;
    };
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, of_value) in properties.into_iter().flatten() {
        let Some(of_value) = of_value.as_object() else {
            continue;
        };
        match (map.remove(name), of_value.get("default")) {
            (Some(given), _) => {
                map.insert(name.clone(), with_defaults(of_value, given));
            }
            (None, Some(default)) => {
                map.insert(name.clone(), default.clone());
            }
            (None, None) => {}
        }
    }
    Value::Object(map)
}

/// What would make the charm undeployable.
pub(super) fn problems_of_schema(schema: &Value) -> Result<(), String> {
    no_references(schema)?;
    match schema {
        Value::Object(schema) => known_types(schema),
        _ => Ok(()),
    }
}

fn no_references(schema: &Value) -> Result<(), String> {
    match schema {
        Value::Object(map) => {
            for (key, value) in map {
                if key == "$ref" || key == "$schema" {
                    return Err(format!(
                        "schema key {key:?} not compatible with this version of juju"
                    ));
                }
                no_references(value)?;
            }
            Ok(())
        }
        Value::Array(items) => items.iter().try_for_each(no_references),
        _ => Ok(()),
    }
}

fn known_types(schema: &Map<String, Value>) -> Result<(), String> {
    if let Some(unknown) = types_of(schema).iter().find(|kind| !TYPES.contains(kind)) {
        return Err(format!("{unknown:?} is not a valid type"));
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, property) in properties.into_iter().flatten() {
        match property {
            Value::Object(property) => known_types(property)?,
            _ => return Err(format!("the schema of {name:?} must be a map")),
        }
    }
    match schema.get("items") {
        Some(Value::Object(items)) => known_types(items),
        _ => Ok(()),
    }
}

fn types_of(schema: &Map<String, Value>) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn is_of_type(kind: &str, value: &Value) -> bool {
    match kind {
        "array" => value.is_array(),
        "boolean" => value.is_boolean(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "object" => value.is_object(),
        "string" => value.is_string(),
        _ => false,
    }
}

fn size(schema: &Map<String, Value>, key: &str) -> Option<usize> {
    schema
        .get(key)?
        .as_u64()
        .and_then(|size| usize::try_from(size).ok())
}
