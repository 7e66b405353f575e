//! Writing values as YAML in the layout of Juju's command line: lists not indented under their key, double quotes
//! around strings that would be read as something else, `|` for text with line breaks.

use std::fmt::Write as _;

use serde::Serialize;
use serde_yaml::{Mapping, Value};

use super::resolve;

/// `value` as a YAML document ending in a newline. Fields keep the order in which they serialise.
pub(crate) fn to_yaml<T: Serialize + ?Sized>(value: &T) -> Result<String, serde_yaml::Error> {
    let value = serde_yaml::to_value(value)?;
    let mut out = String::new();
    match &value {
        Value::Mapping(map) if !map.is_empty() => mapping(&mut out, map, 0),
        Value::Sequence(items) if !items.is_empty() => sequence(&mut out, items, 0),
        other => {
            scalar(&mut out, other, 0);
            out.push('\n');
        }
    }
    Ok(out)
}

fn mapping(out: &mut String, map: &Mapping, indent: usize) {
    for (index, (key, value)) in map.iter().enumerate() {
        if index > 0 {
            pad(out, indent);
        }
        key_text(out, key);
        out.push(':');
        nested(out, value, indent);
    }
}

fn sequence(out: &mut String, items: &[Value], indent: usize) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            pad(out, indent);
        }
        out.push_str("- ");
        match item {
            Value::Mapping(map) if !map.is_empty() => mapping(out, map, indent + 2),
            Value::Sequence(inner) if !inner.is_empty() => sequence(out, inner, indent + 2),
            other => {
                scalar(out, other, indent);
                out.push('\n');
            }
        }
    }
}

/// What follows `key:`.
fn nested(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Mapping(map) if !map.is_empty() => {
            out.push('\n');
            pad(out, indent + 2);
            mapping(out, map, indent + 2);
        }
        Value::Sequence(items) if !items.is_empty() => {
            out.push('\n');
            pad(out, indent);
            sequence(out, items, indent);
        }
        other => {
            out.push(' ');
            scalar(out, other, indent);
            out.push('\n');
        }
    }
}

fn pad(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}

fn key_text(out: &mut String, key: &Value) {
    match key {
        Value::String(text) if text.contains('\n') => double_quoted(out, text),
        other => scalar(out, other, 0),
    }
}

/// One scalar (or an empty collection), without a line end; block text is indented below `indent`.
fn scalar(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => {
            let _ = write!(out, "{number}");
        }
        Value::String(text) => string(out, text, indent),
        Value::Sequence(_) => out.push_str("[]"),
        Value::Mapping(_) => out.push_str("{}"),
        Value::Tagged(tagged) => scalar(out, &tagged.value, indent),
    }
}

fn string(out: &mut String, text: &str, indent: usize) {
    if text.chars().any(|c| !is_printable(c)) {
        double_quoted(out, text);
    } else if text.contains('\n') {
        if fits_in_a_block(text) {
            block(out, text, indent + 2);
        } else {
            double_quoted(out, text);
        }
    } else if !resolve::is_plain_string(text) || text == "<<" {
        double_quoted(out, text);
    } else if may_be_plain(text) {
        out.push_str(text);
    } else {
        let _ = write!(out, "'{}'", text.replace('\'', "''"));
    }
}

fn is_printable(c: char) -> bool {
    c == '\n'
        || !(c.is_control()
            || matches!(
                c,
                '\u{feff}' | '\u{2028}' | '\u{2029}' | '\u{fffe}'..='\u{ffff}'
            ))
}

fn may_be_plain(text: &str) -> bool {
    let mut chars = text.chars();
    let (Some(first), second) = (chars.next(), chars.next()) else {
        return false;
    };
    let starts_well = match first {
        '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%'
        | '@' | '`' => false,
        '-' | '?' | ':' => second.is_some_and(|c| c != ' '),
        _ => true,
    };
    let looks_like_syntax = text.starts_with("---")
        || text.starts_with("...")
        || text.contains(": ")
        || text.ends_with(':')
        || text.contains(" #");
    starts_well && !looks_like_syntax && text.trim_matches(' ') == text
}

/// Block text cannot carry lines that end in spaces, or start with one before the first line's indentation is known.
fn fits_in_a_block(text: &str) -> bool {
    !text.starts_with([' ', '\n']) && !text.contains(" \n") && !text.ends_with(' ')
}

fn block(out: &mut String, text: &str, indent: usize) {
    out.push('|');
    let body = text.trim_end_matches('\n');
    let ends = text.len() - body.len();
    match ends {
        0 => out.push('-'),
        1 => {}
        _ => out.push('+'),
    }
    for line in body.split('\n') {
        out.push('\n');
        if !line.is_empty() {
            pad(out, indent);
            out.push_str(line);
        }
    }
    out.extend(std::iter::repeat_n('\n', ends.saturating_sub(1)));
}

fn double_quoted(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\u{1b}' => out.push_str("\\e"),
            c if is_printable(c) => out.push(c),
            c if u32::from(c) <= 0xff => {
                let _ = write!(out, "\\x{:02X}", u32::from(c));
            }
            c if u32::from(c) <= 0xffff => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => {
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn strings_are_quoted_only_where_they_would_be_misread() {
        let cases = [
            ("plain text", "plain text\n"),
            ("20260101-120000F", "20260101-120000F\n"),
            ("1048576", "\"1048576\"\n"),
            ("yes", "\"yes\"\n"),
            ("", "\"\"\n"),
            ("a: b", "'a: b'\n"),
            ("it's", "it's\n"),
            ("@home", "'@home'\n"),
            ("- item", "'- item'\n"),
            ("12:30", "\"12:30\"\n"),
            ("tab\there", "\"tab\\there\"\n"),
            ("bell\u{7}", "\"bell\\x07\"\n"),
        ];
        for (text, expected) in cases {
            assert_eq!(to_yaml(text).unwrap(), expected, "{text:?}");
        }
    }

    #[test]
    fn lists_sit_under_their_key_and_text_is_a_block() {
        let value = json!({
            "empty": {}, "list": ["a", {"b": 1, "c": [true]}], "none": [], "text": "one\n\n  two\n", "tail": "a\nb",
        });
        let expected = "\
empty: {}
list:
- a
- b: 1
  c:
  - true
none: []
tail: |-
  a
  b
text: |
  one

    two
";
        assert_eq!(to_yaml(&value).unwrap(), expected);
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_as_the_same(value in any_value()) {
            let text = to_yaml(&value).unwrap();
            prop_assert_eq!(parse(&text), Ok(value), "{}", text);
        }
    }

    fn any_value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(serde_json::Value::from),
            any::<i64>().prop_map(serde_json::Value::from),
            "[a-zA-Z0-9 .:,_{}\\[\\]#@!&*'\"\\\\%`|>~=<?\n\t-]{0,10}"
                .prop_map(serde_json::Value::from),
            any::<String>().prop_map(serde_json::Value::from),
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
                prop::collection::btree_map(".{0,6}", inner, 0..4)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }
}
