//! `watch`: a small process beside each unit's agent. It looks at the cluster every second and has the agent run a hook
//! when the topology is another one, or the repository was taken over, because Juju itself would wake the unit only minutes later.

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use crate::adapters::host::clock::{self, Deadline};
use crate::adapters::host::process::Command;
use crate::adapters::patroni::Patroni;
use crate::domain::backups::ownership::fence::Overtaken;
use crate::domain::observed::Member;
use crate::domain::render::PATRONI_PORT;
use crate::domain::topology::{Topology, Watch};
use crate::error::StepError;
use crate::fence;
use crate::guard;
use crate::layout::Layout;
use crate::unit::{because, member, records};

/// The hook's name.
const EVENT: &str = "topology_change";
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
/// Whether etcd has a leader is asked less often than Patroni.
const LOOKS_BETWEEN_LEADERS: u32 = 5;
/// For one look.
const ANSWER: Duration = Duration::from_secs(2);
/// A hook waits for those before it, and one of them may be an action that copies a database.
const HOOK: Duration = Duration::from_hours(1);
/// Between two attempts to have the hook run, at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Watches until it is stopped, or the program was replaced.
///
/// # Errors
///
/// When what was told last cannot be read.
pub fn run(program: &Path, unit: &str, address: IpAddr) -> Result<(), StepError> {
    let charm_dir = program.parent().unwrap_or(Path::new("/"));
    let layout = Layout::from_charm_dir(charm_dir);
    let record = layout.topology_record();
    let mut watch = Watch::from_told(records::read(&record).map_err(because)?);
    let mut pause = BETWEEN_LOOKS;
    let mut led = true;
    let mut told_overtaken = None;
    let mut patroni = reached(&layout, address);
    let mut looks: u32 = 0;
    // An upgrade replaces the program: the service manager starts the new one.
    while std::env::current_exe().is_ok_and(|now| now == program) {
        if looks.is_multiple_of(LOOKS_BETWEEN_LEADERS) {
            led = etcd_is_led(&layout, address);
            patroni = reached(&layout, address);
        }
        looks = looks.wrapping_add(1);
        let members = look(&patroni).filter(|_| led);
        let copied = members
            .as_ref()
            .is_some_and(|members| is_copied(members, unit));
        let topology = members.map(|members| Topology::of(&members));
        let topology = watch.look(topology, copied);
        let now_overtaken = overtaken(&layout);
        if topology.is_some() || now_overtaken != told_overtaken {
            match dispatch(program, unit) {
                Ok(()) => {
                    // Written after it was told: told twice does no harm, never told does.
                    if let Some(topology) = topology {
                        records::write(&record, &topology).map_err(because)?;
                        watch.told(topology);
                    }
                    told_overtaken = now_overtaken;
                    pause = BETWEEN_LOOKS;
                }
                Err(error) => {
                    say(&error);
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
        clock::sleep(pause);
    }
    Ok(())
}

/// Who has taken the repository over, as PostgreSQL was told when it was to archive.
fn overtaken(layout: &Layout) -> Option<Overtaken> {
    fence::standing(&layout.standing_record())?.overtaken
}

/// Whether a voter knows a leader, this unit's own first.
///
/// Patroni cannot be asked: as long as the connection stands on which etcd tells it of changes, it answers from memory, with
/// the time of the answer.
fn etcd_is_led(layout: &Layout, own: IpAddr) -> bool {
    let Ok(mut voters) = guard::voters(layout) else {
        return true;
    };
    voters.sort_by_key(|voter| *voter != own);
    voters.iter().any(|voter| {
        let health = guard::etcd(layout, *voter).health(Deadline::after(ANSWER));
        health.is_ok_and(|health| health.leader.is_some())
    })
}

/// Patroni, whichever authorities are trusted by now.
fn reached(layout: &Layout, address: IpAddr) -> Patroni {
    let ports = guard::ports(layout, PATRONI_PORT, PATRONI_PORT);
    Patroni::reached(&address.to_string(), &ports, None)
}

fn look(patroni: &Patroni) -> Option<Vec<Member>> {
    let members = patroni.cluster(Deadline::after(ANSWER)).ok()?;
    Some(members.into_iter().filter_map(member).collect())
}

/// Whether this unit's database is being copied.
fn is_copied(members: &[Member], unit: &str) -> bool {
    let mut members = members.iter();
    members.any(|member| member.name.unit() == unit && member.state.is_being_copied())
}

/// Has the unit's agent run the hook, and waits for its end.
fn dispatch(program: &Path, unit: &str) -> Result<(), StepError> {
    let output = Command::new("juju-exec")
        .arg("-u")
        .arg(unit)
        .arg(command(program))
        .run(Deadline::after(HOOK))
        .map_err(because)?;
    if output.succeeded() {
        return Ok(());
    }
    Err(StepError::expected(
        format!(
            "the agent did not run the hook {EVENT}: {}, {}",
            output.status,
            output.stderr.trim()
        ),
        "it is tried again",
    ))
}

/// What the agent's shell runs: nothing in it comes from the cluster, and the program's path is one quoted word.
fn command(program: &Path) -> OsString {
    let quoted = program.to_string_lossy().replace('\'', r"'\''");
    format!("JUJU_DISPATCH_PATH=hooks/{EVENT} '{quoted}'").into()
}

/// Into the journal.
fn say(error: &StepError) {
    use std::io::Write as _;
    // Without a journal there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "{error}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_one_word_for_the_shell() {
        assert_eq!(
            command(Path::new("/var/lib/juju/agents/unit-pg-0/charm/dispatch")),
            "JUJU_DISPATCH_PATH=hooks/topology_change '/var/lib/juju/agents/unit-pg-0/charm/dispatch'"
        );
        assert_eq!(
            command(Path::new("/a'b; reboot/dispatch")),
            r"JUJU_DISPATCH_PATH=hooks/topology_change '/a'\''b; reboot/dispatch'"
        );
    }
}
