//! Somebody who writes all the time, and remembers what was acknowledged.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::lab::{Lab, eventually};
use crate::members::primary;

/// Inserts one number after the other, on whichever unit is the primary, and keeps those that were acknowledged.
pub(crate) struct Writer<'a> {
    lab: &'a Lab,
    acknowledged: Mutex<Vec<u32>>,
    pub(crate) over: AtomicBool,
}

impl<'a> Writer<'a> {
    /// Makes its table.
    #[track_caller]
    pub(crate) fn new(lab: &'a Lab) -> Self {
        lab.sql(
            &primary(lab).expect("there is a primary"),
            "create table written (place bigint generated always as identity, number int)",
        );
        Self {
            lab,
            acknowledged: Mutex::default(),
            over: AtomicBool::new(false),
        }
    }

    pub(crate) fn write(&self) {
        let mut unit = None;
        for number in 0.. {
            if self.over.load(Ordering::Relaxed) {
                return;
            }
            let insert = format!("insert into written (number) values ({number})");
            let written = unit
                .as_deref()
                .is_some_and(|unit| self.lab.try_sql(unit, &insert).code == Some(0));
            if written {
                self.acknowledged.lock().unwrap().push(number);
                thread::sleep(Duration::from_millis(20));
            } else {
                thread::sleep(Duration::from_millis(200));
                unit = primary(self.lab);
            }
        }
    }

    /// Waits until writes are acknowledged that began after now.
    #[track_caller]
    pub(crate) fn goes_on(&self) {
        let count = || self.acknowledged.lock().unwrap().len();
        let before = count();
        eventually("writes are acknowledged", || {
            if count() > before + 5 {
                Ok(())
            } else {
                Err(format!("{} of them, {before} before", count()))
            }
        });
    }

    /// Waits until a unit has received what was acknowledged last.
    #[track_caller]
    pub(crate) fn reaches(&self, unit: &str) {
        let last = self.acknowledged.lock().unwrap().last().copied();
        let last = last.expect("something was acknowledged").to_string();
        eventually(&format!("{last} is on {unit}"), || {
            let query = format!("select count(*) from written where number = {last}");
            let said = self.lab.try_sql(unit, &query);
            match (said.code, said.stdout.trim()) {
                (Some(0), "1") => Ok(()),
                _ => Err(format!("{said:?}")),
            }
        });
    }

    /// Everything that was acknowledged is there on a unit: in order, and nothing twice.
    #[track_caller]
    pub(crate) fn finds_everything(&self, lab: &Lab, unit: &str) {
        let acknowledged = self.acknowledged.lock().unwrap().clone();
        let found: Vec<u32> = lab
            .sql(unit, "select number from written order by place")
            .lines()
            .map(|line| line.parse().unwrap())
            .collect();
        let wrong: Vec<_> = found.windows(2).filter(|pair| pair[0] >= pair[1]).collect();
        assert!(
            wrong.is_empty(),
            "out of order or twice on {unit}: {wrong:?}"
        );
        let missing: Vec<&u32> = acknowledged
            .iter()
            .filter(|number| found.binary_search(number).is_err())
            .collect();
        assert!(
            missing.is_empty(),
            "acknowledged and not found on {unit}: {missing:?}"
        );
    }
}

/// The writer ends with the story, also when the story fails.
impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

pub(crate) struct Over<'a>(pub(crate) &'a AtomicBool);
