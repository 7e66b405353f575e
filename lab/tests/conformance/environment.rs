//! What a charm's process finds around it.

use crate::lab::{Charm, Lab};
use std::collections::BTreeMap;
use std::fs;

const ALWAYS: &[&str] = &[
    "APT_LISTCHANGES_FRONTEND",
    "CHARM_DIR",
    "CLOUD_API_VERSION",
    "DEBIAN_FRONTEND",
    "JUJU_AGENT_SOCKET_ADDRESS",
    "JUJU_AGENT_SOCKET_NETWORK",
    "JUJU_API_ADDRESSES",
    "JUJU_AVAILABILITY_ZONE",
    "JUJU_CHARM_DIR",
    "JUJU_CHARM_FTP_PROXY",
    "JUJU_CHARM_HTTPS_PROXY",
    "JUJU_CHARM_HTTP_PROXY",
    "JUJU_CHARM_NO_PROXY",
    "JUJU_CONTEXT_ID",
    "JUJU_HOOK_NAME",
    "JUJU_MACHINE_ID",
    "JUJU_MODEL_NAME",
    "JUJU_MODEL_UUID",
    "JUJU_PRINCIPAL_UNIT",
    "JUJU_UNIT_NAME",
    "JUJU_VERSION",
    "LANG",
    "PATH",
    "TERM",
];

const DUMP: &str = "cat /proc/self/environ > \"$shared/$name.env\"\n\
                    readlink /proc/self/cwd > \"$shared/$name.cwd\"; cat > \"$shared/$name.stdin\"; \
                    tr '\\0' '\\n' < /proc/$$/cmdline > \"$shared/$name.argv\"";

fn environment(lab: &Lab, name: &str) -> BTreeMap<String, String> {
    let bytes = fs::read(lab.shared(&format!("{name}.env"))).unwrap();
    String::from_utf8(bytes)
        .unwrap()
        .split_terminator('\0')
        .filter_map(|item| item.split_once('='))
        // What the shell itself adds.
        .filter(|(key, _)| !matches!(*key, "PWD" | "OLDPWD" | "SHLVL" | "_"))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

fn names(environment: &BTreeMap<String, String>) -> Vec<&str> {
    environment.keys().map(String::as_str).collect()
}

fn expected(extra: &[&'static str]) -> Vec<&'static str> {
    let mut names: Vec<&str> = ALWAYS.iter().chain(extra).copied().collect();
    names.sort_unstable();
    names
}

#[test]
fn a_hook_sees_exactly_the_documented_variables() {
    let lab = Lab::start();
    lab.deploy(
        &Charm::recorder("probe", "peers: {cluster: probe_peers}\n", DUMP),
        2,
    );

    let install = environment(&lab, "install");
    assert_eq!(names(&install), expected(&["JUJU_DISPATCH_PATH"]));
    assert_eq!(install["JUJU_HOOK_NAME"], "install");
    assert_eq!(install["JUJU_DISPATCH_PATH"], "hooks/install");
    assert_eq!(install["JUJU_MODEL_NAME"], "dev");
    assert_eq!(install["JUJU_PRINCIPAL_UNIT"], "");
    assert_eq!(install["JUJU_CHARM_DIR"], install["CHARM_DIR"]);
    for (name, value) in [
        ("APT_LISTCHANGES_FRONTEND", "none"),
        ("CLOUD_API_VERSION", ""),
        ("DEBIAN_FRONTEND", "noninteractive"),
        ("JUJU_AGENT_SOCKET_NETWORK", "unix"),
        ("JUJU_AVAILABILITY_ZONE", ""),
        ("JUJU_CHARM_FTP_PROXY", ""),
        ("JUJU_CHARM_HTTPS_PROXY", ""),
        ("JUJU_CHARM_HTTP_PROXY", ""),
        ("JUJU_CHARM_NO_PROXY", "127.0.0.1,localhost,::1"),
        ("JUJU_VERSION", "3.6.11"),
        ("LANG", "C.UTF-8"),
        ("TERM", "tmux-256color"),
    ] {
        assert_eq!(install[name], value, "{name}");
    }
    let unit = &install["JUJU_UNIT_NAME"];
    let machine = lab.unit(unit).machine;
    assert_eq!(install["JUJU_MACHINE_ID"], machine);
    let tools = format!("var/lib/juju/tools/unit-{}", unit.replace('/', "-"));
    assert_eq!(
        install["PATH"].split(':').next().unwrap(),
        lab.machine_of(unit).root.join(tools).to_str().unwrap()
    );
    let context = install["JUJU_CONTEXT_ID"]
        .strip_prefix(&format!("{}-install-", install["JUJU_UNIT_NAME"]))
        .unwrap();
    assert!(context.len() == 32 && context.bytes().all(|byte| byte.is_ascii_hexdigit()));

    let relation = [
        "JUJU_DISPATCH_PATH",
        "JUJU_RELATION",
        "JUJU_RELATION_ID",
        "JUJU_REMOTE_APP",
        "JUJU_REMOTE_UNIT",
    ];
    let created = environment(&lab, "cluster-relation-created");
    assert_eq!(names(&created), expected(&relation));
    assert_eq!(
        (
            created["JUJU_REMOTE_APP"].as_str(),
            created["JUJU_REMOTE_UNIT"].as_str()
        ),
        ("probe", "")
    );
    assert_eq!(created["JUJU_RELATION_ID"], "cluster:0");
    let joined = environment(&lab, "cluster-relation-joined");
    assert_eq!(names(&joined), expected(&relation));
    assert!(joined["JUJU_REMOTE_UNIT"].starts_with("probe/"));
}

#[test]
fn proxies_of_the_model_are_told_under_names_of_their_own() {
    let lab = Lab::start();
    lab.set_model("juju-http-proxy", "http://charm:1");
    lab.set_model("no-proxy", "10.0.0.0/8");
    lab.deploy(&Charm::recorder("probe", "", DUMP), 1);
    let install = environment(&lab, "install");
    assert_eq!(
        names(&install),
        expected(&["JUJU_DISPATCH_PATH", "NO_PROXY", "no_proxy"])
    );
    assert_eq!(install["JUJU_CHARM_HTTP_PROXY"], "http://charm:1");
    assert_eq!(install["no_proxy"], "10.0.0.0/8");
}

#[test]
fn a_hook_runs_in_the_charm_directory_with_empty_input_and_no_arguments() {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("probe", "", DUMP), 1);
    let read = |what: &str| fs::read_to_string(lab.shared(&format!("install.{what}"))).unwrap();
    let charm = lab.charm_dir("probe/0");
    assert_eq!(read("cwd").trim(), charm.to_str().unwrap());
    assert!(charm.ends_with("var/lib/juju/agents/unit-probe-0/charm"));
    assert_eq!(read("stdin"), "");
    assert_eq!(
        read("argv").lines().collect::<Vec<_>>(),
        ["/bin/sh", charm.join("dispatch").to_str().unwrap()]
    );
}

#[test]
fn actions_have_an_empty_hook_name_and_commands_have_no_dispatch_path() {
    let lab = Lab::start();
    let charm =
        Charm::recorder("probe", "", DUMP).file("actions.yaml", "look:\n  description: d\n");
    lab.deploy(&charm, 1);
    let task = lab.run("probe/0", "look", &serde_json::json!({}));
    let action = environment(&lab, "look");
    let about = ["JUJU_ACTION_NAME", "JUJU_ACTION_TAG", "JUJU_ACTION_UUID"];
    assert_eq!(
        names(&action),
        expected(&[&about[..], &["JUJU_DISPATCH_PATH"]].concat())
    );
    assert_eq!(action["JUJU_HOOK_NAME"], "");
    assert_eq!(action["JUJU_DISPATCH_PATH"], "actions/look");
    assert_eq!(action["JUJU_ACTION_UUID"], task.id);
    assert_eq!(action["JUJU_ACTION_TAG"], format!("action-{}", task.id));

    let output = lab
        .exec(
            "probe/0",
            "env -0 | tr '\\0' '\\n' | grep -v '^\\(PWD\\|SHLVL\\|_\\)=' | cut -d= -f1 | sort",
        )
        .unwrap();
    assert_eq!(output.lines().collect::<Vec<_>>(), expected(&about));
}

#[test]
fn output_goes_to_the_debug_log_by_stream() {
    let lab = Lab::start();
    lab.deploy(
        &Charm::recorder(
            "probe",
            "",
            "[ $name = install ] && { echo plain; echo loud >&2; } ; true",
        ),
        1,
    );
    let log = lab.log_text();
    assert!(
        log.contains("unit-probe-0 DEBUG unit.probe/0.install plain\n"),
        "{log}"
    );
    assert!(
        log.contains("unit-probe-0 WARNING unit.probe/0.install loud\n"),
        "{log}"
    );
    assert!(log.contains(
        "unit-probe-0 INFO juju.worker.uniter.operation ran \"install\" hook (via hook dispatching script: dispatch)\n"
    ));
}

#[test]
fn hooks_of_storage_secrets_and_departures_have_variables_of_their_own() {
    let lab = Lab::start();
    let server = "provides: {db: sql}\nstorage: {data: {type: filesystem}}\n";
    lab.deploy(&Charm::recorder("server", server, DUMP), 1);
    lab.deploy(
        &Charm::recorder("client", "requires: {store: sql}\n", DUMP),
        1,
    );
    let of = |hook: &str, own: &[&'static str]| {
        let environment = environment(&lab, hook);
        let own = [own, &["JUJU_DISPATCH_PATH"]].concat();
        assert_eq!(names(&environment), expected(&own), "{hook}");
        environment
    };
    let attached = of(
        "data-storage-attached",
        &[
            "JUJU_STORAGE_ID",
            "JUJU_STORAGE_KIND",
            "JUJU_STORAGE_LOCATION",
        ],
    );
    assert_eq!(attached["JUJU_STORAGE_ID"], "data/0");
    assert_eq!(attached["JUJU_STORAGE_KIND"], "filesystem");

    lab.integrate("client", "server");
    lab.settle();
    let uri = lab
        .exec("server/0", "secret-add --label login password=one")
        .unwrap();
    lab.exec("server/0", &format!("secret-grant {uri} -r 0"))
        .unwrap();
    lab.exec("client/0", &format!("secret-get {uri}")).unwrap();
    lab.exec("server/0", &format!("secret-set {uri} password=two"))
        .unwrap();
    lab.until_event("client/0", "secret-changed");
    lab.settle();
    let changed = of("secret-changed", &["JUJU_SECRET_ID", "JUJU_SECRET_LABEL"]);
    assert_eq!(changed["JUJU_SECRET_ID"], uri);
    assert_eq!(changed["JUJU_SECRET_LABEL"], "");
    lab.exec("client/0", &format!("secret-get {uri} --refresh"))
        .unwrap();
    lab.until_event("server/0", "secret-remove");
    lab.settle();
    let remove = of(
        "secret-remove",
        &[
            "JUJU_SECRET_ID",
            "JUJU_SECRET_LABEL",
            "JUJU_SECRET_REVISION",
        ],
    );
    assert_eq!(remove["JUJU_SECRET_LABEL"], "login");
    assert_eq!(remove["JUJU_SECRET_REVISION"], "1");

    lab.remove_unit("server/0");
    lab.until_gone("server/0");
    lab.settle();
    let departed = of(
        "store-relation-departed",
        &[
            "JUJU_DEPARTING_UNIT",
            "JUJU_RELATION",
            "JUJU_RELATION_ID",
            "JUJU_REMOTE_APP",
            "JUJU_REMOTE_UNIT",
        ],
    );
    assert_eq!(departed["JUJU_REMOTE_UNIT"], "server/0");
    assert_eq!(departed["JUJU_DEPARTING_UNIT"], "server/0");
}
