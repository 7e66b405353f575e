//! Deploying bundles.

use crate::lab::Lab;

#[test]
fn a_bundle_is_deployed_once_and_then_adjusted() {
    let lab = Lab::with_model();
    lab.tiny_charm();
    let bundle = lab.write(
        "bundle.yaml",
        "default-base: ubuntu@22.04/stable
applications:
  server: {charm: ./tiny, num_units: 2, to: ['0', '1'], options: {word: include-file://word.txt}}
  client: {charm: ./tiny, num_units: 1, to: ['1'], options: {port: 8081}}
machines: {'0': {}, '1': {}}
relations:
- [server:api, client:backend]
",
    );
    lab.write("word.txt", "included");
    let line = format!("deploy {}", bundle.display());
    let dry = lab.juju(&format!("{line} --dry-run")).succeeded();
    assert!(
        dry.stderr
            .ends_with("- add relation server:api - client:backend\n"),
        "{}",
        dry.stderr
    );
    assert_eq!(lab.status()["applications"], serde_json::json!({}));

    lab.juju(&line).succeeded();
    lab.settle();
    let status = lab.status();
    let server = &status["applications"]["server"];
    assert_eq!(
        server["units"]["server/0"]["workload-status"]["message"],
        "word is included"
    );
    let machines = status["machines"].as_object().unwrap();
    assert_eq!(machines.len(), 2, "client shares a machine with a server");
    assert_eq!(
        status["applications"]["client"]["relations"]["backend"][0]["related-application"],
        "server"
    );

    let overlay = lab.write("more.yaml", "applications: {server: {num_units: 3}}\n");
    let again = lab
        .juju(&format!("{line} --overlay {}", overlay.display()))
        .succeeded();
    assert!(
        again.stderr.contains("\n- add 1 unit(s) to server\n"),
        "{}",
        again.stderr
    );
    lab.settle();
    assert_eq!(
        lab.status()["applications"]["server"]["units"]
            .as_object()
            .unwrap()
            .len(),
        3
    );
}

#[test]
fn a_bundle_that_contradicts_itself_deploys_nothing() {
    let lab = Lab::with_model();
    let bundle = lab.write(
        "bad.yaml",
        "applications: {a: {charm: ./a}}\nrelations: [[a:x, b:y]]\n",
    );
    let ran = lab.juju(&format!("deploy {}", bundle.display()));
    assert_eq!(ran.code, 1);
    assert!(
        ran.stderr
            .contains("relation end \"b:y\" names an application it does not have"),
        "{}",
        ran.stderr
    );
}
