//! What a hook writes is committed as a whole when it succeeds, or not at all.

use crate::lab::{Charm, Lab, MODEL};
use juju_lab::api::{AddUnits, Fault, Request, TaskStatus};

fn lab() -> Lab {
    let lab = Lab::start();
    let charm = Charm::recorder(
        "probe",
        "peers: {cluster: probe_peers}\nstorage: {data: {type: filesystem, multiple: {range: 0-}}}\n",
        "case $name in deliver) . $shared/deliver;; esac",
    )
    .file("actions.yaml", "deliver:\n  description: d\n");
    lab.deploy(&charm, 1);
    lab
}

const WRITE: &str = "relation-set -r cluster:0 a=1; relation-set -r cluster:0 --app b=2; state-set c=3; open-port 5432; \
                     secret-add --label credentials password=secret-d > /dev/null; storage-add data; \
                     application-version-set 1.2; juju-log noted; status-set active said; ";

const READ: &str = "relation-get -r cluster:0 a probe/0; relation-get -r cluster:0 --app b probe; state-get c; \
                    opened-ports; secret-get --label credentials password; true";

#[test]
fn success_commits_everything() {
    let lab = lab();
    lab.exec("probe/0", WRITE).unwrap();
    assert_eq!(
        lab.exec("probe/0", READ).unwrap(),
        "1\n2\n3\n5432/tcp\nsecret-d"
    );
    lab.until_event("probe/0", "data-storage-attached");
}

#[test]
fn failure_discards_everything_but_what_acts_at_once() {
    let lab = lab();
    assert!(lab.exec("probe/0", &format!("{WRITE} exit 1")).is_err());
    assert_eq!(
        lab.exec("probe/0", &format!("{READ} 2>/dev/null")).unwrap(),
        ""
    );
    assert_eq!(lab.unit("probe/0").workload.message, "said");
    let status = lab.status();
    assert_eq!(status.applications["probe"].workload_version, "1.2");
    assert!(status.storage.is_empty());
    assert!(lab.log_text().contains("unit.probe/0.juju-log noted\n"));
}

#[test]
fn a_hook_reads_its_own_writes_except_opened_ports_and_the_old_revision() {
    let lab = lab();
    let seen = lab.exec("probe/0", &format!("{WRITE} {READ}")).unwrap();
    assert_eq!(seen, "1\n2\n3\nsecret-d");
    let updated = lab
        .exec(
            "probe/0",
            "id=$(secret-ids --format json | tr -d '[]\"'); secret-set $id password=newer; secret-get $id password; \
             secret-get $id --peek password; secret-info-get $id --format json | grep -o '\"revision\":.'",
        )
        .unwrap();
    assert_eq!(updated, "secret-d\nnewer\n\"revision\":1");
}

#[test]
fn an_action_that_calls_action_fail_still_commits() {
    let lab = lab();
    std::fs::write(
        lab.shared("deliver"),
        "state-set kept=yes; action-set a=1; action-fail \"no luck\"",
    )
    .unwrap();
    let task = lab.run("probe/0", "deliver", &serde_json::json!({}));
    assert_eq!(
        (task.status, task.message.as_deref()),
        (TaskStatus::Failed, Some("no luck"))
    );
    assert_eq!(task.results.return_code, Some(0));
    assert_eq!(lab.exec("probe/0", "state-get kept").unwrap(), "yes");
}

#[test]
fn an_action_that_crashes_keeps_its_results_and_loses_its_writes() {
    let lab = lab();
    std::fs::write(
        lab.shared("deliver"),
        "state-set kept=yes; action-set a=1; action-fail lost; exit 3",
    )
    .unwrap();
    let task = lab.run("probe/0", "deliver", &serde_json::json!({}));
    assert_eq!(
        (task.status, task.message.as_deref()),
        (TaskStatus::Failed, Some("exit status 3"))
    );
    assert_eq!(
        serde_json::Value::Object(task.results.values),
        serde_json::json!({"a": "1"})
    );
    assert_eq!(lab.exec("probe/0", "state-get kept").unwrap(), "");
}

#[test]
fn a_rejected_commit_fails_a_hook_that_exited_with_success() {
    let lab = lab();
    lab.set_model("lab-hook-retry-delay", "1h");
    let message = "cannot write: quota exceeded".to_owned();
    lab.call::<()>(&Request::Fault(Fault::RejectCommit {
        model: MODEL.into(),
        unit: "probe/0".into(),
        message,
    }));
    let hook = "config-changed".to_owned();
    lab.call::<()>(&Request::Fault(Fault::RepeatHook {
        model: MODEL.into(),
        unit: "probe/0".into(),
        hook,
    }));
    lab.until("the unit is in error", || {
        lab.unit("probe/0").workload.current == "error"
    });
    assert_eq!(
        lab.unit("probe/0").workload.message,
        "hook failed: \"config-changed\""
    );
    assert!(
        lab.log_text()
            .contains("cannot apply changes: cannot write: quota exceeded")
    );
}

#[test]
fn a_rejected_commit_fails_an_action_with_a_message_of_its_own() {
    let lab = lab();
    std::fs::write(lab.shared("deliver"), "true").unwrap();
    let message = "quota exceeded".to_owned();
    lab.call::<()>(&Request::Fault(Fault::RejectCommit {
        model: MODEL.into(),
        unit: "probe/0".into(),
        message,
    }));
    let task = lab.run("probe/0", "deliver", &serde_json::json!({}));
    assert_eq!(
        task.message.as_deref(),
        Some("committing requested changes failed")
    );
    assert_eq!(task.results.stderr, "quota exceeded\n");
}

#[test]
fn a_port_of_another_unit_on_the_same_machine_is_refused_at_the_commit() {
    let lab = lab();
    lab.call::<Vec<String>>(&Request::AddUnits(AddUnits {
        model: MODEL.into(),
        application: "probe".into(),
        count: 1,
        to: vec![lab.unit("probe/0").machine],
        attach_storage: Vec::new(),
    }));
    lab.until_event("probe/1", "start");
    lab.settle();
    lab.exec("probe/0", "open-port 8000-8010").unwrap();
    let task = lab.exec_task("probe/1", "open-port 8005; state-set kept=yes");
    assert_eq!(
        task.message.as_deref(),
        Some("committing requested changes failed")
    );
    assert_eq!(
        task.results.stderr,
        "cannot open 8005/tcp: port ranges conflict with 8000-8010/tcp, opened by unit probe/0\n"
    );
    assert_eq!(lab.exec("probe/1", "state-get kept").unwrap(), "");
    lab.exec("probe/1", "open-port 8005/udp").unwrap();
}
