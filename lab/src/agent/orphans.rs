//! Finds and ends processes of a hook whose agent died.

use rustix::process::{Pid, Signal};
use std::fs;

/// Kills every process that carries this context in its environment, except those that made a session of their own:
/// they are services the charm started on purpose and outlive an agent.
pub(super) fn kill(context: &str) {
    let variable = format!("JUJU_CONTEXT_ID={context}");
    let Ok(entries) = fs::read_dir("/proc") else {
        return;
    };
    for entry in entries.flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse::<i32>().ok())
        else {
            continue;
        };
        let Ok(environment) = fs::read(entry.path().join("environ")) else {
            continue;
        };
        if !environment
            .split(|byte| *byte == 0)
            .any(|item| item == variable.as_bytes())
        {
            continue;
        }
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else {
            continue;
        };
        if let (Some((group, session)), Some(pid)) = (group_and_session(&stat), Pid::from_raw(pid))
            && group != session
        {
            // It may have ended meanwhile.
            let _ = rustix::process::kill_process(pid, Signal::KILL);
        }
    }
}

/// Fields 5 and 6 of `/proc/<pid>/stat`; the command in parentheses may contain anything.
fn group_and_session(stat: &str) -> Option<(i32, i32)> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_with_parentheses_and_spaces_does_not_shift_the_fields() {
        assert_eq!(
            group_and_session("12 (a ) b) S 1 77 88 0 -1"),
            Some((77, 88))
        );
    }
}
