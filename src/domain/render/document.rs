//! A small document of maps, lists and scalars, and its text as YAML.
//!
//! The programs that read these files disagree about plain scalars: Python's reader (YAML 1.1) takes `12:30` for 750,
//! `off` for false and `2026-01-01` for a date, Go's does not. A password may look like any of them. So every string
//! that is not obviously a word or a path is written in double quotes.

use std::fmt::Write as _;

/// A value of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    Text(String),
    Int(i64),
    Bool(bool),
    List(Vec<Node>),
    /// In the order in which it is written.
    Map(Vec<(String, Node)>),
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Node {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&std::path::Path> for Node {
    fn from(path: &std::path::Path) -> Self {
        Self::Text(path.to_string_lossy().into_owned())
    }
}

impl From<std::path::PathBuf> for Node {
    fn from(path: std::path::PathBuf) -> Self {
        path.as_path().into()
    }
}

impl From<i64> for Node {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<u32> for Node {
    fn from(number: u32) -> Self {
        Self::Int(number.into())
    }
}

impl From<bool> for Node {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<Vec<String>> for Node {
    fn from(items: Vec<String>) -> Self {
        Self::List(items.into_iter().map(Self::Text).collect())
    }
}

impl<const N: usize> From<[(&str, Node); N]> for Node {
    fn from(entries: [(&str, Node); N]) -> Self {
        Self::Map(
            entries
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
        )
    }
}

impl From<Node> for serde_json::Value {
    fn from(node: Node) -> Self {
        match node {
            Node::Text(text) => Self::from(text),
            Node::Int(number) => Self::from(number),
            Node::Bool(truth) => Self::from(truth),
            Node::List(items) => Self::from(items),
            Node::Map(entries) => entries.into_iter().collect(),
        }
    }
}

impl Node {
    /// Adds an entry to a map; anything else stays as it is.
    pub fn push(&mut self, key: &str, value: Self) {
        if let Self::Map(entries) = self {
            entries.push((key.to_owned(), value));
        }
    }

    /// The document as YAML under a line that says where it comes from.
    pub fn to_yaml(&self) -> String {
        let mut text = String::from("# Written by the charm; changes made here are overwritten.\n");
        self.write_block(&mut text, 0);
        text
    }

    fn write_block(&self, text: &mut String, depth: usize) {
        match self {
            Self::Map(entries) => {
                for (key, value) in entries {
                    indent(text, depth);
                    let _ = write!(text, "{}:", scalar_text(key));
                    value.write_after_key(text, depth);
                }
            }
            Self::List(items) => {
                for item in items {
                    indent(text, depth);
                    text.push('-');
                    item.write_after_dash(text, depth);
                }
            }
            scalar => {
                let _ = writeln!(text, "{}", scalar.inline());
            }
        }
    }

    fn is_block(&self) -> bool {
        match self {
            Self::List(items) => !items.is_empty(),
            Self::Map(entries) => !entries.is_empty(),
            Self::Text(_) | Self::Int(_) | Self::Bool(_) => false,
        }
    }

    fn write_after_key(&self, text: &mut String, depth: usize) {
        if self.is_block() {
            text.push('\n');
            self.write_block(text, depth + 1);
        } else {
            let _ = writeln!(text, " {}", self.inline());
        }
    }

    fn write_after_dash(&self, text: &mut String, depth: usize) {
        if self.is_block() {
            let mut block = String::new();
            self.write_block(&mut block, depth + 1);
            // The first line of the block stands on the line of the dash.
            text.push(' ');
            text.push_str(block.trim_start());
        } else {
            let _ = writeln!(text, " {}", self.inline());
        }
    }

    fn inline(&self) -> String {
        match self {
            Self::Text(value) => scalar_text(value),
            Self::Int(number) => number.to_string(),
            Self::Bool(truth) => truth.to_string(),
            Self::List(_) => "[]".to_owned(),
            Self::Map(_) => "{}".to_owned(),
        }
    }
}

fn indent(text: &mut String, depth: usize) {
    text.extend(std::iter::repeat_n("  ", depth));
}

/// Words that one reader or another takes for something else than text.
const NOT_TEXT: [&str; 10] = [
    "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan",
];

fn scalar_text(value: &str) -> String {
    let begins_plainly =
        value.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '_');
    let continues_plainly = value
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_./-".contains(&byte));
    let reserved = NOT_TEXT.iter().any(|word| value.eq_ignore_ascii_case(word));
    if begins_plainly && continues_plainly && !reserved {
        return value.to_owned();
    }
    quoted(value)
}

/// In double quotes, everything escaped that a reader refuses or takes for the end of the line.
fn quoted(value: &str) -> String {
    let mut text = String::from('"');
    for character in value.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                let _ = write!(text, "\\u{:04x}", u32::from(character));
            }
            control if control.is_control() => {
                let _ = write!(text, "\\x{:02x}", u32::from(control));
            }
            plain => text.push(plain),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn maps_and_lists_nest_in_block_style() {
        let document = Node::from([
            ("name", "a".into()),
            ("list", vec!["x".to_owned(), "y z".to_owned()].into()),
            (
                "maps",
                Node::List(vec![[("k", 1_u32.into()), ("l", true.into())].into()]),
            ),
            ("nothing", Node::List(Vec::new())),
            (
                "nested",
                [("in", [("out", Node::Map(Vec::new()))].into())].into(),
            ),
        ]);
        assert_eq!(
            document.to_yaml(),
            "# Written by the charm; changes made here are overwritten.\n\
             name: a\nlist:\n  - x\n  - \"y z\"\nmaps:\n  - k: 1\n    l: true\nnothing: []\n\
             nested:\n  in:\n    out: {}\n"
        );
    }

    #[test]
    fn text_that_a_reader_could_take_for_something_else_is_quoted() {
        for text in [
            "",
            "off",
            "No",
            "12:30",
            "2026-01-01",
            "1_000",
            "0x1f",
            "=",
            "<<",
            "~",
            "Null",
            "a: b",
            "a #b",
            "1e5",
        ] {
            assert_eq!(scalar_text(text), format!("\"{text}\""));
        }
        for text in ["operator", "/run/postgresql", "wal_level", "a.b-c"] {
            assert_eq!(scalar_text(text), text);
        }
    }

    proptest! {
        #[test]
        fn any_text_reads_back_as_the_same_text(text: String) {
            let document = Node::from([("password", text.as_str().into())]).to_yaml();
            let read: serde_yaml::Value = serde_yaml::from_str(&document).unwrap();
            prop_assert_eq!(read["password"].as_str(), Some(text.as_str()));
        }
    }
}
