//! The table of what the lab does as Juju does names tests; they exist.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on must say where"
)]

use std::fs;
use std::path::Path;

#[test]
fn every_test_that_the_conformance_table_names_exists() {
    let lab = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = fs::read_to_string(lab.join("../docs/reference/lab-conformance.md")).unwrap();
    let named: Vec<(&str, &str)> = table
        .lines()
        .filter(|line| line.starts_with('|'))
        .flat_map(|line| line.split('`'))
        .filter_map(|text| text.split_once("::"))
        .collect();
    let missing: Vec<String> = named
        .iter()
        .filter(|(file, name)| !has_test(&lab.join(file), name))
        .map(|(file, name)| format!("{file}::{name}"))
        .collect();
    assert_eq!(missing, Vec::<String>::new());
    assert!(named.len() > 100, "only {} tests found", named.len());
}

#[test]
fn every_line_of_the_conformance_table_has_a_test_or_says_how_it_differs() {
    let lab = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = fs::read_to_string(lab.join("../docs/reference/lab-conformance.md")).unwrap();
    let bare: Vec<&str> = table
        .lines()
        .filter(|line| line.starts_with("| ") && *line != "| | test |")
        .filter(|line| !line.contains("::") && !line.contains("*differs*: "))
        .collect();
    assert_eq!(bare, Vec::<&str>::new());
}

/// Whether the file has a test with this name, in Rust or in Python.
fn has_test(file: &Path, name: &str) -> bool {
    let text = fs::read_to_string(file).unwrap_or_default();
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("rs") => text.split("#[test]").skip(1).any(|after| {
            let declaration = after.split('{').next().unwrap_or_default();
            declaration.contains(&format!("fn {name}("))
        }),
        Some("py") => name.starts_with("test_") && text.contains(&format!("\ndef {name}(")),
        _ => false,
    }
}
