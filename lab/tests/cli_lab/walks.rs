//! Random walks over a charm that does next to nothing.

use crate::lab::Lab;
use std::fs;

/// The steps among the lines of a walk.
fn steps(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with('#')).collect()
}

const OTHERS: &str = "[add-unit, power-off, freeze, cut-network, kill-at-call, restart-agent, reject-commit, \
                      lose-leadership, order-hooks, hold-back-news, hold-back-secrets, repeat-hook, expire-leadership]";

#[test]
fn a_walk_over_a_charm_that_recovers_ends_well_and_can_be_taken_again() {
    let lab = Lab::with_tiny();
    let plan = lab.write(
        "plan.yaml",
        "units: {min: 1, max: 2}\nactions: {greet: [{}, {name: walker}], crash: [{}]}\n\
         options: {word: [one, 'two words'], count: [4]}\n",
    );
    let (plan, script) = (
        plan.display().to_string(),
        lab.path("script").display().to_string(),
    );
    let walk = [
        "walk",
        "--seed",
        "7",
        "--steps",
        "12",
        "--plan",
        &plan,
        "--script",
        &script,
        "--stable",
        "300ms",
        "--timeout",
        "60s",
        "tiny",
    ];
    let walked = lab.run(&walk, "");
    assert_eq!(walked.code, 0, "{walked:#?}");
    assert_eq!(steps(&walked.stdout).len(), 13, "{}", walked.stdout);
    assert!(
        walked
            .stdout
            .ends_with("# seed 7: 12 steps, and all that must hold held\n")
    );
    assert_eq!(fs::read_to_string(&script).unwrap(), walked.stdout);

    // Two steps of it, on what the first walk left.
    lab.write("again", "# by hand\njuju config tiny word=again # at once\n\njuju-lab fault expire-leadership tiny\n");
    let again = lab.path("again").display().to_string();
    let replay = ["walk", "--replay", &again, "--stable", "300ms", "tiny"];
    let replayed = lab.run(&replay, "");
    assert_eq!(replayed.code, 0, "{replayed:#?}");
    assert_eq!(
        steps(&replayed.stdout),
        [
            "juju config tiny word=again # at once",
            "juju-lab fault expire-leadership tiny",
            "juju-lab fault heal"
        ]
    );
}

#[test]
fn a_walk_stops_where_something_does_not_hold_and_says_where() {
    let lab = Lab::with_tiny();
    let plan = lab.write(
        "plan.yaml",
        &format!("units: {{min: 1, max: 1}}\noptions: {{word: [fail]}}\nwithout: {OTHERS}\n"),
    );
    let plan = plan.display().to_string();
    let walk = |more: &[&str]| {
        let first = ["walk", "--seed", "1", "--plan", &plan, "--stable", "300ms"];
        lab.run(&[&first, more, &["tiny"]].concat(), "")
    };
    let stuck = walk(&["--timeout", "2s"]);
    assert_eq!(stuck.code, 1, "{stuck:#?}");
    let last = stuck.stdout.lines().last().unwrap();
    assert!(
        last.starts_with("# seed 1, step ")
            && last.ends_with(
                ": no rest after 2 s: tiny/0 is in error (hook failed: \"config-changed\")"
            ),
        "{last}"
    );
    lab.juju("config tiny --reset word").succeeded();
    lab.juju("resolved tiny/0").succeeded();
    lab.settle();
    let checked = walk(&[
        "--steps",
        "0",
        "--check",
        "echo \"$WALK_APPLICATION at $WALK_STEP\"; exit 3",
    ]);
    assert_eq!(checked.code, 1, "{checked:#?}");
    assert!(
        checked
            .stdout
            .ends_with("# seed 1, step 0: the check failed (exit status: 3):\n#   tiny at 0\n"),
        "{}",
        checked.stdout
    );
}

#[test]
fn a_walk_over_nothing_and_a_plan_with_a_mistake_are_refused() {
    let lab = Lab::with_model();
    lab.run(&["walk", "tiny"], "").refused(
        1,
        "application \"tiny\" not found\nhint: deploy it before the walk",
    );
    let plan = lab.write("plan.yaml", "units: {min: 3, max: 2}\n");
    let path = plan.display().to_string();
    lab.run(&["walk", "--plan", &path, "tiny"], "").refused(
        1,
        &format!("the plan {path} wants 3 to 2 units\nhint: min is at least 1 and at most max"),
    );
}
