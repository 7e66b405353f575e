//! The table of what is promised about restores and repositories names tests; they exist.

use std::fs;
use std::path::Path;

/// The lines of the table, without its heads.
fn promises() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = fs::read_to_string(root.join("docs/reference/promises.md")).unwrap();
    let lines = table.lines().filter(|line| line.starts_with("| "));
    let lines = lines.filter(|line| !line.starts_with("| |"));
    lines.map(str::to_owned).collect()
}

#[test]
fn every_promise_has_a_test_that_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let promises = promises();
    assert!(promises.len() > 40, "only {} promises", promises.len());
    for promise in promises {
        let named: Vec<(&str, &str)> = promise
            .split('`')
            .filter_map(|text| text.split_once("::"))
            .collect();
        assert!(!named.is_empty(), "{promise}");
        for (file, name) in named {
            assert!(has_test(&root.join(file), name), "{file}::{name}");
        }
    }
}

fn has_test(file: &Path, name: &str) -> bool {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.split("#[test]").skip(1).any(|after| {
        let declaration = after.split('{').next().unwrap_or_default();
        declaration.contains(&format!("fn {name}("))
    })
}
