//! Deploying bundles.

use crate::lab::{Lab, is_file_with};

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

const WHOLE_BUNDLE: &str = "\
default-base: ubuntu@22.04/stable
applications:
  server:
    charm: ./tiny
    num_units: 2
    to: ['0', '1']
    options: {word: include-base64://blob.bin, count: 5}
    storage: {data: 'rootfs,2M'}
    constraints: mem=2G
    resources: {blob: ./blob.bin}
    expose: true
    trust: true
  client: {charm: ./tiny, num_units: 1, to: ['1'], options: {port: 8081}}
machines: {'0': {}, '1': {}}
relations:
- [client:backend, server:api]
";

const EXPORTED: &str = "\
default-base: ubuntu@22.04/stable
applications:
  client:
    charm: local:tiny-0
    num_units: 1
    to:
    - \"0\"
    options:
      port: 8081
  server:
    charm: local:tiny-1
    num_units: 2
    to:
    - \"0\"
    - \"1\"
    options:
      count: 5
      word: Y29udGVudCBvZiB0aGUgcmVzb3VyY2U=
    constraints: mem=2G
    storage:
      data: rootfs,2M
    resources:
      blob: RESOURCE
    expose: true
    trust: true
machines:
  \"0\": {}
  \"1\": {}
relations:
- - client:backend
  - server:api
--- # overlay.yaml
applications:
  server:
    offers:
      hello:
        endpoints:
        - api
        acl:
          admin: admin
";

#[test]
fn a_model_is_exported_and_deployed_again() {
    let lab = Lab::with_model();
    lab.tiny_charm();
    lab.write("blob.bin", "content of the resource");
    let bundle = lab.write("bundle.yaml", WHOLE_BUNDLE);
    let overlay = lab.write(
        "offers.yaml",
        "applications: {server: {offers: {hello: {endpoints: [api]}}}}\n",
    );
    let line = format!(
        "deploy {} --overlay {}",
        bundle.display(),
        overlay.display()
    );
    let ran = lab.juju(&line);
    assert!(
        ran.code == 1
            && ran
                .stderr
                .ends_with("the following application(s):\n  - server\n"),
        "{ran:?}"
    );
    let deployed = lab.juju(&format!("{line} --trust")).succeeded();
    assert!(
        deployed
            .stderr
            .contains("note: constraints are recorded and do not matter here: server\n"),
        "{}",
        deployed.stderr
    );
    lab.settle();
    let read = lab.juju_words(&[
        "exec",
        "--unit",
        "server/0",
        "--",
        "cat $(resource-get blob)",
    ]);
    assert_eq!(read.succeeded().stdout, "content of the resource\n");
    let exported = lab.juju("export-bundle").succeeded().stdout;
    let (before, rest) = exported.split_once("blob: ").unwrap();
    let (resource, after) = rest.split_once('\n').unwrap();
    assert!(is_file_with(resource.as_ref(), "content of the resource"));
    assert_eq!(format!("{before}blob: RESOURCE\n{after}"), EXPORTED);

    let file = lab.path("exported.yaml");
    lab.juju(&format!("export-bundle --filename {}", file.display()))
        .succeeded();
    lab.juju("add-model copy").succeeded();
    lab.juju(&format!("deploy {} --trust", file.display()))
        .succeeded();
    lab.settle();
    let copy = lab.juju("export-bundle").succeeded().stdout;
    let without_paths = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.contains("blob: "));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(without_paths(&copy), without_paths(&exported));
    let again = lab
        .juju(&format!("deploy {} --trust", file.display()))
        .succeeded();
    assert!(
        !again.stderr.contains("add relation") && !again.stderr.contains("unit(s)"),
        "{}",
        again.stderr
    );
}

#[test]
fn a_bundle_consumes_offers_of_other_models() {
    let lab = Lab::with_tiny();
    lab.juju("offer tiny:api hello").succeeded();
    lab.juju("add-model shop").succeeded();
    let bundle = lab.write(
        "shop.yaml",
        "applications: {client: {charm: ./tiny, num_units: 1}}
saas: {greeter: {url: 'lab:admin/dev.hello'}}
relations: [[client:backend, 'greeter:api']]
",
    );
    lab.juju(&format!("deploy {}", bundle.display()))
        .succeeded();
    lab.settle();
    let status = lab.status();
    assert_eq!(
        status["application-endpoints"]["greeter"]["relations"]["api"][0],
        "client"
    );
    let exported = lab.juju("export-bundle").succeeded().stdout;
    assert!(
        exported.starts_with(
            "default-base: ubuntu@22.04/stable\nsaas:\n  greeter:\n    url: lab:admin/dev.hello\n"
        ),
        "{exported}"
    );
    let again = lab
        .juju(&format!("deploy {}", bundle.display()))
        .succeeded();
    assert_eq!(again.stderr, "No changes to apply.\n");
}
