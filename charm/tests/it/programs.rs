//! The hook tools as programs: what really is on a command line.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use juju_charm::tools::CommandLine;
use juju_charm::{HookTools, ToolError};

/// Hook tools that are shell scripts in a directory.
#[derive(Debug)]
struct Scripts(tempfile::TempDir);

impl Scripts {
    fn new(scripts: &[(&str, &str)]) -> Arc<Self> {
        let directory = tempfile::tempdir().unwrap();
        for (name, body) in scripts {
            let path = directory.path().join(name);
            std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        Arc::new(Self(directory))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl HookTools for Scripts {
    fn run(&self, tool: &str, args: &[&str], stdin: Option<&[u8]>) -> Result<Vec<u8>, ToolError> {
        CommandLine.run(&self.path().join(tool).to_string_lossy(), args, stdin)
    }
}

fn session(tools: Arc<Scripts>) -> juju_charm::Juju {
    let context = juju_charm::Context::from_env(|name| {
        let value = match name {
            "JUJU_UNIT_NAME" => "pg/0",
            "JUJU_HOOK_NAME" => "config-changed",
            "JUJU_CHARM_DIR" => "/charm",
            "JUJU_MODEL_NAME" | "JUJU_MODEL_UUID" => "dev",
            _ => return None,
        };
        Some(value.to_owned())
    });
    juju_charm::Juju::new(context.unwrap(), tools)
}

#[test]
fn a_secret_is_added_from_a_file_only_its_owner_can_read() {
    let tools = Scripts::new(&[(
        "secret-add",
        r#"here=$(dirname "$0")
echo "$@" > "$here/args"
for last; do :; done
cat "$last" > "$here/content"
stat -c %a "$last" > "$here/mode"
echo secret:d0vdtqnmp25c762e7jug"#,
    )]);
    let content = juju_charm::SecretContent::new().with("password", "hunter2");
    let secret = juju_charm::NewSecret::labelled("admin", content);
    let id = session(Arc::clone(&tools)).secret_add(&secret).unwrap();
    assert_eq!(id.bare(), "d0vdtqnmp25c762e7jug");
    let read = |name: &str| std::fs::read_to_string(tools.path().join(name)).unwrap();
    assert_eq!(read("content"), r#"{"password":"hunter2"}"#);
    assert_eq!(read("mode"), "600\n");
    assert!(read("args").starts_with("--label admin --file "));
    assert!(!read("args").contains("hunter2"));
}

#[test]
fn an_answer_that_is_not_json_is_an_error_that_does_not_repeat_it() {
    let tools = Scripts::new(&[("secret-get", "echo '{\"password\": hunter2}'")]);
    let id = "d0vd".parse().unwrap();
    let error = session(tools)
        .secret_get(&id, juju_charm::SecretRevision::Peek)
        .unwrap_err();
    assert_eq!(error.kind(), juju_charm::ToolErrorKind::Malformed);
    assert!(
        error
            .to_string()
            .ends_with("its answer is not the expected JSON (line 1 column 14)"),
        "{error}"
    );
}

#[test]
fn a_tool_that_prints_nothing_has_answered_with_nothing() {
    let tools = Scripts::new(&[("state-get", "exit 0"), ("relation-ids", "echo null")]);
    let juju = session(tools);
    assert_eq!(juju.state_get("x").unwrap(), None);
    assert!(juju.relation_ids("database").unwrap().is_empty());
}
