//! Constraints of models and machines. The lab records them: its machines are all this computer.

use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Constraints by name, with values as they were written.
pub type Constraints = BTreeMap<String, String>;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConstraintError {
    #[error("unknown constraint \"{0}\"")]
    Unknown(String),
    #[error("bad \"{name}\" constraint: must be {rule}")]
    Value { name: String, rule: &'static str },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    /// In MiB, unless a suffix says more.
    Size,
    List,
    Flag,
}

/// In the order in which they are written.
const KNOWN: [(&str, Kind); 15] = [
    ("arch", Kind::Text),
    ("container", Kind::Text),
    ("cores", Kind::Number),
    ("cpu-power", Kind::Number),
    ("image-id", Kind::Text),
    ("instance-role", Kind::Text),
    ("instance-type", Kind::Text),
    ("mem", Kind::Size),
    ("root-disk", Kind::Size),
    ("root-disk-source", Kind::Text),
    ("spaces", Kind::List),
    ("tags", Kind::List),
    ("virt-type", Kind::Text),
    ("zones", Kind::List),
    ("allocate-public-ip", Kind::Flag),
];

pub fn check(constraints: &Constraints) -> Result<(), ConstraintError> {
    for (name, text) in constraints {
        let (_, kind) = KNOWN
            .iter()
            .find(|(known, _)| known == name)
            .ok_or_else(|| ConstraintError::Unknown(name.clone()))?;
        let rule = match kind {
            Kind::Number => "a non-negative integer",
            Kind::Size => "a non-negative float with optional M/G/T/P suffix",
            Kind::Flag => "'true' or 'false'",
            Kind::Text | Kind::List => continue,
        };
        if !text.is_empty() && typed(*kind, text).is_none() {
            return Err(ConstraintError::Value {
                name: name.clone(),
                rule,
            });
        }
    }
    Ok(())
}

/// `over` first, then what `under` says besides. An empty value takes a constraint away.
pub fn merged(under: &Constraints, over: &Constraints) -> Constraints {
    let mut all = under.clone();
    all.extend(over.clone());
    all
}

/// `arch=amd64 cores=2 mem=8192M`
pub fn text(constraints: &Constraints) -> String {
    let words: Vec<String> = present(constraints)
        .map(|(name, kind, text)| match kind {
            Kind::Size => format!("{name}={}M", typed(kind, text).unwrap_or_default()),
            _ => format!("{name}={text}"),
        })
        .collect();
    words.join(" ")
}

/// With numbers as numbers and sizes in MiB.
pub fn json(constraints: &Constraints) -> BTreeMap<&'static str, Value> {
    present(constraints)
        .filter_map(|(name, kind, text)| Some((name, typed(kind, text)?)))
        .collect()
}

fn present(constraints: &Constraints) -> impl Iterator<Item = (&'static str, Kind, &str)> {
    KNOWN.iter().filter_map(|(name, kind)| {
        let text = constraints.get(*name).filter(|text| !text.is_empty())?;
        Some((*name, *kind, text.as_str()))
    })
}

fn typed(kind: Kind, text: &str) -> Option<Value> {
    match kind {
        Kind::Text => Some(json!(text)),
        Kind::Number => text.parse::<u64>().ok().map(|number| json!(number)),
        Kind::Size => super::storage::mebibytes(text).map(|size| json!(size)),
        Kind::List => Some(json!(text.split(',').collect::<Vec<_>>())),
        Kind::Flag => text.parse::<bool>().ok().map(|flag| json!(flag)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constraints(pairs: &[(&str, &str)]) -> Constraints {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn constraints_are_written_in_one_order_and_sizes_in_mebibytes() {
        let all = constraints(&[
            ("mem", "8G"),
            ("cores", "4"),
            ("tags", "a,b"),
            ("arch", "arm64"),
        ]);
        assert_eq!(text(&all), "arch=arm64 cores=4 mem=8192M tags=a,b");
        assert_eq!(
            serde_json::to_value(json(&all)).unwrap(),
            json!({"arch": "arm64", "cores": 4, "mem": 8192, "tags": ["a", "b"]})
        );
    }

    #[test]
    fn an_empty_value_takes_a_constraint_of_the_model_away() {
        let model = constraints(&[("mem", "8G"), ("cores", "4")]);
        let application = constraints(&[("mem", ""), ("cores", "2")]);
        assert_eq!(text(&merged(&model, &application)), "cores=2");
    }

    #[test]
    fn wrong_constraints_are_refused() {
        let refusal = |name, value| {
            check(&constraints(&[(name, value)]))
                .unwrap_err()
                .to_string()
        };
        assert_eq!(refusal("memory", "1G"), "unknown constraint \"memory\"");
        assert_eq!(
            refusal("mem", "much"),
            "bad \"mem\" constraint: must be a non-negative float with optional M/G/T/P suffix"
        );
        assert_eq!(
            refusal("cores", "-1"),
            "bad \"cores\" constraint: must be a non-negative integer"
        );
        assert_eq!(check(&constraints(&[("cores", "")])), Ok(()));
    }
}
