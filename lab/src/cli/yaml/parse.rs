//! Reading one YAML document into a JSON value, keeping the difference between `yes` and `"yes"`.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::{Map, Value};
use thiserror::Error;

use super::resolve;

/// Aliases multiply nodes; beyond this many a document is an attack or a mistake.
const MAX_NODES: usize = 1_000_000;
/// Deeper values would overflow the stack of code that walks them.
const MAX_DEPTH: usize = 128;

/// Why a text is not a usable YAML value.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum YamlError {
    #[error("yaml: line {line}: {reason}")]
    Syntax { line: usize, reason: String },
    #[error("yaml: map keyed with the non-string value {0}\nhint: write the key in quotes")]
    KeyNotString(String),
    #[error("yaml: key {0:?} already set in map")]
    DuplicateKey(String),
    #[error("yaml: {0} cannot be passed as a value")]
    NotRepresentable(String),
    #[error("yaml: more than one document")]
    SeveralDocuments,
    #[error("yaml: document too large or too deeply nested")]
    TooLarge,
}

/// Parses the only document of `text`; an empty text is null.
pub(crate) fn parse(text: &str) -> Result<Value, YamlError> {
    let mut build = Build::default();
    let mut documents = 0;
    for event in Parser::new_from_str(text) {
        let (event, _) = event.map_err(|error| YamlError::Syntax {
            line: error.marker().line(),
            reason: error.info().to_owned(),
        })?;
        match event {
            Event::DocumentStart(_) => {
                documents += 1;
                if documents > 1 {
                    return Err(YamlError::SeveralDocuments);
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let value = scalar(&text, style, tag.as_deref())?;
                let is_merge_key = style == ScalarStyle::Plain && tag.is_none() && text == "<<";
                build.value(value, anchor, is_merge_key)?;
            }
            Event::SequenceStart(anchor, _) => build.open(Open::List(Vec::new()), anchor)?,
            Event::MappingStart(anchor, _) => {
                build.open(Open::Map(Map::new(), Vec::new(), Key::Missing), anchor)?;
            }
            Event::SequenceEnd | Event::MappingEnd => build.close()?,
            Event::Alias(anchor) => {
                let value = build.anchors.get(&anchor).cloned().unwrap_or_default();
                build.value(value, 0, false)?;
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
    }
    Ok(build.done.unwrap_or_default())
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, YamlError> {
    let string = || Value::String(text.to_owned());
    if let Some(tag) = tag
        && (tag.is_yaml_core_schema() || tag.handle == "!!")
    {
        return Ok(match tag.suffix.as_str() {
            "str" => string(),
            _ => plain(text)?,
        });
    }
    if style == ScalarStyle::Plain && tag.is_none() {
        plain(text)
    } else {
        Ok(string())
    }
}

fn plain(text: &str) -> Result<Value, YamlError> {
    resolve::plain(text).ok_or_else(|| YamlError::NotRepresentable(text.to_owned()))
}

enum Open {
    List(Vec<Value>),
    /// The entries, the maps merged in with `<<` (they never override entries), and the key waiting for its value.
    Map(Map<String, Value>, Vec<Value>, Key),
}

enum Key {
    Missing,
    Merge,
    Named(String),
}

#[derive(Default)]
struct Build {
    open: Vec<(Open, usize)>,
    anchors: HashMap<usize, Value>,
    done: Option<Value>,
    nodes: usize,
}

impl Build {
    fn open(&mut self, open: Open, anchor: usize) -> Result<(), YamlError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(YamlError::TooLarge);
        }
        self.open.push((open, anchor));
        Ok(())
    }

    fn close(&mut self) -> Result<(), YamlError> {
        let Some((open, anchor)) = self.open.pop() else {
            return Ok(());
        };
        let value = match open {
            Open::List(items) => Value::Array(items),
            Open::Map(mut entries, merged, _) => {
                for (key, value) in merged.into_iter().flat_map(entries_of) {
                    entries.entry(key).or_insert(value);
                }
                Value::Object(entries)
            }
        };
        self.value(value, anchor, false)
    }

    fn value(&mut self, value: Value, anchor: usize, is_merge_key: bool) -> Result<(), YamlError> {
        self.nodes += size(&value);
        if self.nodes > MAX_NODES {
            return Err(YamlError::TooLarge);
        }
        if anchor > 0 {
            self.anchors.insert(anchor, value.clone());
        }
        match self.open.last_mut() {
            None => self.done = Some(value),
            Some((Open::List(items), _)) => items.push(value),
            Some((Open::Map(entries, merged, key), _)) => {
                match std::mem::replace(key, Key::Missing) {
                    Key::Missing if is_merge_key => *key = Key::Merge,
                    Key::Missing => match value {
                        Value::String(name) => *key = Key::Named(name),
                        other => return Err(YamlError::KeyNotString(other.to_string())),
                    },
                    Key::Merge => match value {
                        Value::Array(maps) => merged.extend(maps),
                        map => merged.push(map),
                    },
                    Key::Named(name) => {
                        if entries.contains_key(&name) {
                            return Err(YamlError::DuplicateKey(name));
                        }
                        entries.insert(name, value);
                    }
                }
            }
        }
        Ok(())
    }
}

fn entries_of(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(entries) => entries,
        _ => Map::new(),
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Object(entries) => 1 + entries.values().map(size).sum::<usize>(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;
    use std::fmt::Write as _;

    #[test]
    fn quotes_keep_strings_and_flow_values_nest() {
        let cases = [
            ("", json!(null)),
            ("\"yes\"", json!("yes")),
            ("'1.10'", json!("1.10")),
            ("[a, yes, \"yes\", 3]", json!(["a", true, "yes", 3])),
            ("{a: 1, b: {c: on}}", json!({"a": 1, "b": {"c": true}})),
            ("!!str 12", json!("12")),
            ("!!int \"12\"", json!(12)),
            ("a: |\n  one\n  two\n", json!({"a": "one\ntwo\n"})),
            (
                "a: &x {k: 1}\nb: *x\nc: {<<: *x, l: 2}",
                json!({
                    "a": {"k": 1}, "b": {"k": 1}, "c": {"k": 1, "l": 2}
                }),
            ),
            ("base: {<<: {k: 1}, k: 2}", json!({"base": {"k": 2}})),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn texts_that_are_no_single_value_are_refused_with_the_reason() {
        let error = parse("ok: 1\nbad: [a}").unwrap_err();
        assert!(
            matches!(error, YamlError::Syntax { line: 2, .. }),
            "{error}"
        );
        assert_eq!(parse("1: a"), Err(YamlError::KeyNotString("1".to_owned())));
        assert_eq!(
            parse("{a: 1, a: 2}"),
            Err(YamlError::DuplicateKey("a".to_owned()))
        );
        assert_eq!(parse("--- 1\n--- 2"), Err(YamlError::SeveralDocuments));
        assert_eq!(
            parse(".inf"),
            Err(YamlError::NotRepresentable(".inf".to_owned()))
        );
        assert_eq!(parse(&"[".repeat(200)), Err(YamlError::TooLarge));
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        let mut text = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for level in 1..9 {
            let before = format!("*a{}", level - 1);
            let inner = [before.as_str(); 10].join(",");
            let _ = writeln!(text, "a{level}: &a{level} [{inner}]");
        }
        assert_eq!(parse(&text), Err(YamlError::TooLarge));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,60}") {
            let _ = parse(&text);
        }

        #[test]
        fn json_is_read_as_itself(value in any_json()) {
            prop_assert_eq!(parse(&value.to_string()), Ok(value));
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a-zA-Z0-9 .:_{}#-]{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-z]{1,4}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }
}
