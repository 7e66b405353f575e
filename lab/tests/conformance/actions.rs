//! Actions and commands.

use crate::lab::{Charm, Lab, MODEL};
use juju_lab::api::{OperationView, Request, TaskStatus, TaskView};
use serde_json::{Value, json};

fn lab(script: &str) -> Lab {
    let lab = Lab::start();
    let actions = "work:\n  description: d\n  params:\n    who: {type: string, default: world}\n    times: {type: integer, minimum: 1}\n  \
                   additionalProperties: false\n";
    lab.deploy(
        &Charm::recorder("probe", "", script).file("actions.yaml", actions),
        1,
    );
    lab
}

#[test]
fn parameters_arrive_with_their_defaults_and_results_nest() {
    let lab = lab(
        "[ $name = work ] && { action-log one; action-log two; echo printed; \
                   action-set backup.id=7 \"backup.size=1 MB\" greeting=\"hello $(action-get who)\" times=\"$(action-get times)\"; }; true",
    );
    let task = lab.run("probe/0", "work", &json!({"times": 3}));
    assert_eq!(task.status, TaskStatus::Completed);
    let results = Value::Object(task.results.values.clone());
    assert_eq!(
        results,
        json!({"backup": {"id": "7", "size": "1 MB"}, "greeting": "hello world", "times": "3"})
    );
    assert_eq!(
        (task.results.stdout.as_str(), task.results.return_code),
        ("printed\n", Some(0))
    );
    let lines: Vec<&str> = task.log.iter().map(|line| line.message.as_str()).collect();
    assert_eq!(lines, ["one", "two"]);
    let later: TaskView = lab.call(&Request::Task {
        model: MODEL.into(),
        id: task.id,
        since_line: 1,
    });
    assert_eq!((later.log.len(), later.next_line), (1, 2));
}

#[test]
fn wrong_parameters_schedule_no_task_and_say_why() {
    let lab = lab("");
    let enqueued = lab.enqueue("probe/0", "work", &json!({"times": 0, "colour": "red"}));
    let failure = enqueued.tasks[0].failure.clone().unwrap();
    assert!(failure.starts_with("validation failed: "), "{failure}");
    assert_eq!(enqueued.tasks[0].id, None);
    assert_eq!(
        lab.enqueue("probe/0", "play", &json!({})).tasks[0]
            .failure
            .as_deref(),
        Some("action \"play\" not defined on unit \"probe/0\"")
    );
    assert_eq!(
        lab.events("probe/0")
            .iter()
            .filter(|line| *line == "work")
            .count(),
        0
    );
}

#[test]
fn operations_and_tasks_are_numbered_by_one_counter() {
    let lab = lab("");
    let first = lab.enqueue("probe/0", "work", &json!({}));
    let second = lab.enqueue("probe/leader", "work", &json!({}));
    assert_eq!(
        (first.operation.as_str(), first.tasks[0].id.as_deref()),
        ("1", Some("2"))
    );
    assert_eq!(
        (second.operation.as_str(), second.tasks[0].id.as_deref()),
        ("3", Some("4"))
    );
    assert_eq!(second.tasks[0].receiver, "probe/0");
    lab.finished("4");
    let operation: OperationView = lab.call(&Request::Operation {
        model: MODEL.into(),
        id: "3".into(),
    });
    assert_eq!(
        (operation.status, operation.summary.as_str()),
        (TaskStatus::Completed, "work run on unit-probe-0")
    );
}

#[test]
fn a_running_task_is_killed_when_it_is_cancelled_and_a_pending_one_never_runs() {
    let lab =
        lab("[ $name = work ] && { state-set kept=yes; touch $shared/running; sleep 1000; }; true");
    let running = lab.enqueue("probe/0", "work", &json!({})).tasks[0]
        .id
        .clone()
        .unwrap();
    lab.until("the task runs", || lab.shared("running").exists());
    let pending = lab.enqueue("probe/0", "work", &json!({})).tasks[0]
        .id
        .clone()
        .unwrap();
    let cancel = |id: &str| {
        lab.call::<TaskView>(&Request::CancelTask {
            model: MODEL.into(),
            id: id.into(),
        })
    };
    assert_eq!(cancel(&pending).status, TaskStatus::Cancelled);
    assert_eq!(cancel(&running).status, TaskStatus::Aborting);
    assert_eq!(lab.finished(&running).status, TaskStatus::Aborted);
    lab.settle();
    assert_eq!(
        lab.events("probe/0")
            .iter()
            .filter(|line| *line == "work")
            .count(),
        1
    );
    assert_eq!(lab.exec("probe/0", "state-get kept").unwrap(), "");
}

#[test]
fn output_that_is_not_text_is_stored_as_base64() {
    let lab = lab("[ $name = work ] && printf '\\377\\376'; true");
    let results = lab.run("probe/0", "work", &json!({})).results;
    assert_eq!(
        (results.stdout.as_str(), results.stdout_encoding.as_deref()),
        ("//4=", Some("base64"))
    );
}

#[test]
fn a_charm_without_dispatch_uses_its_files_and_misses_the_rest() {
    let lab = Lab::start();
    let charm = Charm::recorder("probe", "", "").file("actions.yaml", "work:\n  description: d\n");
    let juju_lab::api::CharmSource::Path(path) = lab.charm(&charm) else {
        panic!()
    };
    std::fs::remove_file(path.join("dispatch")).unwrap();
    lab.call::<Value>(&Request::Deploy(crate::lab::deploy_request(&path)));
    lab.settle();
    assert!(
        lab.log_text()
            .contains("skipped \"install\" hook (missing)")
    );
    let task = lab.run("probe/0", "work", &json!({}));
    assert_eq!(
        task.message.as_deref(),
        Some("action not implemented on unit \"probe/0\"")
    );
}

#[test]
fn a_failing_command_completes_with_its_return_code() {
    let lab = lab("");
    let task = lab.exec_task("probe/0", "echo out; echo err >&2; exit 4");
    assert_eq!(
        (task.status, task.results.return_code),
        (TaskStatus::Completed, Some(4))
    );
    assert_eq!(
        (task.results.stdout.as_str(), task.results.stderr.as_str()),
        ("out\n", "err\n")
    );
}

#[test]
fn a_command_on_a_machine_has_no_hook_tools() {
    let lab = lab("");
    let request = juju_lab::api::Exec {
        model: MODEL.into(),
        units: Vec::new(),
        applications: Vec::new(),
        machines: vec!["0".into()],
        all: false,
        command: "command -v status-set; echo \"${JUJU_UNIT_NAME:-none}\"".into(),
    };
    let enqueued: juju_lab::api::Enqueued = lab.call(&Request::Exec(request));
    let task = lab.finished(&enqueued.tasks[0].id.clone().unwrap());
    assert_eq!(
        (task.unit.as_str(), task.results.stdout.as_str()),
        ("machine-0", "none\n")
    );
}
