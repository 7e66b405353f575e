//! What must not depend on what.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below a folder, with its text before the tests in it.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let code = text
                .split("#[cfg(test)]")
                .next()
                .unwrap_or_default()
                .to_owned();
            found.push((path, code));
        }
    }
    found
}

fn nothing_of(folder: &str, forbidden: &[&str]) {
    let sources = sources(&root().join(folder));
    assert!(sources.len() > 5, "{folder} holds code");
    for (path, code) in sources {
        // Test files of the domain read their samples.
        if path.ends_with("tests.rs") || path.ends_with("golden.rs") {
            continue;
        }
        for word in forbidden {
            assert!(!code.contains(word), "{} uses {word}", path.display());
        }
    }
}

#[test]
fn invariant_1_the_domain_does_no_io_reads_no_clock_and_cannot_name_juju() {
    nothing_of(
        "src/domain",
        &[
            "std::fs",
            "std::process",
            "std::net::Tcp",
            "std::env",
            "Instant::now",
            "SystemTime",
            "Timestamp::now",
            "juju_charm",
            "tokio",
            "ureq",
            "aws_",
            "crate::adapters",
            "crate::juju",
            "crate::unit",
        ],
    );
}

#[test]
fn adapters_decide_nothing() {
    nothing_of(
        "src/adapters",
        &[
            "crate::domain::decide",
            "crate::juju",
            "crate::unit",
            "juju_charm",
        ],
    );
}

#[test]
fn only_the_host_adapter_touches_files_processes_and_clocks() {
    for (path, code) in sources(&root().join("src")) {
        if path.starts_with(root().join("src/adapters/host")) || path.ends_with("tests.rs") {
            continue;
        }
        if path.ends_with("golden.rs") {
            continue;
        }
        for word in [
            "std::fs",
            "std::process::Command",
            "Instant::now(",
            "SystemTime::now(",
        ] {
            assert!(!code.contains(word), "{} uses {word}", path.display());
        }
    }
}

#[test]
fn invariant_11_the_lab_shares_no_code_with_the_sdk_beyond_the_charm_files() {
    let manifest = fs::read_to_string(root().join("lab/Cargo.toml")).unwrap();
    let ours: Vec<&str> = manifest
        .lines()
        .filter(|line| line.starts_with("juju-charm") || line.starts_with("postgresql-charm"))
        .collect();
    assert_eq!(ours, ["juju-charm-files.workspace = true"]);
    let sdk = fs::read_to_string(root().join("charm/Cargo.toml")).unwrap();
    assert!(!sdk.contains("juju-lab") && !sdk.contains("postgres"));
}

#[test]
fn nothing_asks_whether_it_runs_in_the_lab() {
    nothing_of("src", &["JUJU_LAB", "juju-lab"]);
    nothing_of("charm/src", &["JUJU_LAB", "juju-lab"]);
}
