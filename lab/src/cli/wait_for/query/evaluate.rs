//! What an expression is worth, given what is known.

use serde_json::{Map, Value};

use super::{Comparison, Expression, QueryError, TextTest};

/// Whether an expression is true.
pub(super) fn holds(
    expression: &Expression,
    known: &Map<String, Value>,
) -> Result<bool, QueryError> {
    truth(&evaluate(expression, known)?)
}

fn evaluate(expression: &Expression, known: &Map<String, Value>) -> Result<Value, QueryError> {
    Ok(match expression {
        Expression::Value(value) => value.clone(),
        Expression::Name(path) => look_up(path, known)?,
        Expression::Not(inner) => Value::Bool(!truth(&evaluate(inner, known)?)?),
        Expression::And(left, right) => {
            Value::Bool(truth(&evaluate(left, known)?)? && truth(&evaluate(right, known)?)?)
        }
        Expression::Or(left, right) => {
            Value::Bool(truth(&evaluate(left, known)?)? || truth(&evaluate(right, known)?)?)
        }
        Expression::Compare(comparison, left, right) => Value::Bool(compare(
            *comparison,
            &evaluate(left, known)?,
            &evaluate(right, known)?,
        )?),
        Expression::Length(inner) => match evaluate(inner, known)? {
            Value::Array(items) => Value::from(items.len()),
            Value::String(text) => Value::from(text.chars().count()),
            other => return Err(wrong_kind("a list or a text", &other)),
        },
        Expression::Text(kind, whole, part) => {
            let (whole, part) = (evaluate(whole, known)?, evaluate(part, known)?);
            let (whole, part) = match (&whole, &part) {
                (Value::String(whole), Value::String(part)) => (whole, part),
                (Value::String(_), other) | (other, _) => return Err(wrong_kind("a text", other)),
            };
            Value::Bool(match kind {
                TextTest::StartsWith => whole.starts_with(part.as_str()),
                TextTest::EndsWith => whole.ends_with(part.as_str()),
                TextTest::Contains => whole.contains(part.as_str()),
            })
        }
        Expression::Each { list, name, test } => {
            let items = match evaluate(list, known)? {
                Value::Array(items) => items,
                other => return Err(wrong_kind("a list", &other)),
            };
            let mut inner = known.clone();
            for item in items {
                inner.insert(name.clone(), item);
                if !truth(&evaluate(test, &inner)?)? {
                    return Ok(Value::Bool(false));
                }
            }
            Value::Bool(true)
        }
    })
}

fn look_up(path: &[String], known: &Map<String, Value>) -> Result<Value, QueryError> {
    let unknown = |here: &Map<String, Value>| QueryError::UnknownName {
        name: path.join("."),
        known: here
            .keys()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", "),
    };
    let Some((first, rest)) = path.split_first() else {
        return Ok(Value::Null);
    };
    let mut value = known.get(first).ok_or_else(|| unknown(known))?;
    for name in rest {
        let Value::Object(parts) = value else {
            return Err(wrong_kind("something with parts", value));
        };
        value = parts.get(name).ok_or_else(|| unknown(parts))?;
    }
    Ok(value.clone())
}

fn compare(comparison: Comparison, left: &Value, right: &Value) -> Result<bool, QueryError> {
    let order = match (left, right) {
        (Value::String(left), Value::String(right)) => left.cmp(right),
        (Value::Number(left), Value::Number(right)) => left.as_i64().cmp(&right.as_i64()),
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        _ => {
            return Err(QueryError::DifferentKinds {
                left: left.to_string(),
                right: right.to_string(),
            });
        }
    };
    Ok(match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
    })
}

fn truth(value: &Value) -> Result<bool, QueryError> {
    match value {
        Value::Bool(flag) => Ok(*flag),
        other => Err(wrong_kind("true or false", other)),
    }
}

fn wrong_kind(expected: &'static str, found: &Value) -> QueryError {
    QueryError::WrongKind {
        expected,
        found: found.to_string(),
    }
}
