//! What is refused, with which words and which exit status.

use crate::lab::Lab;

#[test]
fn without_a_daemon_the_way_to_start_it_is_told() {
    let lab = Lab::not_running();
    let ran = lab.juju("models");
    assert_eq!(ran.code, 1);
    assert!(
        ran.stderr
            .starts_with("ERROR cannot reach the lab's daemon at "),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr
            .ends_with("\nhint: start it with 'juju-lab up'\n"),
        "{}",
        ran.stderr
    );
    assert_eq!(
        lab.juju("version").succeeded().stdout.split('-').next(),
        Some("3.6.11")
    );
}

#[test]
fn unknown_commands_and_flags_are_usage_errors() {
    let lab = Lab::not_running();
    lab.juju("frobnicate").refused(
        2,
        "juju: \"frobnicate\" is not a juju command. See \"juju --help\".",
    );
    lab.juju("status --bogus")
        .refused(2, "option provided but not defined: --bogus");
    assert_eq!(lab.juju("--help").succeeded().stderr, "");
}

#[test]
fn bad_input_changes_nothing_and_names_the_fault() {
    let lab = Lab::with_tiny();
    let before = lab.json("config tiny --format json");
    lab.juju("config tiny word=x count=many")
        .refused(1, "option \"count\" expected int, got \"many\"");
    lab.juju("config tiny word=x nope=1")
        .refused(1, "unknown option \"nope\"");
    lab.juju("config tiny word=x count")
        .refused(2, "cannot set and retrieve values simultaneously");
    lab.juju("config tiny nope").refused(
        1,
        "key \"nope\" not found in \"tiny\" application config or charm settings.",
    );
    assert_eq!(lab.json("config tiny --format json"), before);

    lab.juju("run tiny/0 greet some_id=1").refused(
        2,
        "key \"some_id\" must start and end with lowercase alphanumeric, and contain only lowercase alphanumeric, hyphens and periods",
    );
    lab.juju("run tiny/0 greet --background --wait 1s")
        .refused(2, "cannot specify both --wait and --background");
    lab.juju("run greet").refused(2, "no unit specified");
    lab.juju("exec -- true").refused(
        2,
        "You must specify a target, either through --all, --machine, --application or --unit",
    );
    lab.juju("remove-unit --no-prompt tiny")
        .refused(2, "unit name \"tiny\" not valid");
    lab.juju("status -m absent --format json")
        .refused(1, "model \"admin/absent\" not found");
}

#[test]
fn models_are_added_chosen_and_listed() {
    let lab = Lab::with_model();
    let added = lab.juju("add-model --no-switch other").succeeded();
    assert_eq!(
        added.stderr,
        "Added 'other' model on localhost/localhost for user 'admin'\n"
    );
    assert_eq!(lab.juju("switch").stdout, "lab:admin/dev\n");
    assert_eq!(
        lab.juju("switch other").stderr,
        "lab:admin/dev -> lab:admin/other\n"
    );
    assert_eq!(lab.juju("add-model other").code, 1);
    let models = lab.json("models --format json");
    assert_eq!(models["current-model"], "other");
    let shown = lab.json("show-model --format json dev");
    assert_eq!(shown["dev"]["model-type"], "iaas");
    assert_eq!(shown["dev"]["is-controller"], false);
    lab.juju("model-config update-status-hook-interval=10m")
        .succeeded();
    let config = lab.json("model-config --format json");
    assert_eq!(config["update-status-hook-interval"]["Value"], "10m");
    let asked = lab.juju_with_input(&["destroy-model", "other"], "dev\n");
    assert!(
        asked.stderr.ends_with("ERROR model destruction: aborted\n"),
        "{}",
        asked.stderr
    );
}
