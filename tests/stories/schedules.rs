//! Faults in random order under a steady writer. Whatever happens, what was acknowledged is there on every unit: in order,
//! and nothing twice.
//!
//! `SCHEDULE_SEEDS="1 2 3"` chooses the schedules; a seed makes the same one again. `make schedules` runs many. Without it
//! the beginning of one is played.

use std::thread;
use std::time::Duration;

use crate::lab::{Lab, eventually};
use crate::members::{kill, number, primary, remove, units};
use crate::writer::{Over, Writer};

/// Longer than a primary keeps the lead without renewing it (30 seconds).
const LONGER_THAN_THE_LEASE: Duration = Duration::from_secs(38);
const USERS: [&str; 5] = ["operator", "replication", "rewind", "monitoring", "backup"];

/// What can go wrong, or on.
#[derive(Clone, Copy, Debug)]
enum Fault {
    AddUnits,
    RemoveUnit,
    KillPrimary,
    KillAll,
    PowerCycleAll,
    FreezeOne,
    RotatePasswords,
}

const FAULTS: [Fault; 7] = [
    Fault::AddUnits,
    Fault::RemoveUnit,
    Fault::KillPrimary,
    Fault::KillAll,
    Fault::PowerCycleAll,
    Fault::FreezeOne,
    Fault::RotatePasswords,
];

/// splitmix64: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % u64::try_from(limit).unwrap()).unwrap()
    }

    /// All faults, each once, in an order of this seed's.
    fn schedule(&mut self) -> Vec<Fault> {
        let mut left = FAULTS.to_vec();
        let mut order = Vec::new();
        while !left.is_empty() {
            let next = self.below(left.len());
            order.push(left.swap_remove(next));
        }
        order
    }

    fn one_of(&mut self, units: &[String]) -> String {
        units[self.below(units.len())].clone()
    }
}

fn happens(lab: &Lab, fault: Fault, random: &mut Random) {
    let all = units(lab);
    match fault {
        Fault::AddUnits => {
            let count = (1 + random.below(2)).to_string();
            lab.juju(&["add-unit", "postgresql", "-n", &count]).ok();
            lab.settle();
        }
        Fault::RemoveUnit => {
            let unit = random.one_of(&all);
            remove(lab, &[&unit]);
        }
        Fault::KillPrimary => {
            if let Some(unit) = primary(lab) {
                kill(lab, &unit);
            }
        }
        Fault::KillAll => {
            for unit in &all {
                kill(lab, unit);
            }
        }
        Fault::PowerCycleAll => {
            for kind in ["power-off", "power-on"] {
                for unit in &all {
                    lab.lab(&["fault", kind, &number(unit).to_string()]).ok();
                }
            }
        }
        Fault::FreezeOne => {
            let machine = number(&random.one_of(&all)).to_string();
            lab.lab(&["fault", "freeze", &machine]).ok();
            thread::sleep(LONGER_THAN_THE_LEASE);
            lab.lab(&["fault", "thaw", &machine]).ok();
        }
        Fault::RotatePasswords => {
            lab.settle();
            for user in USERS {
                rotate(lab, user);
            }
        }
    }
}

/// Changes a password, as soon as every member is there to learn of it. One that was killed a moment ago may still count as
/// running, and as active, until its Patroni says how it is: the refusal then says what to wait for.
fn rotate(lab: &Lab, user: &str) {
    let parameter = format!("username={user}");
    eventually(&format!("the password of {user} is changed"), || {
        let task = lab.run("postgresql/leader", "set-password", &[&parameter]);
        match task.status() {
            "completed" => Ok(()),
            _ if task.message().contains("would miss the change") => Err(task.refused()),
            _ => panic!("{task:?}"),
        }
    });
}

fn play(seed: u64, faults: usize) {
    let mut random = Random(seed);
    let mut schedule = random.schedule();
    schedule.truncate(faults);
    eprintln!("seed {seed}: {schedule:?}");
    let lab = Lab::new(&format!("sched{seed}"));
    lab.juju(&["model-config", "update-status-hook-interval=60m"])
        .ok();
    lab.deploy("postgresql", "postgresql");
    lab.settle();
    let writer = Writer::new(&lab);
    lab.juju(&["add-unit", "postgresql", "-n", "2"]).ok();
    lab.settle();
    thread::scope(|scope| {
        let _over = Over(&writer.over);
        scope.spawn(|| writer.write());
        writer.goes_on();
        for fault in schedule {
            eprintln!("seed {seed}: {fault:?}");
            happens(&lab, fault, &mut random);
            writer.goes_on();
        }
        lab.settle();
    });
    for unit in units(&lab) {
        writer.reaches(&unit);
        writer.finds_everything(&lab, &unit);
    }
}

#[test]
fn whatever_happens_in_whatever_order_every_acknowledged_row_is_on_every_unit() {
    let Ok(seeds) = std::env::var("SCHEDULE_SEEDS") else {
        return play(1, 3);
    };
    for seed in seeds.split_whitespace() {
        play(seed.parse().expect("a seed is a number"), FAULTS.len());
    }
}
