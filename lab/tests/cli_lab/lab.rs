//! A lab of its own for each test, and a charm to deploy in it.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The daemon and the machines end with the value.
pub(crate) struct Lab {
    home: TempDir,
}

/// What a command left behind.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Lab {
    /// A running lab with the model `dev`, which is the current one.
    pub(crate) fn with_model() -> Self {
        let lab = Self::not_running();
        lab.run(&["up"], "").succeeded();
        lab.juju("add-model dev").succeeded();
        lab
    }

    /// Only a home, no daemon.
    pub(crate) fn not_running() -> Self {
        Self {
            home: tempfile::Builder::new().prefix("jl-").tempdir().unwrap(),
        }
    }

    /// A lab in which the charm `tiny` is deployed as `tiny` and settled.
    pub(crate) fn with_tiny() -> Self {
        let lab = Self::with_model();
        let charm = lab.tiny_charm();
        lab.juju(&format!("deploy {}", charm.display())).succeeded();
        lab.settle();
        lab
    }

    /// A file or folder beside the daemon's own.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join("test").join(name)
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn tiny_charm(&self) -> PathBuf {
        for (name, text) in TINY {
            self.write(&format!("tiny/{name}"), text);
        }
        let dispatch = self.path("tiny/dispatch");
        fs::set_permissions(&dispatch, fs::Permissions::from_mode(0o755)).unwrap();
        self.path("tiny")
    }

    /// Runs `juju` with the words of `line`.
    pub(crate) fn juju(&self, line: &str) -> Ran {
        self.juju_words(&line.split_whitespace().collect::<Vec<_>>())
    }

    pub(crate) fn juju_words(&self, words: &[&str]) -> Ran {
        self.juju_with_input(words, "")
    }

    pub(crate) fn juju_with_input(&self, words: &[&str], input: &str) -> Ran {
        self.run(&[&["juju"], words].concat(), input)
    }

    /// Runs `juju-lab`.
    pub(crate) fn run(&self, words: &[&str], input: &str) -> Ran {
        let mut child = Command::new(env!("CARGO_BIN_EXE_juju-lab"))
            .args(words)
            .env("JUJU_LAB_HOME", self.home.path())
            .env("TZ", "UTC")
            .env_remove("JUJU_MODEL")
            .env_remove("JUJU_LAB_CHARMS")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn settle(&self) {
        self.run(&["wait", "--timeout", "30s", "--stable", "500ms"], "")
            .succeeded();
    }

    pub(crate) fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.juju(line).succeeded().stdout).unwrap()
    }

    pub(crate) fn status(&self) -> Value {
        self.json("status --format json")
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.run(&["down"], "");
    }
}

impl Ran {
    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        assert_eq!(self.code, 0, "{self:#?}");
        self
    }

    /// Ended with `code` after `ERROR` and `message` on standard error and nothing on standard output.
    #[track_caller]
    pub(crate) fn refused(self, code: i32, message: &str) {
        let expected = Self {
            code,
            stdout: String::new(),
            stderr: format!("ERROR {message}\n"),
        };
        assert_eq!(self, expected);
    }
}

pub(crate) fn is_file_with(path: &Path, text: &str) -> bool {
    fs::read_to_string(path).is_ok_and(|found| found == text)
}

const TINY: [(&str, &str); 5] = [
    (
        "metadata.yaml",
        "name: tiny
summary: A charm for tests
description: It does what its script says
peers: {cluster: {interface: tiny-peers}}
provides: {api: {interface: tiny}}
requires: {backend: {interface: tiny}}
storage: {data: {type: filesystem, minimum-size: 1M}}
resources: {blob: {type: file, filename: blob.bin, description: Some bytes}}
",
    ),
    ("manifest.yaml", "bases: [{name: ubuntu, channel: '22.04', architectures: [amd64, arm64]}]\n"),
    (
        "config.yaml",
        "options:
  word: {type: string, default: hello, description: What to say}
  count: {type: int, default: 3, description: How often}
  port: {type: int, default: 8080, description: Where to listen}
  token: {type: secret, description: A secret}
",
    ),
    (
        "actions.yaml",
        "greet:
  description: Says something.
  params: {name: {type: string, default: you}, some_id: {type: integer}}
  additionalProperties: false
params: {description: Tells its parameters., additionalProperties: true}
slow: {description: Takes its time., additionalProperties: false}
crash: {description: Exits with 3., additionalProperties: false}
refuse: {description: Fails politely., additionalProperties: false}
",
    ),
    (
        "dispatch",
        "#!/bin/sh
case \"$JUJU_DISPATCH_PATH\" in
actions/greet) action-log \"greeting $(action-get name)\"; action-set greeting.text=\"hello $(action-get name)\" size=10; echo printed;;
actions/params) action-get --format json;;
actions/slow) sleep 30;;
actions/crash) echo oops >&2; exit 3;;
actions/refuse) action-set hint='run greet'; action-fail 'not today';;
hooks/install) application-version-set 1.2;;
hooks/start) open-port \"$(config-get port)/tcp\"; status-set active \"word is $(config-get word)\";;
hooks/config-changed) if [ \"$(config-get word)\" = fail ]; then exit 1; fi; status-set active \"word is $(config-get word)\";;
hooks/api-relation-joined) relation-set greeting=\"from $JUJU_UNIT_NAME\";;
esac
",
    ),
];
