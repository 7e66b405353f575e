//! Faults that a test injects: each is one that clouds and controllers have, at a moment that the test chooses.

use crate::lab::{Charm, Lab, MODEL};
use juju_lab::api::{Fault, Request, TaskStatus};
use serde_json::json;
use std::fs;

const PEERS: &str = "peers: {cluster: probe_peers}\n";

fn inject(lab: &Lab, fault: Fault) -> Option<String> {
    lab.call(&Request::Fault(fault))
}

fn repeat(lab: &Lab, unit: &str, hook: &str) {
    inject(
        lab,
        Fault::RepeatHook {
            model: MODEL.into(),
            unit: unit.into(),
            hook: hook.into(),
        },
    );
}

fn lines(lab: &Lab, name: &str) -> usize {
    fs::read_to_string(lab.shared(name))
        .unwrap_or_default()
        .lines()
        .count()
}

fn kill_at_the_second_call(lab: &Lab, saying: Option<&str>) {
    inject(
        lab,
        Fault::KillAtCall {
            model: MODEL.into(),
            unit: "probe/0".into(),
            call: 2,
            saying: saying.map(str::to_owned),
        },
    );
}

#[test]
fn a_hook_is_delivered_twice_to_one_unit_and_what_always_follows_it_follows() {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("probe", PEERS, ""), 2);
    lab.forget_events("probe/0");
    lab.forget_events("probe/1");
    repeat(&lab, "probe/0", "cluster-relation-joined");
    lab.until_event("probe/0", "cluster-relation-changed probe/1");
    lab.settle();
    assert_eq!(
        lab.events("probe/0"),
        [
            "cluster-relation-joined probe/1",
            "cluster-relation-changed probe/1"
        ]
    );
    assert_eq!(lab.events("probe/1"), Vec::<String>::new());
}

#[test]
fn a_charm_killed_at_its_second_call_runs_again_from_the_start() {
    let lab = Lab::start();
    let script = "if [ $name = config-changed ]; then state-set n=1; echo x >> $shared/first; state-set m=2; \
                  echo x >> $shared/second; fi; true";
    lab.deploy(&Charm::recorder("probe", "", script), 1);
    assert_eq!((lines(&lab, "first"), lines(&lab, "second")), (1, 1));
    kill_at_the_second_call(&lab, None);
    repeat(&lab, "probe/0", "config-changed");
    lab.until("the hook ran twice", || lines(&lab, "first") == 3);
    lab.settle();
    assert_eq!((lines(&lab, "first"), lines(&lab, "second")), (3, 2));
    assert!(!lab.log_text().contains("failed"), "{}", lab.log_text());
}

#[test]
fn a_charm_is_killed_when_it_says_something_for_the_second_time() {
    let lab = Lab::start();
    let script = "if [ $name = config-changed ]; then for n in 1 2 3; do juju-log \"step $n\"; state-set n=$n; \
                  echo x >> $shared/steps; done; fi; true";
    lab.deploy(&Charm::recorder("probe", "", script), 1);
    assert_eq!(lines(&lab, "steps"), 3);
    kill_at_the_second_call(&lab, Some("step 2"));
    repeat(&lab, "probe/0", "config-changed");
    repeat(&lab, "probe/0", "config-changed");
    // It is said once in each hook, and calls are counted in each from the beginning.
    lab.settle();
    assert_eq!(lines(&lab, "steps"), 9);
    kill_at_the_second_call(&lab, Some("step"));
    repeat(&lab, "probe/0", "config-changed");
    lab.until("the hook ran twice", || lines(&lab, "steps") == 13);
}

#[test]
fn an_agent_that_restarts_in_a_hook_runs_it_again_and_in_an_action_reports_its_end() {
    let lab = Lab::start();
    let script = "case $name in config-changed|work) state-set n=$name; echo x >> $shared/$name; \
                  is-leader > /dev/null; echo x >> $shared/$name-end;; esac; true";
    let charm = Charm::recorder("probe", "", script);
    lab.deploy(&charm.file("actions.yaml", "work: {description: d}\n"), 1);
    let arm = || {
        inject(
            &lab,
            Fault::RestartAgent {
                model: MODEL.into(),
                unit: "probe/0".into(),
                call: Some(2),
                saying: None,
            },
        )
    };
    arm();
    repeat(&lab, "probe/0", "config-changed");
    lab.until("the hook ran again", || lines(&lab, "config-changed") == 3);
    lab.settle();
    assert_eq!(lines(&lab, "config-changed-end"), 2);
    arm();
    let task = lab.run("probe/0", "work", &json!({}));
    assert_eq!(
        (task.status, task.message.as_deref()),
        (TaskStatus::Failed, Some("action terminated"))
    );
    assert_eq!((lines(&lab, "work"), lines(&lab, "work-end")), (1, 0));
    assert_eq!(
        lab.exec("probe/0", "state-get n").unwrap(),
        "config-changed"
    );
}

#[test]
fn a_unit_that_lost_the_lead_before_its_commit_has_written_nothing() {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("probe", PEERS, ""), 2);
    let leader = lab.leader("probe");
    inject(
        &lab,
        Fault::LoseLeadership {
            model: MODEL.into(),
            unit: leader.clone(),
        },
    );
    let failed = lab
        .exec(
            &leader,
            "is-leader && relation-set --app -r cluster:0 a=1 && is-leader",
        )
        .unwrap_err();
    assert!(failed.contains("permission denied"), "{failed}");
    assert_ne!(lab.leader("probe"), leader);
    assert_eq!(
        lab.exec(&leader, "relation-get --app -r cluster:0 a probe")
            .unwrap(),
        ""
    );
}

#[test]
fn news_that_is_held_back_reaches_the_unit_later_and_all_at_once() {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("probe", PEERS, ""), 2);
    lab.forget_events("probe/0");
    inject(
        &lab,
        Fault::HoldBackNews {
            model: MODEL.into(),
            unit: "probe/0".into(),
            seconds: 3,
        },
    );
    lab.exec("probe/1", "relation-set -r cluster:0 a=new")
        .unwrap();
    let read = || lab.exec("probe/0", "relation-get -r cluster:0 a probe/1");
    assert_eq!(read().unwrap(), "");
    assert_eq!(lab.events("probe/0"), Vec::<String>::new());
    lab.until_event("probe/0", "cluster-relation-changed probe/1");
    assert_eq!(read().unwrap(), "new");
}

#[test]
fn a_secret_can_be_known_by_its_id_before_it_can_be_read() {
    let lab = Lab::start();
    let charm =
        |name, side| Charm::recorder(name, &format!("{side}: {{db: {{interface: sql}}}}\n"), "");
    lab.deploy(&charm("server", "provides"), 1);
    lab.deploy(&charm("client", "requires"), 1);
    let relation = lab.integrate("server", "client");
    lab.settle();
    let share = format!(
        "id=$(secret-add password=x); secret-grant $id -r {relation}; relation-set -r {relation} secret=$id"
    );
    inject(
        &lab,
        Fault::HoldBackSecrets {
            model: MODEL.into(),
            unit: "client/0".into(),
            seconds: 3,
        },
    );
    lab.exec("server/0", &share).unwrap();
    lab.settle();
    let id = lab
        .exec(
            "client/0",
            &format!("relation-get -r {relation} secret server/0"),
        )
        .unwrap();
    let read = || lab.exec("client/0", &format!("secret-get {id} password"));
    let refused = read().unwrap_err();
    assert!(refused.contains("not found"), "{refused}");
    lab.until("the secret can be read", || read().is_ok());
    assert_eq!(read().unwrap(), "x");
}

#[test]
fn a_unit_that_vanishes_is_still_a_member_for_its_peers_until_they_are_told() {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("probe", PEERS, ""), 3);
    let root = lab.machine_of("probe/2").root;
    lab.exec("probe/2", "relation-set -r cluster:0 a=kept")
        .unwrap();
    lab.settle();
    lab.forget_events("probe/0");
    inject(
        &lab,
        Fault::Vanish {
            model: MODEL.into(),
            unit: "probe/2".into(),
            seconds: 3,
        },
    );
    assert!(!root.exists());
    assert_eq!(
        lab.exec(
            "probe/0",
            "relation-list -r cluster:0; relation-get -r cluster:0 a probe/2"
        )
        .unwrap(),
        "probe/1\nprobe/2\nkept"
    );
    lab.until_event("probe/0", "cluster-relation-departed probe/2");
    assert_eq!(
        lab.exec("probe/0", "relation-list -r cluster:0").unwrap(),
        "probe/1"
    );
}

#[test]
fn a_machine_that_is_cut_off_reaches_only_itself_until_the_network_heals() {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("probe", "", ""), 2);
    let there = lab.machine_of("probe/1").address;
    let serve = format!(
        "systemd-run --unit=web python3 -m http.server 8000 --bind {there} && \
         for i in $(seq 100); do (: < /dev/tcp/{there}/8000) 2>/dev/null && exit; sleep 0.1; done; exit 1"
    );
    lab.exec("probe/1", &serve).unwrap();
    let reach = format!("timeout 2 bash -c ': < /dev/tcp/{there}/8000 && head -c 1 /dev/null'");
    let fetch = format!(
        "timeout 3 python3 -c 'import urllib.request; urllib.request.urlopen(\"http://{there}:8000/\", timeout=2)'"
    );
    lab.exec("probe/0", &fetch).unwrap();
    let cut = Fault::CutNetwork {
        model: MODEL.into(),
        machine: "probe/1".into(),
    };
    let instead = inject(&lab, cut.clone());
    lab.exec("probe/0", &fetch).unwrap_err();
    match instead {
        None => {
            lab.exec("probe/1", &fetch).unwrap();
            lab.exec("probe/1", &reach).unwrap();
        }
        Some(text) => {
            assert!(text.contains("cannot be cut here") && text.contains("hangs instead"));
        }
    }
    let heal = Fault::HealNetwork {
        model: MODEL.into(),
        machine: "probe/1".into(),
    };
    assert_eq!(inject(&lab, heal), None);
    lab.exec("probe/0", &fetch).unwrap();
    // What is cut when the lab goes away is cut no more.
    inject(&lab, cut);
    lab.down();
    let (a, b, c) = {
        let mut parts = there.split('.');
        (
            parts.next().unwrap(),
            parts.next().unwrap().to_owned(),
            parts.next().unwrap().to_owned(),
        )
    };
    let rules = std::process::Command::new("nft")
        .args(["list", "table", "inet", &format!("juju_lab_{a}_{b}_{c}")])
        .env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin")
        .output();
    assert!(!rules.is_ok_and(|output| output.status.success()));
}

#[test]
fn a_machine_that_hangs_in_place_of_a_cut_goes_on_when_the_network_heals() {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("probe", "", ""), 1);
    let (model, machine) = (MODEL.to_owned(), "0".to_owned());
    inject(
        &lab,
        Fault::Freeze {
            model: model.clone(),
            machine: machine.clone(),
        },
    );
    inject(&lab, Fault::HealNetwork { model, machine });
    assert_eq!(lab.exec("probe/0", "echo here").unwrap(), "here");
}

#[test]
fn a_full_disk_takes_no_byte_more_until_it_is_freed_and_goes_with_its_machine() {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("probe", "", ""), 1);
    let root = lab.machine_of("probe/0").root;
    let fill = || {
        lab.try_call::<Option<String>>(&Request::Fault(Fault::FillDisk {
            model: MODEL.into(),
            machine: "0".into(),
        }))
    };
    assert!(
        fill()
            .unwrap_err()
            .message
            .contains("hint: 'juju-lab fault limit-disk")
    );
    lab.exec("probe/0", "state-set a=b; echo kept > kept")
        .unwrap();
    let limited = lab.try_call::<Option<String>>(&Request::Fault(Fault::LimitDisk {
        model: MODEL.into(),
        machine: "0".into(),
        mebibytes: 100,
    }));
    if let Err(refusal) = limited {
        // Only root may mount, and not in every container.
        assert!(
            refusal.message.contains("only root can")
                || refusal.message.contains("cannot run mount"),
            "{refusal}"
        );
        assert_eq!(lab.exec("probe/0", "cat kept").unwrap(), "kept");
        return;
    }
    lab.settle();
    assert_eq!(lab.exec("probe/0", "cat kept").unwrap(), "kept");
    fill().unwrap();
    let write = "head -c 100000 /dev/zero > more";
    let refused = lab.exec("probe/0", write).unwrap_err();
    assert!(refused.contains("No space left on device"), "{refused}");
    inject(
        &lab,
        Fault::FreeDisk {
            model: MODEL.into(),
            machine: "0".into(),
        },
    );
    lab.exec("probe/0", write).unwrap();
    lab.down();
    lab.up();
    lab.settle();
    assert_eq!(lab.exec("probe/0", "cat kept").unwrap(), "kept");
    lab.remove_unit("probe/0");
    lab.until_gone("probe/0");
    assert!(!root.exists());
    assert_eq!(fs::read_dir(lab.home().join("disks")).unwrap().count(), 0);
}

#[test]
fn a_clock_that_was_moved_is_seen_by_hooks_and_services() {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("probe", "", ""), 1);
    let set = |seconds| {
        inject(
            &lab,
            Fault::SetClock {
                model: MODEL.into(),
                machine: "probe/0".into(),
                seconds,
            },
        )
    };
    let off = || {
        let told = lab.exec(
            "probe/0",
            "date +%s; systemd-run --quiet --wait --pipe date +%s",
        );
        let now = jiff::Timestamp::now().as_second();
        let hours = |line: &str| (line.parse::<i64>().unwrap() - now + 1800).div_euclid(3600);
        told.unwrap().lines().map(hours).collect::<Vec<_>>()
    };
    assert_eq!(off(), [0, 0]);
    set(7200);
    lab.settle();
    assert_eq!(off(), [2, 2]);
    set(-3600);
    assert_eq!(off(), [-1, -1]);
    inject(
        &lab,
        Fault::Heal {
            model: MODEL.into(),
        },
    );
    assert_eq!(off(), [0, 0]);
}
