//! Actions and commands on units.

use serde_json::json;

use crate::lab::Lab;

#[test]
fn results_go_to_standard_output_and_progress_to_standard_error() {
    let lab = Lab::with_tiny();
    let ran = lab.juju("run tiny/0 greet name=Ada").succeeded();
    assert_eq!(
        ran.stdout,
        "greeting:\n  text: hello Ada\nsize: \"10\"\n\nprinted\n"
    );
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!(
        lines[..5],
        [
            "Running operation 1 with 1 task",
            "  - task 2 on unit-tiny-0",
            "",
            "Waiting for task 2...",
            lines[4]
        ]
    );
    assert_eq!(lines[4].split_once(' ').unwrap().1, "greeting Ada");
    assert_eq!(lines[5..], [""]);

    let quiet = lab.juju("run tiny/0 greet --quiet").succeeded();
    assert_eq!(quiet.stderr, "");
    assert_eq!(
        quiet.stdout,
        "greeting:\n  text: hello you\nsize: \"10\"\n\nprinted\n"
    );
}

#[test]
fn json_results_are_keyed_by_the_unit_behind_leader() {
    let lab = Lab::with_tiny();
    let results = lab.json("run --format json tiny/leader greet --utc");
    let task = &results["tiny/0"];
    assert_eq!(task["id"], "2");
    assert_eq!(task["status"], "completed");
    assert_eq!(task["unit"], "tiny/0");
    assert_eq!(
        task["results"],
        json!({
            "greeting": {"text": "hello you"}, "size": "10", "return-code": 0, "stdout": "printed\n",
        })
    );
    assert!(
        task["log"][0]
            .as_str()
            .unwrap()
            .ends_with(" +0000 UTC greeting you")
    );
    assert!(
        task["timing"]["completed"]
            .as_str()
            .unwrap()
            .ends_with(" +0000 UTC")
    );
}

#[test]
fn parameters_are_yaml_on_the_command_line_and_in_files() {
    let lab = Lab::with_tiny();
    let file = lab.write("params.yaml", "backup_id: 5\nnested: {a: 1, b: off}\n");
    let line = format!(
        "run -q tiny/0 params --params {} yes=yes list=[1,two] nested.b=x",
        file.display()
    );
    let told = lab.juju(&line).succeeded().stdout;
    let params: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        params,
        json!({
            "backup_id": 5, "nested": {"a": 1, "b": "x"}, "yes": true, "list": [1, "two"],
        })
    );
    let strings = lab
        .juju("run -q tiny/0 params n=3 --string-args")
        .succeeded()
        .stdout;
    assert_eq!(strings.trim(), r#"{"n":"3"}"#);
}

#[test]
fn a_polite_failure_is_no_error_of_the_client_but_a_crash_is() {
    let lab = Lab::with_tiny();
    let refused = lab.juju("run -q tiny/0 refuse");
    assert_eq!(refused.code, 0);
    assert_eq!(
        refused.stdout,
        "Action id 2 failed: not today\nhint: run greet\n\n"
    );

    let crashed = lab.juju("run -q tiny/0 crash");
    assert_eq!(crashed.code, 1);
    assert_eq!(
        crashed.stdout,
        "Action id 4 failed: exit status 3\n\noops\n"
    );
    assert_eq!(
        crashed.stderr,
        "ERROR the following task failed:\n - id \"4\" with return code 3\n\nuse 'juju show-task' to inspect the failure\n"
    );
}

#[test]
fn what_cannot_be_scheduled_is_told_without_a_result() {
    let lab = Lab::with_tiny();
    let unknown = lab.juju("run tiny/0 nope").succeeded();
    assert_eq!(unknown.stdout, "");
    assert!(
        unknown
            .stderr
            .starts_with("Operation 1 failed to schedule any tasks:\n"),
        "{}",
        unknown.stderr
    );
    let invalid = lab.juju("run tiny/0 greet name=3").succeeded();
    assert!(
        invalid.stderr.contains("\nvalidation failed: "),
        "{}",
        invalid.stderr
    );
}

#[test]
fn a_task_outlives_an_impatient_client_and_can_be_cancelled() {
    let lab = Lab::with_tiny();
    let ran = lab.juju("run tiny/0 slow --wait 300ms");
    assert_eq!(ran.code, 1);
    assert!(
        ran.stderr
            .ends_with("ERROR timed out waiting for results from: unit tiny/0\n"),
        "{}",
        ran.stderr
    );
    assert_eq!(lab.json("show-task 2 --format json")["status"], "running");
    lab.juju("cancel-task 2").succeeded();
    assert_eq!(
        lab.json("show-task 2 --wait 10s --format json -q")["status"],
        "aborted"
    );
    let operations = lab.juju("operations").succeeded().stdout;
    assert!(
        operations.starts_with("ID  Status   Started"),
        "{operations}"
    );
    assert!(operations.contains("\n1   aborted  "), "{operations}");
}

#[test]
fn a_background_task_is_found_by_its_id() {
    let lab = Lab::with_tiny();
    let scheduled = lab.juju("run tiny/0 greet --background").succeeded();
    assert_eq!(scheduled.stdout, "");
    assert_eq!(
        scheduled.stderr,
        "Scheduled operation 1 with task 2\nCheck operation status with 'juju show-operation 1'\nCheck task status with 'juju show-task 2'\n"
    );
    let task = lab.json("show-task 2 --wait 10s --format json -q");
    assert_eq!(task["results"]["greeting"]["text"], "hello you");
    let operation = lab.json("show-operation 1 --format json");
    assert_eq!(operation["summary"], "greet run on unit-tiny-0");
    assert_eq!(operation["tasks"]["2"]["host"], "tiny/0");
}

#[test]
fn actions_are_listed_with_their_schema() {
    let lab = Lab::with_tiny();
    let table = lab.juju("actions tiny").succeeded().stdout;
    assert!(
        table.starts_with("Action  Description\ncrash   Exits with 3.\ngreet   Says something.\n"),
        "{table}"
    );
    let schema = lab.json("actions tiny --schema --format json");
    assert_eq!(schema["greet"]["properties"]["name"]["default"], "you");
    assert_eq!(schema["greet"]["additionalProperties"], false);
}

#[test]
fn a_command_runs_in_a_hook_context() {
    let lab = Lab::with_tiny();
    let ran = lab
        .juju_words(&["exec", "-q", "--unit", "tiny/0", "--", "config-get", "word"])
        .succeeded();
    assert_eq!(ran.stdout, "hello\n");
    let words = lab.juju_words(&[
        "exec", "-q", "--unit", "tiny/0", "--", "printf", "[%s]", "a b", "$HOME",
    ]);
    assert_eq!(words.stdout, "[a b][$HOME]\n");
    let failed = lab.juju_words(&[
        "exec", "--format", "json", "-q", "--unit", "tiny/0", "--", "exit 4",
    ]);
    assert_eq!(failed.code, 1);
    let results: serde_json::Value = serde_json::from_str(&failed.stdout).unwrap();
    assert_eq!(results["tiny/0"]["status"], "completed");
    assert_eq!(results["tiny/0"]["results"]["return-code"], 4);
}
