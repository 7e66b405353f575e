//! The small languages of deploy's flags: storage, resources, constraints.

use std::collections::BTreeMap;
use std::path::Path;

use crate::api::{ResourceSource, StorageDirective};
use crate::cli::failure::CliError;
use crate::cli::key_values;

/// `NAME=POOL,SIZE,COUNT`, each part optional and recognised by its form.
pub(crate) fn storage(items: &[String]) -> Result<BTreeMap<String, StorageDirective>, CliError> {
    let mut all = BTreeMap::new();
    for (name, text) in key_values::pairs(items)? {
        let mut directive = StorageDirective::default();
        for part in text.split(',').map(str::trim) {
            let invalid = |why: &str| {
                CliError::usage(format!(
                    "storage directive {name}={text}: {why}\nhint: the form is NAME=POOL,SIZE,COUNT, for example {name}=rootfs,1G,1"
                ))
            };
            let slot_was_free = if part.is_empty() {
                return Err(invalid("a part is empty"));
            } else if part.bytes().all(|b| b.is_ascii_digit()) {
                let count = part
                    .parse()
                    .map_err(|_| invalid("the count is too large"))?;
                directive.count.replace(count).is_none()
            } else if is_size(part) {
                directive.size.replace(part.to_owned()).is_none()
            } else {
                directive.pool.replace(part.to_owned()).is_none()
            };
            if !slot_was_free {
                return Err(invalid("the same part is given twice"));
            }
        }
        all.insert(name, directive);
    }
    Ok(all)
}

/// `1G`, `512M`, `1.5GiB`
fn is_size(text: &str) -> bool {
    let unit_at = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let multiplier = unit
        .strip_suffix("iB")
        .or_else(|| unit.strip_suffix('B'))
        .unwrap_or(unit);
    number.parse::<f64>().is_ok() && matches!(multiplier, "M" | "G" | "T" | "P" | "E" | "Z" | "Y")
}

/// `NAME=FILE` or `NAME=REVISION`.
pub(crate) fn resources(items: &[String]) -> Result<BTreeMap<String, ResourceSource>, CliError> {
    let mut all = BTreeMap::new();
    for (name, value) in key_values::pairs(items)? {
        let source = match value.parse() {
            Ok(revision) if !Path::new(&value).is_file() => ResourceSource::Revision(revision),
            _ => ResourceSource::File(std::fs::canonicalize(&value).map_err(CliError::io(
                format!("find the file {value} of resource {name}"),
            ))?),
        };
        all.insert(name, source);
    }
    Ok(all)
}

/// `mem=2G cores=2`, in one argument or several.
pub(crate) fn constraints(items: &[String]) -> Result<BTreeMap<String, String>, CliError> {
    let words: Vec<String> = items
        .iter()
        .flat_map(|item| item.split_whitespace())
        .map(str::to_owned)
        .collect();
    key_values::pairs(&words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Result<StorageDirective, String> {
        storage(&[format!("pgdata={text}")])
            .map(|mut all| all.remove("pgdata").unwrap())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_parts_of_a_storage_directive_are_recognised_by_their_form() {
        let directive = |pool: Option<&str>, size: Option<&str>, count| StorageDirective {
            pool: pool.map(str::to_owned),
            size: size.map(str::to_owned),
            count,
        };
        assert_eq!(
            one("rootfs,1G,2"),
            Ok(directive(Some("rootfs"), Some("1G"), Some(2)))
        );
        assert_eq!(one("2,tmpfs"), Ok(directive(Some("tmpfs"), None, Some(2))));
        assert_eq!(one("1.5GiB"), Ok(directive(None, Some("1.5GiB"), None)));
        assert!(
            one("rootfs,tmpfs")
                .unwrap_err()
                .contains("the same part is given twice")
        );
        assert!(one("rootfs,").unwrap_err().contains("a part is empty"));
    }

    #[test]
    fn constraints_may_share_an_argument() {
        let parsed = constraints(&["mem=2G cores=2".to_owned(), "arch=amd64".to_owned()]).unwrap();
        assert_eq!(parsed.len(), 3);
        assert_eq!(parsed["mem"], "2G");
    }

    #[test]
    fn a_resource_is_a_revision_or_an_existing_file() {
        let parsed = resources(&["tools=3".to_owned(), "self=/dev/null".to_owned()]).unwrap();
        assert_eq!(parsed["tools"], ResourceSource::Revision(3));
        assert_eq!(parsed["self"], ResourceSource::File("/dev/null".into()));
        let error = resources(&["tools=./absent".to_owned()])
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("cannot find the file ./absent of resource tools"),
            "{error}"
        );
    }
}
