//! A restore of a cluster, cut at a step: the database from before is back with its last commit, or the restored one leads, on
//! every unit. From either, the way back is open.
//!
//! The steps are those of the plan, so one that is added is cut, too. `RESTORE_CUTS="process:3 machine:7"` chooses, and `all`
//! takes each step with each way to die, on three units; `make restore-cuts` does. Without it the machine dies at the one
//! step at which neither database is in its place.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use postgresql_charm::domain::backups::target::{Target, TargetKind};
use postgresql_charm::domain::decide::restore;
use postgresql_charm::domain::observed::{RestorePhase, RestoreRecord, Source};
use postgresql_charm::domain::plan::Step;

use crate::lab::{Lab, Task, eventually};
use crate::members::{number, primary, units};
use crate::restores::leader;

const ROWS: &str = "select string_agg(word, ' ' order by id) from words";
/// Cuts that follow each other in one lab: on a busy computer each takes minutes, and no lab may take more than twelve.
const OF_A_LAB: usize = 3;

/// What dies, or is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victim {
    /// The charm's process.
    Process,
    /// The unit's agent, with the action.
    Agent,
    /// Every process on the machine.
    Machine,
    /// The charm's process; and the object store does not answer when the next ones ask it.
    Store,
}

const VICTIMS: [(&str, Victim); 4] = [
    ("process", Victim::Process),
    ("agent", Victim::Agent),
    ("machine", Victim::Machine),
    ("store", Victim::Store),
];

/// What the action does, in its own order.
fn steps(others: usize) -> Vec<Step> {
    let others = (1..=others).map(|number| format!("postgresql-{number}").parse().unwrap());
    let plan = restore::plan(&RestoreRecord {
        id: "20260101T120000Z".into(),
        phase: RestorePhase::Beside,
        source: Source::Backup,
        stanza: "dev.postgresql".parse().unwrap(),
        target: Some(Target {
            set: "20260101-110000F".parse().unwrap(),
            kind: TargetKind::Immediate,
            timeline: None,
            assumed_utc: false,
            exclusive: false,
        }),
        replaces: None,
        kept: "/var/lib/postgresql/15/main.before-restore".into(),
        others: others.collect(),
        newest: None,
        moves: None,
    });
    plan.steps
}

/// A cluster with a backup.
struct Cluster {
    lab: Lab,
    backup: String,
    steps: Vec<Step>,
}

impl Cluster {
    fn new(name: &str, others: usize) -> Self {
        let lab = Lab::new(name);
        // The units come first: each has the machine of its number.
        lab.deploy("postgresql", "postgresql");
        lab.juju(&["add-unit", "postgresql", "-n", &others.to_string()])
            .ok();
        lab.with_store("/pg");
        let cluster = Self {
            backup: String::new(),
            steps: steps(others),
            lab,
        };
        cluster.writes("create table words (id serial primary key, word text)");
        cluster.writes("insert into words (word) values ('kept')");
        let unit = primary(&cluster.lab).expect("there is a primary");
        let taken = cluster.lab.run(&unit, "create-backup", &[]).done();
        // Juju does not run a killed action again: the next hook goes on.
        let often = "update-status-hook-interval=10s";
        cluster.lab.juju(&["model-config", often]).ok();
        Self {
            backup: taken.result("backup-id").to_owned(),
            ..cluster
        }
    }

    fn writes(&self, statement: &str) {
        eventually("the cluster takes writes", || {
            let unit = primary(&self.lab).ok_or("there is no primary")?;
            let said = self.lab.try_sql(&unit, statement);
            (said.code == Some(0)).then_some(()).ok_or(said.stderr)
        });
    }

    fn restore(&self, unit: &str) -> Task {
        let asked = format!("backup-id={}", self.backup);
        self.lab.run(unit, "restore", &["--string-args", &asked])
    }

    /// All units hold one of these, and nothing of a restore is left to do; which of them.
    fn rests(&self, unit: &str, either: &[&str]) -> String {
        let record = self.lab.root_of(unit);
        let record = record.join("var/lib/postgresql-charm/restore.json");
        let mut rests = String::new();
        eventually(&format!("all units hold one of {either:?}"), || {
            if record.exists() {
                let (status, message) = self.lab.status(unit);
                return Err(format!("the restore goes on: {status}: {message}"));
            }
            let leads = primary(&self.lab).ok_or("there is no primary")?;
            let all = units(&self.lab);
            let held = all.iter().map(|unit| self.lab.try_sql(unit, ROWS).stdout);
            let held: BTreeSet<String> = held.map(|rows| rows.trim().to_owned()).collect();
            let streams = "select count(*) from pg_stat_replication where state = 'streaming'";
            let streams = self.lab.try_sql(&leads, streams).stdout;
            match held.first() {
                Some(rows)
                    if held.len() == 1
                        && either.contains(&rows.as_str())
                        && streams.trim() == (all.len() - 1).to_string() =>
                {
                    rests.clone_from(rows);
                    Ok(())
                }
                _ => Err(format!("{held:?}, {} stream", streams.trim())),
            }
        });
        self.lab.settle();
        rests
    }

    fn cut(&self, victim: Victim, step: usize) {
        let began = Instant::now();
        let lab = &self.lab;
        self.writes(&format!(
            "insert into words (word) values ('{step}{victim:?}')"
        ));
        let unit = leader(lab);
        let old = self.rests(unit, &[&lab.sql(unit, ROWS)]);
        let says = format!("step {step} of {}: ", self.steps.len());
        match victim {
            Victim::Agent => {
                let fault = ["fault", "restart-agent", unit, "--at-call", "1"];
                lab.lab(&[&fault[..], &["--saying", &says]].concat()).ok();
            }
            Victim::Process | Victim::Machine | Victim::Store => {
                let fault = ["fault", "kill-at-call", unit, "1"];
                lab.lab(&[&fault[..], &["--saying", &says]].concat()).ok();
            }
        }
        let task = self.restore(unit);
        assert_eq!(task.status(), "failed", "{says}{task:?}");
        match victim {
            Victim::Process | Victim::Agent => {}
            Victim::Machine => {
                let machine = number(unit).to_string();
                for kind in ["power-off", "power-on"] {
                    lab.lab(&["fault", kind, &machine]).ok();
                }
            }
            Victim::Store => {
                lab.lab(&["object-store", "fault", "refuse"]).ok();
                // A hook or two.
                thread::sleep(Duration::from_secs(15));
                lab.lab(&["object-store", "fault", "none"]).ok();
            }
        }
        let end = self.rests(unit, &[&old, "kept"]);
        eprintln!(
            "{victim:?} at {says}{}: {} after {} s",
            self.steps[step - 1],
            if end == old { "back" } else { "restored" },
            began.elapsed().as_secs()
        );
        if end == old {
            let task = self.restore(unit).done();
            assert_eq!(task.result("restore-status"), "restored", "{task:?}");
            self.rests(unit, &["kept"]);
        }
        let task = lab.run(unit, "undo-restore", &[]).done();
        assert_eq!(task.result("restore-status"), "undone", "{task:?}");
        self.rests(unit, &[&old]);
        eprintln!("undone after {} s", began.elapsed().as_secs());
    }
}

/// The cuts that the environment chooses.
fn chosen(text: &str, steps: usize) -> Vec<(Victim, usize)> {
    if text == "all" {
        let each = |step| VICTIMS.map(|(_, victim)| (victim, step));
        return (1..=steps).flat_map(each).collect();
    }
    let one = |cut: &str| {
        let (name, step) = cut.split_once(':')?;
        let (_, victim) = VICTIMS.into_iter().find(|(it, _)| *it == name)?;
        Some((victim, step.parse().ok()?))
    };
    let cuts = text.split_whitespace();
    cuts.map(|cut| one(cut).unwrap_or_else(|| panic!("{cut} is not such as process:3")))
        .collect()
}

#[test]
fn a_restore_that_is_cut_ends_with_the_old_database_or_the_new_one_on_every_unit() {
    let Ok(cuts) = std::env::var("RESTORE_CUTS") else {
        let cluster = Cluster::new("cut", 1);
        let exchange = |step: &Step| matches!(step, Step::ExchangeDataDirectories(_));
        let exchange = cluster.steps.iter().position(exchange).unwrap() + 1;
        return cluster.cut(Victim::Machine, exchange);
    };
    let others = 2;
    for (lab, cuts) in chosen(&cuts, steps(others).len())
        .chunks(OF_A_LAB)
        .enumerate()
    {
        let cluster = Cluster::new(&format!("cuts{lab}"), others);
        for (victim, step) in cuts {
            cluster.cut(*victim, *step);
        }
    }
}
