//! The environment of a hook. It is built from nothing, so that a charm cannot come to depend on the computer it was
//! written on.

use crate::model::hook::{Hook, SecretEvent};
use crate::model::operation::Work;
use crate::tools::context::Context;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Directories of one unit below its machine's root.
#[derive(Debug, Clone)]
pub struct UnitPaths {
    pub agent: PathBuf,
    pub charm: PathBuf,
    pub tools: PathBuf,
    pub resources: PathBuf,
}

impl UnitPaths {
    pub fn new(root: &Path, unit: &str) -> Self {
        let tag = crate::model::identity::unit_tag(unit);
        let agent = root.join("var/lib/juju/agents").join(&tag);
        Self {
            charm: agent.join("charm"),
            resources: agent.join("resources"),
            tools: root.join("var/lib/juju/tools").join(&tag),
            agent,
        }
    }
}

/// `PATH` of processes on a machine; hooks have their tools before it.
pub fn machine_path(root: &Path) -> String {
    format!(
        "{}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        root.join("usr/bin").display()
    )
}

/// Socket on which a machine's hook tools find the daemon.
pub fn agent_socket(root: &Path) -> PathBuf {
    root.join("run/agent.sock")
}

/// What the environment says about model and machine.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The machine's directory on this computer.
    pub root: PathBuf,
    pub model_name: String,
    pub machine: u32,
    pub principal: Option<String>,
    pub api_address: String,
    pub version: String,
    /// Model settings `juju-<kind>-proxy` and `<kind>-proxy`, by name.
    pub proxies: BTreeMap<String, String>,
}

/// All variables of a hook, an action or a command.
pub fn variables(
    context: &Context,
    work: Option<&Work>,
    around: &Surroundings,
) -> BTreeMap<&'static str, OsString> {
    let root = crate::machine::root_inside(&around.root);
    let paths = UnitPaths::new(&root, &context.unit);
    let proxy = |name: &str| around.proxies.get(name).cloned().unwrap_or_default();
    let mut all: BTreeMap<&'static str, OsString> = BTreeMap::new();
    let mut set = |name, value: &dyn AsRef<std::ffi::OsStr>| {
        all.insert(name, value.as_ref().to_owned());
    };
    for (name, value) in crate::machine::clock::environment(&around.root) {
        set(name, &value);
    }
    set("CHARM_DIR", &paths.charm);
    set("JUJU_CHARM_DIR", &paths.charm);
    set(
        "JUJU_HOOK_NAME",
        &context.hook.as_ref().map(Hook::name).unwrap_or_default(),
    );
    set("JUJU_CONTEXT_ID", &context.id);
    set("JUJU_AGENT_SOCKET_ADDRESS", &agent_socket(&around.root));
    set("JUJU_AGENT_SOCKET_NETWORK", &"unix");
    set("JUJU_UNIT_NAME", &context.unit);
    set("JUJU_MODEL_NAME", &around.model_name);
    set("JUJU_MODEL_UUID", &context.model_uuid);
    set("JUJU_API_ADDRESSES", &around.api_address);
    set("JUJU_MACHINE_ID", &around.machine.to_string());
    set(
        "JUJU_PRINCIPAL_UNIT",
        &around.principal.clone().unwrap_or_default(),
    );
    set("JUJU_AVAILABILITY_ZONE", &"");
    set("JUJU_VERSION", &around.version);
    set("CLOUD_API_VERSION", &"");
    set("JUJU_CHARM_HTTP_PROXY", &proxy("juju-http-proxy"));
    set("JUJU_CHARM_HTTPS_PROXY", &proxy("juju-https-proxy"));
    set("JUJU_CHARM_FTP_PROXY", &proxy("juju-ftp-proxy"));
    set("JUJU_CHARM_NO_PROXY", &proxy("juju-no-proxy"));
    set(
        "PATH",
        &format!("{}:{}", paths.tools.display(), machine_path(&root)),
    );
    set("LANG", &"C.UTF-8");
    set("TERM", &"tmux-256color");
    set("DEBIAN_FRONTEND", &"noninteractive");
    set("APT_LISTCHANGES_FRONTEND", &"none");
    for (setting, lower, upper) in [
        ("http-proxy", "http_proxy", "HTTP_PROXY"),
        ("https-proxy", "https_proxy", "HTTPS_PROXY"),
        ("ftp-proxy", "ftp_proxy", "FTP_PROXY"),
        ("no-proxy", "no_proxy", "NO_PROXY"),
    ] {
        if !proxy(setting).is_empty() {
            set(lower, &proxy(setting));
            set(upper, &proxy(setting));
        }
    }
    if let Some(hook) = &context.hook {
        set("JUJU_DISPATCH_PATH", &format!("hooks/{}", hook.name()));
        about_hook(hook, &mut set);
    }
    let named = work.filter(|work| !matches!(work, Work::Command { .. }));
    if let (Some(work), Some(task)) = (named, context.task) {
        set("JUJU_ACTION_NAME", &work.name());
        set("JUJU_ACTION_UUID", &task.to_string());
        set("JUJU_ACTION_TAG", &format!("action-{task}"));
        if let Work::Action { name, .. } = work {
            set("JUJU_DISPATCH_PATH", &format!("actions/{name}"));
        }
    }
    all
}

fn about_hook(hook: &Hook, set: &mut dyn FnMut(&'static str, &dyn AsRef<std::ffi::OsStr>)) {
    match hook {
        Hook::Relation(relation) => {
            set("JUJU_RELATION", &relation.endpoint);
            set(
                "JUJU_RELATION_ID",
                &format!("{}:{}", relation.endpoint, relation.relation),
            );
            set("JUJU_REMOTE_APP", &relation.remote_app);
            set(
                "JUJU_REMOTE_UNIT",
                &relation.remote_unit.clone().unwrap_or_default(),
            );
            if let Some(departing) = &relation.departing {
                set("JUJU_DEPARTING_UNIT", departing);
            }
        }
        Hook::Storage(storage) => {
            set("JUJU_STORAGE_ID", &storage.id);
            set("JUJU_STORAGE_LOCATION", &storage.location);
            set("JUJU_STORAGE_KIND", &storage.kind);
        }
        Hook::Secret(secret) => {
            set("JUJU_SECRET_ID", &secret.uri());
            set("JUJU_SECRET_LABEL", &secret.label);
            if matches!(secret.event, SecretEvent::Expired | SecretEvent::Remove) {
                set("JUJU_SECRET_REVISION", &secret.revision.to_string());
            }
        }
        _ => {}
    }
}
