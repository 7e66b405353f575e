//! A charm described in `charmcraft.yaml` alone: its parts become the three files that Juju reads.

use serde_yaml::{Mapping, Value};

/// The texts of `metadata.yaml`, `config.yaml` and `actions.yaml`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Texts {
    pub(super) metadata: String,
    pub(super) config: Option<String>,
    pub(super) actions: Option<String>,
}

/// Keys that `metadata.yaml` has under the same name.
const METADATA: &[&str] = &[
    "name",
    "summary",
    "description",
    "assumes",
    "charm-user",
    "containers",
    "devices",
    "extra-bindings",
    "peers",
    "provides",
    "requires",
    "resources",
    "storage",
    "subordinate",
    "terms",
];

pub(super) fn split(charmcraft: &str) -> Result<Texts, serde_yaml::Error> {
    let file: Mapping = serde_yaml::from_str(charmcraft)?;
    let mut metadata = Mapping::new();
    for key in METADATA {
        if let Some(value) = file.get(*key) {
            metadata.insert(Value::from(*key), value.clone());
        }
    }
    if let Some(title) = file.get("title") {
        metadata.insert(Value::from("display-name"), title.clone());
    }
    if let Some(Value::Mapping(links)) = file.get("links") {
        for (key, name) in [
            ("documentation", "docs"),
            ("issues", "issues"),
            ("source", "source"),
            ("website", "website"),
            ("contact", "maintainers"),
        ] {
            if let Some(value) = links.get(key) {
                metadata.insert(Value::from(name), value.clone());
            }
        }
    }
    Ok(Texts {
        metadata: serde_yaml::to_string(&metadata)?,
        config: file.get("config").map(serde_yaml::to_string).transpose()?,
        actions: file.get("actions").map(serde_yaml::to_string).transpose()?,
    })
}
