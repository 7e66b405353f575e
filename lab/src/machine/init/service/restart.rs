//! Whether a service that ended by itself starts again, and whether it may start at all.

use std::time::{Duration, Instant};

use crate::machine::init::reaper::Exit;
use crate::machine::init::state::{RunResult, State, matches};
use crate::machine::unit::definition::{Restart, Service};

pub(super) fn wanted(service: &Service, result: RunResult, exit: Option<Exit>) -> bool {
    let listed = |patterns: &[_]| {
        exit.is_some_and(|exit| patterns.iter().any(|pattern| matches(*pattern, exit)))
    };
    if listed(&service.restart_prevent) || result == RunResult::ExecCondition {
        return false;
    }
    if listed(&service.restart_force) {
        return true;
    }
    match service.restart {
        Restart::No => false,
        Restart::Always => true,
        Restart::OnSuccess => result == RunResult::Success,
        Restart::OnFailure => result != RunResult::Success,
        Restart::OnAbnormal => !matches!(result, RunResult::Success | RunResult::ExitCode),
        Restart::OnAbort => matches!(result, RunResult::Signal | RunResult::CoreDump),
    }
}

/// Counts a start against the limit; false when there were too many.
pub(super) fn admit(state: &mut State, now: Instant, interval: Duration, burst: u32) -> bool {
    if interval.is_zero() || burst == 0 {
        return true;
    }
    while state
        .starts
        .front()
        .is_some_and(|start| now.duration_since(*start) >= interval)
    {
        state.starts.pop_front();
    }
    if state.starts.len() >= burst as usize {
        return false;
    }
    state.starts.push_back(now);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::unit::definition::{ExitPattern, ServiceType};

    fn restarts(policy: Restart) -> Vec<RunResult> {
        let mut service = Service::with_defaults(ServiceType::Simple);
        service.restart = policy;
        [
            RunResult::Success,
            RunResult::ExitCode,
            RunResult::Signal,
            RunResult::CoreDump,
            RunResult::Timeout,
        ]
        .into_iter()
        .filter(|result| wanted(&service, *result, None))
        .collect()
    }

    #[test]
    fn each_policy_restarts_after_its_own_results() {
        use RunResult::{CoreDump, ExitCode, Signal, Success, Timeout};
        assert_eq!(restarts(Restart::No), []);
        assert_eq!(
            restarts(Restart::Always),
            [Success, ExitCode, Signal, CoreDump, Timeout]
        );
        assert_eq!(restarts(Restart::OnSuccess), [Success]);
        assert_eq!(
            restarts(Restart::OnFailure),
            [ExitCode, Signal, CoreDump, Timeout]
        );
        assert_eq!(restarts(Restart::OnAbnormal), [Signal, CoreDump, Timeout]);
        assert_eq!(restarts(Restart::OnAbort), [Signal, CoreDump]);
    }

    #[test]
    fn listed_exits_override_the_policy() {
        let mut service = Service::with_defaults(ServiceType::Simple);
        service.restart = Restart::Always;
        service.restart_prevent = vec![ExitPattern::Code(7)];
        assert!(!wanted(&service, RunResult::ExitCode, Some(Exit::Code(7))));
        service.restart = Restart::No;
        service.restart_force = vec![ExitPattern::Code(8)];
        assert!(wanted(&service, RunResult::ExitCode, Some(Exit::Code(8))));
    }

    #[test]
    fn the_limit_counts_starts_within_its_interval_only() {
        let mut state = State::default();
        let (interval, begin) = (Duration::from_secs(10), Instant::now());
        let at = |seconds| begin + Duration::from_secs(seconds);
        assert!(admit(&mut state, at(0), interval, 2));
        assert!(admit(&mut state, at(1), interval, 2));
        assert!(!admit(&mut state, at(9), interval, 2));
        assert!(admit(&mut state, at(10), interval, 2));
        assert!(!admit(&mut state, at(10), interval, 2));
        assert!(admit(&mut state, at(10), Duration::ZERO, 2));
    }
}
