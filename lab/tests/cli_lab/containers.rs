//! Machines with a real systemd, where the computer can have them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::lab::{Lab, Ran};

const CHARM: [(&str, &str); 3] = [
    (
        "metadata.yaml",
        "name: keeper\nsummary: Keeps a service\ndescription: It installs a service and tells who runs it\n",
    ),
    (
        "actions.yaml",
        "look: {description: Tells what it sees., additionalProperties: false}\n",
    ),
    (
        "dispatch",
        "#!/bin/sh
set -e
case \"$JUJU_DISPATCH_PATH\" in
hooks/install)
  printf '[Service]\\nExecStart=/usr/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' \\
    >/etc/systemd/system/keeper.service
  systemctl daemon-reload
  systemctl enable --now keeper.service
  echo kept >/var/lib/keeper
  # A file that only this machine has.
  echo 'count: seven' >/var/tmp/state
  state-set --file /var/tmp/state;;
actions/look)
  action-set init=\"$(cat /proc/1/comm)\" user=\"$(id -un)\" charm=\"$CHARM_DIR\" \\
    keeper=\"$(systemctl is-active keeper.service)\" kept=\"$(cat /var/lib/keeper)\" \\
    count=\"$(state-get count)\" capabilities=\"$(sed -n 's/^CapBnd:\\t*//p' /proc/self/status)\";;
hooks/start) status-set active \"boot $(cat /proc/sys/kernel/random/boot_id >/dev/null && hostname)\";;
esac
",
    ),
];

/// A lab with such machines. None, loudly, where the computer cannot have them.
fn lab() -> Option<Lab> {
    let lab = Lab::not_running();
    let home = lab.home();
    // Services of a machine run as other users and pass through here.
    fs::set_permissions(home, fs::Permissions::from_mode(0o711)).unwrap();
    let up = lab.run(&["up", "--machines", "systemd"], "");
    if up.code != 0 && cannot_be_here(&up) {
        // Past the capture of the test's output.
        let told = format!("\nNOT PROVED HERE, machines with systemd: {}\n", up.stderr);
        let mut terminal = std::io::stderr().lock();
        std::io::Write::write_all(&mut terminal, told.as_bytes()).unwrap();
        return None;
    }
    up.succeeded();
    lab.juju("add-model dev").succeeded();
    Some(lab)
}

/// Only what no command can mend is an excuse.
fn cannot_be_here(up: &Ran) -> bool {
    up.stderr.contains("machines with systemd need root")
        || up
            .stderr
            .contains("which this computer's kernel does not offer")
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_mins(2);
    while !holds() {
        assert!(Instant::now() < end, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn looked(lab: &Lab) -> serde_json::Value {
    let ran = lab.json("run keeper/0 look --format json --wait 60s");
    assert_eq!(ran["keeper/0"]["status"], "completed", "{ran}");
    ran["keeper/0"]["results"].clone()
}

#[test]
fn a_charm_lives_under_a_real_systemd_through_reboot_and_power_loss_and_leaves_nothing() {
    let Some(lab) = lab() else { return };
    for (name, text) in CHARM {
        lab.write(&format!("keeper/{name}"), text);
    }
    let charm = lab.path("keeper");
    fs::set_permissions(charm.join("dispatch"), fs::Permissions::from_mode(0o755)).unwrap();
    lab.juju(&format!("deploy {}", charm.display())).succeeded();
    let settled = || {
        lab.run(&["wait", "--timeout", "120s", "--stable", "500ms"], "")
            .succeeded();
    };
    settled();

    // The charm is root on a machine of its own, and not on this computer.
    let seen = looked(&lab);
    assert_eq!(seen["init"], "systemd");
    assert_eq!(seen["user"], "root");
    assert_eq!(seen["charm"], "/var/lib/juju/agents/unit-keeper-0/charm");
    assert_eq!(seen["keeper"], "active");
    assert_eq!(seen["count"], "seven");
    // No capability to set the clock, which is everybody's: bit 25.
    let capabilities = seen["capabilities"].as_str().unwrap();
    let bits = u64::from_str_radix(capabilities, 16).unwrap();
    assert_eq!(bits & (1 << 25), 0, "{capabilities}");
    assert!(!std::path::Path::new("/etc/systemd/system/keeper.service").exists());

    // Commands and files get there by the usual ways.
    let over_ssh = lab.juju_words(&["ssh", "keeper/0", "systemctl", "is-enabled", "keeper"]);
    assert_eq!(over_ssh.succeeded().stdout, "enabled\n");
    // Whoever waits for a program outside goes on when it does. A shutdown stops all programs of the machine first.
    let stopped = "pkill -STOP systemd-run; sleep 0.5; pkill -CONT systemd-run; echo back";
    let waited = lab.juju_words(&["ssh", "keeper/0", stopped]);
    assert_eq!(waited.succeeded().stdout, "back\n");
    let file = lab.write("note", "hello");
    lab.juju_words(&["scp", file.to_str().unwrap(), "keeper/0:/var/lib/note"])
        .succeeded();
    for (arguments, expected) in [
        ("--unit keeper/0 -- cat /var/lib/note", "hello"),
        ("--machine 0 -- cat /proc/1/comm", "systemd"),
    ] {
        let read = lab.juju(&format!("exec {arguments}")).succeeded();
        assert_eq!(read.stdout.trim_end(), expected);
    }

    // Another machine reaches it, unless it is cut off.
    lab.juju("add-machine").succeeded();
    lab.juju("wait-for machine 1 --query status==\"started\" --timeout 2m")
        .succeeded();
    let status = lab.status();
    let address = status["machines"]["0"]["dns-name"].as_str().unwrap();
    lab.juju_words(&[
        "ssh",
        "keeper/0",
        "systemd-run --quiet python3 -m http.server --bind $(hostname -i) 8000",
    ])
    .succeeded();
    let connect =
        format!("python3 -c 'import socket; socket.create_connection((\"{address}\", 8000), 2)'");
    let reached = || lab.juju_words(&["ssh", "1", &connect]).code == 0;
    until("the server is up", reached);
    lab.run(&["fault", "cut-network", "0"], "").succeeded();
    assert!(!reached());
    lab.run(&["fault", "heal-network", "0"], "").succeeded();
    assert!(reached());
    lab.juju("remove-machine 1 --force --no-prompt").succeeded();

    // What is asked of systemd to survive survives; what nobody asked for does not.
    for fault in ["power-off", "power-on"] {
        lab.run(&["fault", fault, "keeper/0"], "").succeeded();
    }
    settled();
    let seen = looked(&lab);
    assert_eq!(
        (&seen["keeper"], &seen["kept"]),
        (&"active".into(), &"kept".into())
    );
    lab.juju_words(&["ssh", "keeper/0", "touch /run/gone && systemctl reboot"]);
    until("the machine is back, with an empty /run", || {
        let ran = lab.juju_words(&[
            "ssh",
            "keeper/0",
            "ls /run/gone; systemctl is-active keeper",
        ]);
        ran.stdout == "active\n"
    });
    settled();

    // A daemon that was killed left the machine running; nothing is left after this.
    let daemon = fs::read_to_string(lab.home().join("daemon.pid")).unwrap();
    let killed = Command::new("kill").args(["-9", daemon.trim()]).status();
    assert!(killed.unwrap().success());
    let home = lab.home().display().to_string();
    assert!(processes_naming(&home) > 0);
    lab.run(&["down"], "").succeeded();
    until("no process is left", || processes_naming(&home) == 0);
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(&home), "{mounts}");
}

/// Processes that name this path in their arguments.
fn processes_naming(path: &str) -> usize {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter(|entry| {
            fs::read(entry.path().join("cmdline"))
                .is_ok_and(|words| String::from_utf8_lossy(&words).contains(path))
        })
        .count()
}

#[test]
fn a_lab_keeps_the_kind_of_machines_it_has() {
    let lab = Lab::with_model();
    let home = lab.home().display().to_string();
    lab.run(&["up", "--machines", "systemd"], "").refused(
        1,
        &format!(
            "the machines of the lab in {home} are of the kind simple, and stay so\nhint: 'juju-lab destroy' removes this \
             lab; or set JUJU_LAB_HOME to another path"
        ),
    );
}
