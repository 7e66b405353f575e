//! The charm as the program Juju starts, with hook tools that are programs too.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};

/// Notes each call, and answers as a leader with one relation that wants a bucket.
const TOOL: &str = r#"#!/bin/sh
here=${0%/*}
tool=${0##*/}
echo "$tool $*" >> "$here/calls"
case "$tool $1" in
"config-get "*) echo '{"region":"eu-lab-1","protocol":"both"}' ;;
"secret-get "*) echo 'ERROR secret "s3-credentials.synced" not found' >&2; exit 1 ;;
"is-leader "*) echo true ;;
"relation-ids "*) echo '["s3-credentials:7"]' ;;
"relation-list "*) echo '"postgresql"' ;;
"relation-get "*)
    case "$*" in
    *postgresql*) echo '{"bucket":"relation-7"}' ;;
    *) echo '{}' ;;
    esac ;;
"relation-set "*) cat > "$here/written" ;;
esac
"#;

const TOOLS: [&str; 9] = [
    "config-get",
    "is-leader",
    "juju-log",
    "relation-get",
    "relation-ids",
    "relation-list",
    "relation-set",
    "secret-get",
    "status-set",
];

fn tools() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let tool = directory.path().join("tool");
    std::fs::write(&tool, TOOL).unwrap();
    std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).unwrap();
    for name in TOOLS {
        symlink("tool", directory.path().join(name)).unwrap();
    }
    directory
}

/// Runs the hook with nothing in the environment but what Juju puts there.
fn dispatch(tools: &Path, variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_s3-integrator"))
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", tools.display()))
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

#[test]
fn a_hook_costs_one_call_for_each_thing_it_has_to_know_or_say() {
    let tools = tools();
    let output = dispatch(
        tools.path(),
        &[
            ("JUJU_UNIT_NAME", "s3-integrator/0"),
            ("JUJU_CHARM_DIR", "/charm"),
            ("JUJU_MODEL_NAME", "dev"),
            ("JUJU_MODEL_UUID", "3f1c"),
            ("JUJU_VERSION", "3.6.11"),
            ("JUJU_HOOK_NAME", "config-changed"),
            ("JUJU_DISPATCH_PATH", "hooks/config-changed"),
        ],
    );
    assert!(output.status.success(), "{output:?}");
    assert!(
        output.stdout.is_empty() && output.stderr.is_empty(),
        "{output:?}"
    );
    let read = |name| std::fs::read_to_string(tools.path().join(name)).unwrap();
    assert_eq!(
        read("calls").lines().collect::<Vec<_>>(),
        [
            "config-get --format=json",
            "secret-get --label s3-credentials.synced --refresh --format=json",
            "is-leader --format=json",
            "relation-ids s3-credentials --format=json",
            "relation-list -r s3-credentials:7 --app --format=json",
            "relation-get -r s3-credentials:7 --app - postgresql --format=json",
            "status-set blocked -- Missing parameters: ['access-key', 'secret-key']",
            "relation-get -r s3-credentials:7 --app - s3-integrator --format=json",
            "relation-set -r s3-credentials:7 --app --file -",
        ]
    );
    assert_eq!(
        read("written"),
        r#"{"bucket":"relation-7","data":"{\"bucket\":\"relation-7\"}","region":"eu-lab-1"}"#
    );
}

#[test]
fn outside_juju_the_charm_says_what_is_missing() {
    let tools = tools();
    let output = dispatch(tools.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "ERROR cannot run outside Juju: JUJU_UNIT_NAME is not set\n"
    );
}
