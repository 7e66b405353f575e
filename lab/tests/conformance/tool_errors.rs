//! Exit statuses and texts of hook tools.

use crate::lab::{Charm, Lab};

/// Command, exit status, and what follows `ERROR `.
const REFUSALS: &[(&str, i32, &str)] = &[
    (
        "relation-get -r cluster:99 - probe/0",
        2,
        "invalid value \"cluster:99\" for option -r: relation not found",
    ),
    (
        "relation-get -r cluster:x - probe/0",
        2,
        "invalid value \"cluster:x\" for option -r: invalid relation id",
    ),
    ("relation-get", 2, "no relation id specified"),
    (
        "relation-get -r cluster:0",
        2,
        "no unit or application specified",
    ),
    (
        "relation-get -r cluster:0 - probe",
        2,
        "expected unit name, got application name \"probe\"",
    ),
    (
        "relation-get -r cluster:0 - Probe/x",
        2,
        "invalid unit name \"Probe/x\"",
    ),
    (
        "relation-get -r cluster:0 - other/0",
        1,
        "permission denied",
    ),
    ("relation-ids", 2, "no endpoint name specified"),
    (
        "relation-set -r cluster:0 word",
        2,
        "expected \"key=value\", got \"word\"",
    ),
    (
        "status-set broken x",
        2,
        "invalid status \"broken\", expected one of [maintenance blocked waiting active]",
    ),
    (
        "action-set a",
        2,
        "argument \"a\" must be of the form key...=value",
    ),
    (
        "action-set stdout=x",
        2,
        "cannot set reserved action key \"stdout\"",
    ),
    (
        "config-get a --all",
        2,
        "cannot use argument --all together with key",
    ),
    (
        "is-leader --colour",
        2,
        "option provided but not defined: --colour",
    ),
    (
        "is-leader --format xml",
        2,
        "invalid value \"xml\" for option --format: unknown format \"xml\"",
    ),
    ("juju-log", 2, "no message specified"),
    (
        "open-port 70000",
        2,
        "port range bounds must be between 1 and 65535, got 70000-70000",
    ),
    (
        "network-get nowhere",
        1,
        "no network config found for binding \"nowhere\"",
    ),
    (
        "resource-get nothing",
        1,
        "could not download resource: resource \"nothing\" not found",
    ),
    ("secret-add", 2, "missing secret value or filename"),
    ("secret-add ab=x", 2, "key \"ab\" not valid"),
    (
        "secret-add abc=x --rotate often",
        2,
        "rotate policy \"often\" not valid",
    ),
    ("secret-get", 2, "require either a secret URI or label"),
    (
        "secret-get --label x --peek --refresh",
        2,
        "specify one of --peek or --refresh but not both",
    ),
    (
        "secret-revoke 00000000000000000000 --app a --unit a/0",
        2,
        "specify only one of application or unit",
    ),
    (
        "secret-revoke 00000000000000000000",
        2,
        "missing relation or application or unit",
    ),
    ("state-get --strict nothing", 1, "\"nothing\" not found"),
    ("storage-get", 2, "no storage instance specified"),
    (
        "storage-get -s data/9",
        2,
        "invalid value \"data/9\" for option -s: storage not found",
    ),
    ("credential-get", 1, "cannot access cloud credentials"),
    (
        "relation-list -r 99",
        2,
        "invalid value \"99\" for option -r: relation not found",
    ),
    ("relation-set a=1", 2, "no relation id specified"),
    (
        "relation-get -r cluster:0 - probe/0 more",
        2,
        "unrecognized args: [\"more\"]",
    ),
    (
        "action-set A_b=1",
        2,
        "key \"A_b\" must start and end with lowercase alphanumeric, and contain only lowercase alphanumeric, hyphens \
         and periods",
    ),
    (
        "action-set a.stderr-encoding=x",
        2,
        "cannot set reserved action key \"stderr-encoding\"",
    ),
    ("open-port x", 2, "invalid port \"x\""),
    (
        "open-port 0",
        2,
        "port range bounds must be between 1 and 65535, got 0-0",
    ),
    (
        "close-port 1/sctp",
        2,
        "invalid protocol \"sctp\", expected \"tcp\", \"udp\", or \"icmp\"",
    ),
    (
        "open-port 1/icmp",
        2,
        "protocol \"icmp\" doesn't support any ports; got \"1\"",
    ),
    ("secret-add a_b=x", 2, "key \"a_b\" not valid"),
    (
        "secret-add abc=x --expire 3d",
        2,
        "expire time or duration \"3d\" not valid",
    ),
    (
        "secret-get 00000000000000000000",
        1,
        "secret \"00000000000000000000\" not found",
    ),
    (
        "secret-info-get 00000000000000000000",
        1,
        "secret \"00000000000000000000\" not found",
    ),
    (
        "secret-grant 00000000000000000000 -r cluster:0",
        1,
        "secret \"00000000000000000000\" not found",
    ),
    (
        "secret-revoke 00000000000000000000 -r cluster:0 --app a",
        2,
        "do not specify both relation and app",
    ),
    (
        "juju-reboot",
        1,
        "juju-reboot is not supported when running an action.",
    ),
];

#[test]
fn wrong_arguments_exit_with_2_and_everything_else_with_1() {
    let lab = Lab::start();
    lab.deploy(
        &Charm::recorder("probe", "peers: {cluster: probe_peers}\n", ""),
        1,
    );
    for (command, code, text) in REFUSALS {
        let task = lab.exec_task("probe/0", command);
        assert_eq!(
            (task.results.return_code, task.results.stderr.as_str()),
            (Some(*code), format!("ERROR {text}\n").as_str()),
            "{command}"
        );
    }
}

#[test]
fn absent_things_are_no_errors() {
    let lab = Lab::start();
    lab.deploy(
        &Charm::recorder("probe", "peers: {cluster: probe_peers}\n", ""),
        1,
    );
    for (command, output) in [
        (
            "relation-get -r cluster:0 nothing probe/0 --format json",
            "null",
        ),
        ("relation-get -r cluster:0 nothing probe/0", ""),
        ("relation-ids nothing --format json", "[]"),
        ("config-get nothing --format json", "null"),
        ("state-get nothing", ""),
        ("state-get --format json", "{}"),
        ("state-delete nothing", ""),
        ("storage-list --format json", "[]"),
        ("opened-ports --format json", "[]"),
        ("secret-ids --format json", "[]"),
        ("action-get nothing --format json", "null"),
        ("action-get --format json", "{}"),
    ] {
        assert_eq!(
            lab.exec("probe/0", command),
            Ok(output.to_owned()),
            "{command}"
        );
    }
}

#[test]
fn a_format_of_what_prints_nothing_is_accepted_with_a_warning() {
    let lab = Lab::start();
    lab.deploy(
        &Charm::recorder("probe", "peers: {cluster: probe_peers}\n", ""),
        1,
    );
    for command in [
        "relation-set -r cluster:0 a=1",
        "open-port 80",
        "close-port 80",
        "juju-log hello",
    ] {
        let task = lab.exec_task("probe/0", &format!("{command} --format json"));
        let tool = command.split(' ').next().unwrap();
        assert_eq!(
            (task.results.return_code, task.results.stderr),
            (
                Some(0),
                format!("--format flag deprecated for command \"{tool}\"\n")
            )
        );
    }
    let task = lab.exec_task("probe/0", "juju-log -l LOUD hello");
    assert_eq!(
        (task.results.return_code, task.results.stderr.as_str()),
        (Some(0), "WARNING unknown log level \"LOUD\", using INFO\n")
    );
}

#[test]
fn a_tool_outside_a_hook_says_so() {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("probe", "", ""), 1);
    let tool = lab
        .machine_of("probe/0")
        .root
        .join("var/lib/juju/tools/unit-probe-0/is-leader");
    let output = std::process::Command::new(&tool)
        .env_clear()
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "ERROR JUJU_CONTEXT_ID not set\n"
    );
}

#[test]
fn action_tools_outside_an_action_say_so_and_logs_name_their_relation() {
    let lab = Lab::start();
    let script = "[ $name = cluster-relation-created ] && { juju-log -l WARNING hello there; action-get > $shared/out 2>&1; }; true";
    lab.deploy(
        &Charm::recorder("probe", "peers: {cluster: probe_peers}\n", script),
        1,
    );
    assert_eq!(
        std::fs::read_to_string(lab.shared("out")).unwrap(),
        "ERROR not running an action\n"
    );
    assert!(
        lab.log_text()
            .contains("unit-probe-0 WARNING unit.probe/0.juju-log cluster:0: hello there\n")
    );
}

#[test]
fn network_get_answers_with_the_machines_own_address() {
    let lab = Lab::start();
    lab.deploy(
        &Charm::recorder("probe", "peers: {cluster: probe_peers}\n", ""),
        1,
    );
    let address = lab.machine_of("probe/0").address;
    assert_eq!(
        lab.exec("probe/0", "network-get cluster --ingress-address")
            .unwrap(),
        address
    );
    assert_eq!(
        lab.exec(
            "probe/0",
            "network-get cluster --bind-address --egress-subnets --format=json"
        )
        .unwrap(),
        format!(r#"{{"bind-address":"{address}","egress-subnets":["{address}/32"]}}"#)
    );
    let network = address.rsplit_once('.').unwrap().0;
    let all: serde_json::Value = serde_json::from_str(
        &lab.exec("probe/0", "network-get juju-info --format=json")
            .unwrap(),
    )
    .unwrap();
    assert_eq!(
        all["bind-addresses"][0]["addresses"][0]["cidr"],
        format!("{network}.0/24")
    );
    assert_eq!(all["ingress-addresses"][0], address);
}
