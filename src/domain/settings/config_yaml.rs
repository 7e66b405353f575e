//! The text of `config.yaml`, from the same declarations that options are read by.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::declaration::{Declaration, Kind};
use super::{OptionValue, general, memory, tuning, workers};

/// The width of a line of a description.
const WIDTH: usize = 100;

/// The text of `config.yaml`, options in the order of their hyphenated names.
pub fn config_yaml() -> String {
    let mut text = String::from(
        "# Made from src/domain/settings: change it there, then run `BLESS=1 cargo test config_yaml`.\noptions:\n",
    );
    for option in declarations().values() {
        let twin = option.underscored();
        let default = option.kind.default();
        let about = described(option);
        // A default on both names would make the first always set, and the second never heard.
        let own_default = if twin.is_some() {
            None
        } else {
            default.clone()
        };
        write_option(&mut text, option.name, option.kind, &about, own_default);
        if let Some(twin) = twin {
            let about = format!(
                "Another name of {0}, which wins when both are set.",
                option.name
            );
            write_option(&mut text, &twin, option.kind, &about, default);
        }
    }
    text
}

/// Every option by its hyphenated name.
pub(super) fn declarations() -> BTreeMap<&'static str, Declaration> {
    let tuning = tuning::all().map(tuning::Tuning::declaration);
    general::DECLARATIONS
        .into_iter()
        .chain(workers::DECLARATIONS)
        .chain([memory::SHARED_BUFFERS])
        .chain(tuning)
        .map(|option| (option.name, option))
        .collect()
}

fn described(option: &Declaration) -> String {
    let default = match option.kind.default() {
        Some(OptionValue::String(text)) if text.is_empty() => "empty".to_owned(),
        Some(value) => value.to_string(),
        None => "unset".to_owned(),
    };
    let restart = if option.restart {
        " Changing it restarts PostgreSQL."
    } else {
        ""
    };
    format!(
        "{}{restart} Allowed: {}. Default: {default}.",
        option.about,
        option.kind.allowed()
    )
}

fn write_option(
    text: &mut String,
    name: &str,
    kind: Kind,
    about: &str,
    default: Option<OptionValue>,
) {
    let _ = writeln!(text, "  {name}:\n    description: |");
    for line in wrapped(about) {
        let _ = writeln!(text, "      {line}");
    }
    let _ = writeln!(text, "    type: {}", kind.type_name());
    if let Some(default) = default {
        let default = match default {
            OptionValue::String(word) => format!("\"{word}\""),
            // Juju wants to see that it is a float.
            OptionValue::Float(number) => format!("{number:?}"),
            OptionValue::Int(_) | OptionValue::Bool(_) => default.to_string(),
        };
        let _ = writeln!(text, "    default: {default}");
    }
}

fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
