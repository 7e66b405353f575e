//! `juju wait-for` and `juju-lab wait`.

use crate::lab::Lab;

#[test]
fn a_goal_that_is_not_reached_in_time_is_an_error() {
    let lab = Lab::with_tiny();
    let late = lab.juju("wait-for application tiny --query status==\"blocked\" --timeout 300ms");
    assert_eq!(late.code, 1);
    assert!(
        late.stderr
            .contains("ERROR timed out waiting for \"tiny\" to reach goal state"),
        "{}",
        late.stderr
    );
    lab.juju("wait-for model dev --query forEach(units,u=>u.agent-status==\"idle\") --timeout 2m")
        .succeeded();
}

#[test]
fn a_query_about_something_unknown_is_refused() {
    let lab = Lab::with_tiny();
    let odd = lab.juju("wait-for unit tiny/0 --query colour==\"red\"");
    assert_eq!(odd.code, 2);
    assert!(
        odd.stderr
            .contains("ERROR query asks for \"colour\", which is unknown here\nhint: known are "),
        "{}",
        odd.stderr
    );
}

#[test]
fn giving_up_shows_the_status_and_the_last_lines_of_what_is_not_settled() {
    let lab = Lab::with_tiny();
    lab.juju("config tiny word=fail").succeeded();
    lab.juju("wait-for unit tiny/0 --query workload-status==\"error\" --timeout 2m")
        .succeeded();
    let gave_up = lab.run(&["wait", "--timeout", "200ms", "tiny"], "");
    assert_eq!(gave_up.code, 1);
    assert!(
        gave_up.stdout.contains("hook failed: \"config-changed\""),
        "{}",
        gave_up.stdout
    );
    assert!(
        gave_up
            .stdout
            .contains("\nLast lines of tiny/0:\nunit-tiny-0: "),
        "{}",
        gave_up.stdout
    );
    assert!(
        gave_up
            .stderr
            .ends_with("ERROR timed out after 0.2 s, not settled: tiny/0\n"),
        "{}",
        gave_up.stderr
    );
}
