//! The main job on a machine as bare as a cloud's: the distribution's own systemd, its users, and apt, from which the charm has
//! to fetch everything. Simple machines could flatter it.

use crate::lab::{Lab, eventually, over_the_network};
use crate::members;

const UNIT: &str = "postgresql/0";
const LEADER: &str = "postgresql/leader";

/// The database as somebody on another machine sees it.
struct Operator {
    address: String,
    password: String,
}

impl Operator {
    fn of(lab: &Lab) -> Self {
        Self {
            address: lab.address(UNIT),
            password: lab.password(LEADER, "operator"),
        }
    }

    fn sql(&self, statement: &str) -> Result<String, String> {
        let target = format!("host={} user=operator dbname=postgres", self.address);
        over_the_network(&target, &self.password, statement)
    }

    fn words(&self) -> Result<String, String> {
        self.sql("select string_agg(word, ' ' order by id) from words")
    }

    /// The machine was away; nobody helps.
    #[track_caller]
    fn finds_again(&self, lab: &Lab, words: &str) {
        eventually(&format!("the database is back with {words}"), || {
            let found = self.words()?;
            if found == words { Ok(()) } else { Err(found) }
        });
        eventually("it takes writes", || {
            self.sql("create table if not exists written ()").map(drop)
        });
        lab.settle();
    }
}

fn over_ssh(lab: &Lab, command: &str) -> String {
    lab.juju(&["ssh", UNIT, command]).stdout.trim().to_owned()
}

#[test]
fn on_a_bare_machine_with_a_real_systemd_the_charm_installs_backs_up_restores_and_survives() {
    let Some(lab) = Lab::of_real_machines("real") else {
        return;
    };
    lab.deploy("postgresql", "postgresql");
    // However slow the mirror of the packages is.
    let wait = ["wait", "postgresql", "--timeout", "9m"];
    let said = lab.lab(&wait);
    assert_eq!(said.code, Some(0), "{said:?}\n{}", lab.log());
    assert_eq!(over_ssh(&lab, "cat /proc/1/comm"), "systemd");
    assert_eq!(
        over_ssh(&lab, "dpkg-query -W -f '${db:Status-Abbrev}' patroni"),
        "ii"
    );

    lab.with_store("/pg");
    let operator = Operator::of(&lab);
    let writes = |statement: &str| operator.sql(statement).unwrap();
    writes("create table words (id serial primary key, word text)");
    writes("insert into words (word) values ('kept')");
    let backup = lab.run(LEADER, "create-backup", &[]).done();
    let backup = format!("backup-id={}", backup.result("backup-id"));
    writes("insert into words (word) values ('lost')");
    lab.run(LEADER, "restore", &["--string-args", &backup])
        .done();
    assert_eq!(operator.words().as_deref(), Ok("kept"));

    lab.run(
        LEADER,
        "set-password",
        &[
            "--string-args",
            "username=operator",
            "password=Changed-0815",
        ],
    )
    .done();
    let refused = operator.words().unwrap_err();
    assert!(
        refused.contains("password authentication failed"),
        "{refused}"
    );
    let operator = Operator::of(&lab);
    assert_eq!(operator.password, "Changed-0815");
    operator
        .sql("insert into words (word) values ('new')")
        .unwrap();

    for fault in ["power-off", "power-on"] {
        lab.lab(&["fault", fault, UNIT]).ok();
    }
    operator.finds_again(&lab, "kept new");
    over_ssh(&lab, "touch /run/before && systemctl reboot");
    eventually("the machine has booted again", || {
        let run = over_ssh(&lab, "ls /run/before; cat /proc/1/comm");
        if run == "systemd" { Ok(()) } else { Err(run) }
    });
    operator.finds_again(&lab, "kept new");
    lab.run(LEADER, "create-backup", &[]).done();

    nothing_is_left(&lab, &operator.address);
}

/// Processes of the machine do not name the lab's home, which they do not see; their control group names the lab.
fn processes_of_machines(group: &str) -> Vec<String> {
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    all.filter(|process| {
        std::fs::read_to_string(process.path().join("cgroup"))
            .is_ok_and(|groups| groups.contains(group))
    })
    .map(|process| process.file_name().to_string_lossy().into_owned())
    .collect()
}

fn nothing_is_left(lab: &Lab, address: &str) {
    let (subnet, _) = address.rsplit_once('.').unwrap();
    let group = format!("/juju-lab/{subnet}/");
    assert_ne!(processes_of_machines(&group), Vec::<String>::new());
    lab.lab(&["destroy"]).ok();
    let home = lab.home().display().to_string();
    eventually("no process is left", || {
        let mut left = members::processes(&home, &[&home]);
        left.extend(processes_of_machines(&group));
        if left.is_empty() {
            Ok(())
        } else {
            Err(format!("{left:?}"))
        }
    });
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(&home), "{mounts}");
    assert!(!lab.home().exists());
}
