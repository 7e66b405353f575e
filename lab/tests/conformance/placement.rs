//! Deploying: names, machines, models, and requests that are refused.

use crate::lab::{Charm, Lab, MODEL, deploy_request};
use juju_lab::api::{
    AddModel, CharmSource, Code, Deploy, Deployed, DestroyModel, ModelInfo, RemoveApplications,
    Removed, Request,
};
use std::collections::BTreeMap;

#[test]
fn a_refused_deploy_leaves_nothing_behind() {
    let lab = Lab::start();
    let CharmSource::Path(path) = lab.charm(&Charm::recorder("probe", "", "")) else {
        panic!()
    };
    let deploy = |change: &dyn Fn(&mut Deploy)| {
        let mut request = deploy_request(&path);
        change(&mut request);
        lab.try_call::<Deployed>(&Request::Deploy(request))
            .map_err(|failure| failure.message)
    };
    assert_eq!(
        deploy(&|it| it.application = Some("Probe".into())).unwrap_err(),
        "invalid application name \"Probe\""
    );
    let unknown = |it: &mut Deploy| it.config = BTreeMap::from([("a".to_owned(), "1".to_owned())]);
    assert_eq!(deploy(&unknown).unwrap_err(), "unknown option \"a\"");
    assert_eq!(
        deploy(&|it| it.to = vec!["7".into()]).unwrap_err(),
        "machine 7 not found"
    );
    assert!(
        deploy(&|it| it.charm = CharmSource::Name("nothing".into()))
            .unwrap_err()
            .contains("hint: ")
    );
    assert!(lab.status().applications.is_empty() && lab.status().machines.is_empty());
    assert_eq!(
        std::fs::read_dir(lab.home().join("charms"))
            .unwrap()
            .count(),
        0
    );
    assert!(deploy(&|_| ()).is_ok());
    assert!(
        deploy(&|_| ())
            .unwrap_err()
            .starts_with("cannot add application \"probe\": application already exists")
    );
    let by_name = |it: &mut Deploy| {
        it.charm = CharmSource::Name("probe".into());
        it.application = Some("again".into());
    };
    assert_eq!(deploy(&by_name).unwrap().charm_name, "probe");
}

#[test]
fn a_charm_for_kubernetes_is_refused() {
    let lab = Lab::start();
    let charm = Charm::recorder("probe", "containers: {work: {}}\n", "");
    let CharmSource::Path(path) = lab.charm(&charm) else {
        panic!()
    };
    let failure = lab
        .try_call::<Deployed>(&Request::Deploy(deploy_request(&path)))
        .unwrap_err();
    assert!(
        failure.message.contains("made for Kubernetes") && failure.message.contains("hint: "),
        "{failure}"
    );
}

#[test]
fn machines_have_addresses_of_their_own_and_a_removed_application_gives_them_back() {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("probe", "", ""), 2);
    let (first, second) = (lab.machine_of("probe/0"), lab.machine_of("probe/1"));
    assert_ne!(first.address, second.address);
    let request = RemoveApplications {
        model: MODEL.into(),
        applications: vec!["probe".into()],
        destroy_storage: false,
        force: false,
        dry_run: false,
    };
    let removed: Removed = lab.call(&Request::RemoveApplications(request));
    assert_eq!(removed.units, ["probe/0", "probe/1"]);
    lab.until("the application is gone", || {
        lab.status().applications.is_empty()
    });
    lab.until("its machines are gone", || lab.status().machines.is_empty());
    assert!(!first.root.exists() && !second.root.exists());
}

#[test]
fn a_model_is_destroyed_with_everything_in_it_even_if_hooks_fail() {
    let lab = Lab::start();
    let info: ModelInfo = lab.call(&Request::AddModel(AddModel {
        name: "second".into(),
        config: BTreeMap::new(),
    }));
    assert_eq!(
        (info.life.as_str(), info.owner.as_str()),
        ("alive", "admin")
    );
    let CharmSource::Path(path) = lab.charm(&Charm::recorder("probe", "", "exit 1")) else {
        panic!()
    };
    let request = Deploy {
        model: "admin/second".into(),
        ..deploy_request(&path)
    };
    lab.call::<Deployed>(&Request::Deploy(request));
    let destroy = DestroyModel {
        model: "second".into(),
        destroy_storage: true,
        force: true,
    };
    lab.call::<()>(&Request::DestroyModel(destroy));
    let show = Request::ShowModel {
        model: "second".into(),
    };
    lab.until("the model is gone", || {
        lab.try_call::<ModelInfo>(&show)
            .is_err_and(|failure| failure.code == Code::NotFound)
    });
    assert_eq!(
        std::fs::read_dir(lab.home().join("m")).unwrap().count(),
        0,
        "the machine's directory is gone"
    );
    let left: Vec<_> = std::fs::read_dir(lab.home().join("state"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains(&info.uuid))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn state_and_logs_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("probe", "", ""), 1);
    let mode = |path: &str| {
        lab.home()
            .join(path)
            .metadata()
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(
        (
            mode(""),
            mode("state"),
            mode("daemon.sock"),
            mode("daemon.log")
        ),
        (0o711, 0o700, 0o600, 0o600)
    );
    for entry in std::fs::read_dir(lab.home().join("state")).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(
            entry.metadata().unwrap().permissions().mode() & 0o777,
            0o600,
            "{:?}",
            entry.path()
        );
    }
    let socket = lab.machine_of("probe/0").root.join("run/agent.sock");
    assert_eq!(
        socket.metadata().unwrap().permissions().mode() & 0o777,
        0o600
    );
}
