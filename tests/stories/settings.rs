//! Options of a running cluster: wrong ones, those that restart every member, and a unit that is kept out of it all.

use std::fs;

use crate::lab::{Lab, eventually};
use crate::members::primary_of;
use crate::writer::Writer;

/// Time, as PostgreSQL logs it: texts that compare like moments.
type Moment = String;

/// When each of these units' servers went down and was up again, in the order of time, from a moment on.
fn restarts<'a>(lab: &Lab, units: &[&'a str], from: &Moment) -> Vec<(Moment, Moment, &'a str)> {
    let mut all = Vec::new();
    for unit in units {
        let folder = lab.root_of(unit).join("var/log/postgresql");
        let logs = fs::read_dir(folder).expect("PostgreSQL logs into a folder");
        let mut lines: Vec<String> = logs
            .flatten()
            .filter_map(|log| fs::read(log.path()).ok())
            .flat_map(|log| {
                String::from_utf8_lossy(&log)
                    .lines()
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            })
            .filter(|line| line > from)
            .collect();
        lines.sort();
        let moment = |line: &String| line.split(" UTC").next().unwrap_or_default().to_owned();
        let mut down = None;
        for line in &lines {
            if line.contains("shutdown request") {
                down.get_or_insert(moment(line));
            } else if line.contains("database system is ready to accept") {
                let down = down
                    .take()
                    .expect("a server that comes up was told to go down");
                all.push((down, moment(line), *unit));
            }
        }
        assert_eq!(down, None, "{unit} is down");
    }
    all.sort();
    all
}

/// Waits until every unit runs with a value of `max_connections` and none waits for a restart.
#[track_caller]
fn in_force(lab: &Lab, units: &[&str], wanted: &str) {
    let asked = "select current_setting('max_connections'), count(*) from pg_settings where pending_restart";
    for unit in units {
        eventually(&format!("{unit} has {wanted} connections"), || {
            let said = lab.try_sql(unit, asked);
            match (said.code, said.stdout.trim()) {
                (Some(0), found) if found == format!("{wanted}|0") => Ok(()),
                _ => Err(format!("{said:?}")),
            }
        });
    }
}

/// Sets `max_connections` and sees each member restart once, never two at a time, while writes are acknowledged.
#[track_caller]
fn roll(lab: &Lab, units: &[&str], options: &[&str], wanted: &str) -> Vec<String> {
    let from = lab.sql(
        units[0],
        "select to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD HH24:MI:SS.MS')",
    );
    let mut arguments = vec!["config", "postgresql"];
    arguments.extend(options);
    let value = format!("experimental-max-connections={wanted}");
    arguments.push(&value);
    lab.juju(&arguments).ok();
    in_force(lab, units, wanted);
    let restarts = restarts(lab, units, &from);
    let overlapping: Vec<_> = (restarts.windows(2))
        .filter(|pair| pair[1].0 < pair[0].1)
        .collect();
    assert!(overlapping.is_empty(), "down at once: {overlapping:?}");
    let mut restarted: Vec<String> = restarts
        .iter()
        .map(|(_, _, unit)| (*unit).to_owned())
        .collect();
    let order = restarted.clone();
    restarted.sort();
    assert_eq!(restarted, units, "each once: {restarts:?}");
    order
}

/// Wrong options change nothing and are all named; then `max_connections` is raised and lowered, and the members restart
/// one after the other: the primary last where there is to be more, and first where there is to be less.
#[track_caller]
pub(crate) fn come_into_force_one_member_after_the_other(
    lab: &Lab,
    units: &[&str; 3],
    writer: &Writer,
) {
    let primary = primary_of(lab, units[0]).expect("there is a primary");
    // Whom commits wait for is Patroni's own business, and changes with who streams.
    let settings = "select string_agg(name || '=' || setting, ' ' order by name) from pg_settings \
                    where source in ('configuration file', 'command line') and name <> 'synchronous_standby_names'";
    let all = || {
        units.map(|unit| {
            lab.sql(
                unit,
                &format!("select pg_postmaster_start_time(), ({settings})"),
            )
        })
    };
    let before = all();
    let wrong = [
        "experimental-max-connections=10",
        "memory-work-mem=1",
        "profile=fast",
    ];
    let mut arguments = vec!["config", "postgresql"];
    arguments.extend(wrong);
    lab.juju(&arguments).ok();
    for unit in units {
        lab.status_becomes(unit, "names every wrong option", |status, message| {
            let named = |option: &&str| message.contains(option.split('=').next().unwrap());
            status == "blocked"
                && message.starts_with("invalid options: ")
                && wrong.iter().all(named)
        });
    }
    writer.goes_on();
    assert_eq!(all(), before);

    let order = roll(lab, units, &["--reset", "memory-work-mem,profile"], "120");
    assert_eq!(order.last(), Some(&primary), "{order:?}");
    writer.goes_on();
    let order = roll(lab, units, &[], "110");
    assert_eq!(order.first(), Some(&primary), "{order:?}");
    writer.goes_on();
    lab.settle();
    assert_eq!(primary_of(lab, units[0]), Some(primary));
}

/// A unit with a file `disable` runs its hooks and does nothing in them, until the file is gone.
#[track_caller]
pub(crate) fn reach_no_unit_that_is_disabled(lab: &Lab, units: &[&str; 3]) {
    let disabled = units[2];
    let agent = format!("var/lib/juju/agents/unit-{}", disabled.replace('/', "-"));
    let file = lab.root_of(disabled).join(agent).join("charm/disable");
    fs::write(&file, "").expect("make a file in the charm's directory");
    let shown = |unit: &str, wanted: &str| {
        eventually(
            &format!("{unit} logs statements after {wanted}"),
            || match lab.sql(unit, "show log_min_duration_statement") {
                found if found == wanted => Ok(()),
                found => Err(found),
            },
        );
    };
    lab.juju(&[
        "config",
        "postgresql",
        "logging-log-min-duration-statement=5000",
    ])
    .ok();
    lab.status_becomes(disabled, "says that it is disabled", |status, message| {
        status == "blocked" && message.starts_with("disabled by a file")
    });
    for unit in &units[..2] {
        shown(unit, "5s");
    }
    assert_eq!(lab.sql(disabled, "show log_min_duration_statement"), "-1");
    let refused = lab.run(disabled, "get-primary", &[]).refused();
    assert!(refused.contains("disabled on this unit"), "{refused}");
    assert_eq!(lab.status(units[0]).0, "active");

    fs::remove_file(&file).expect("remove the file");
    lab.juju(&["config", "postgresql", "logging-log-lock-waits=true"])
        .ok();
    shown(disabled, "5s");
    lab.settle();
}
