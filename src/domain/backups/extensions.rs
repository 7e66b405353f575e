//! The extensions a database has. They are written on each backup, so that a plan can name what is not installed here.

use std::collections::BTreeSet;

/// The annotation of a backup that holds them.
pub const ANNOTATION: &str = "extensions";

/// No name of an extension has it: PostgreSQL looks for a file of that name.
const BETWEEN: char = '/';

/// The annotation's text, such as `plpgsql/postgis`. Every database has `plpgsql`, so it is never empty.
pub fn written(names: &BTreeSet<String>) -> String {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.join(&BETWEEN.to_string())
}

/// Those of an annotation that are not installed here.
pub fn missing(annotation: &str, here: &BTreeSet<String>) -> Vec<String> {
    (annotation.split(BETWEEN))
        .filter(|name| !name.is_empty() && !here.contains(*name))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn what_a_backup_needs_and_is_not_installed_is_named() {
        let of_backup = written(&names(&["plpgsql", "uuid-ossp", "postgis"]));
        assert_eq!(of_backup, "plpgsql/postgis/uuid-ossp");
        let here = names(&["plpgsql", "uuid-ossp", "hstore"]);
        assert_eq!(missing(&of_backup, &here), ["postgis"]);
        assert!(missing("plpgsql", &here).is_empty());
    }
}
