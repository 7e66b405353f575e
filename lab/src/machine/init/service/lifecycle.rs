//! The task of one unit: takes jobs one after the other and lives through activations.

use std::rc::Rc;
use std::time::Instant;

use tokio::sync::mpsc::UnboundedReceiver;

use super::condition::{self, Verdict};
use super::restart;
use super::{Service, command};
use crate::machine::init::state::{ActiveState, RunResult};
use crate::machine::init::unit::{Job, JobKind, Unit};
use crate::machine::init::{Init, fresh_id};
use crate::machine::protocol::Outcome;
use crate::machine::unit::definition::ServiceType;

/// Runs the unit until the machine forgets it.
pub(crate) async fn run(init: Rc<Init>, unit: Rc<Unit>, mut jobs: UnboundedReceiver<Job>) {
    let mut next: Option<Job> = None;
    loop {
        let job = match next.take() {
            Some(job) => job,
            None => match jobs.recv().await {
                Some(job) => job,
                None => return,
            },
        };
        match job.kind {
            JobKind::Stop => job.finish(Outcome::Done),
            JobKind::Reload => job.finish(Outcome::NotActive),
            JobKind::Start | JobKind::Restart => {
                unit.state.borrow_mut().restarts = 0;
                next = activate(&init, &unit, job, &mut jobs).await;
                if next.is_none() && is_forgettable(&unit) && jobs.is_empty() {
                    init.forget(&unit);
                    return;
                }
            }
        }
    }
}

/// A transient unit goes away when it has ended well, or in any case when so asked.
fn is_forgettable(unit: &Unit) -> bool {
    let active = unit.state.borrow().active;
    unit.transient.get()
        && (active == ActiveState::Inactive
            || (active == ActiveState::Failed && unit.collect.get()))
}

/// From a start until the unit is at rest, over automatic restarts. Returns a job that came meanwhile and
/// is to be done next.
async fn activate(
    init: &Rc<Init>,
    unit: &Rc<Unit>,
    job: Job,
    jobs: &mut UnboundedReceiver<Job>,
) -> Option<Job> {
    let mut starters = vec![job];
    loop {
        match once(init, unit, &mut starters, jobs).await {
            End::Rest(next) => return next,
            End::Restart(delay) => {
                unit.enter(init, ActiveState::Activating, "auto-restart");
                let stop = tokio::select! {
                    biased;
                    stop = until_stop(jobs, &mut starters, true) => Some(stop),
                    () = command::pause(delay) => None,
                };
                match stop {
                    Some(stop) if stop.kind == JobKind::Stop => {
                        cancel(&mut starters);
                        unit.enter(init, ActiveState::Inactive, "dead");
                        stop.finish(Outcome::Done);
                        return None;
                    }
                    // Asked for by hand: now, and counted anew.
                    Some(start) => {
                        unit.state.borrow_mut().restarts = 0;
                        starters.push(start);
                    }
                    None => {
                        let restarts = {
                            let mut state = unit.state.borrow_mut();
                            state.restarts += 1;
                            state.restarts
                        };
                        unit.say(
                            init,
                            &format!("Scheduled restart job, restart counter is at {restarts}."),
                        );
                        init.pull_in(unit);
                    }
                }
            }
        }
    }
}

enum End {
    Rest(Option<Job>),
    Restart(std::time::Duration),
}

/// Takes jobs while something goes on that only a stop (or restart) interrupts, and returns that job. Starts
/// join those who wait for the start, or are returned too when `starts_interrupt`.
async fn until_stop(
    jobs: &mut UnboundedReceiver<Job>,
    starters: &mut Vec<Job>,
    starts_interrupt: bool,
) -> Job {
    loop {
        let Some(job) = jobs.recv().await else {
            // The machine is going down without waiting for this unit.
            std::future::pending::<()>().await;
            continue;
        };
        match job.kind {
            JobKind::Stop | JobKind::Restart => return job,
            JobKind::Start if starts_interrupt => return job,
            // A unit on its way up reads its configuration anyway.
            JobKind::Start | JobKind::Reload => starters.push(job),
        }
    }
}

fn cancel(starters: &mut Vec<Job>) {
    for job in starters.drain(..) {
        job.finish(Outcome::Canceled);
    }
}

fn finish(starters: &mut Vec<Job>, outcome: &Outcome) {
    for job in starters.drain(..) {
        job.finish(outcome.clone());
    }
}

/// One activation.
async fn once(
    init: &Rc<Init>,
    unit: &Rc<Unit>,
    starters: &mut Vec<Job>,
    jobs: &mut UnboundedReceiver<Job>,
) -> End {
    let blocked = tokio::select! {
        biased;
        stop = until_stop(jobs, starters, false) => {
            cancel(starters);
            if unit.state.borrow().sub == "auto-restart" {
                unit.enter(init, ActiveState::Inactive, "dead");
            }
            return after_stop(stop);
        }
        blocked = init.wait_for_turn(unit) => blocked,
    };
    unit.read_files_if_forgotten(init);
    let Some(definition) = unit.definition() else {
        finish(starters, &Outcome::NotFound(unit.name.clone()));
        return End::Rest(None);
    };
    let service = Service {
        init: Rc::clone(init),
        unit: Rc::clone(unit),
        definition,
    };
    if blocked {
        service.announce("Dependency failed for", ".");
        finish(starters, &Outcome::Dependency);
        if unit.state.borrow().sub == "auto-restart" {
            unit.enter(init, ActiveState::Inactive, "dead");
        }
        return End::Rest(None);
    }
    if let Some(outcome) = service.admit() {
        finish(starters, &outcome);
        return End::Rest(None);
    }
    let started = tokio::select! {
        biased;
        stop = until_stop(jobs, starters, false) => Err(stop),
        result = service.start() => Ok(result),
    };
    match started {
        Err(stop) => {
            cancel(starters);
            service.stop(false).await;
            service.rest(stop.kind == JobKind::Restart);
            service.announce("Stopped", ".");
            after_stop(stop)
        }
        Ok(Err(failure)) => {
            unit.state.borrow_mut().fail(failure);
            service.stop(false).await;
            service.fail_start(starters)
        }
        Ok(Ok(())) => service.run(starters, jobs).await,
    }
}

/// A stop is done; a restart goes on as a start.
fn after_stop(mut stop: Job) -> End {
    if stop.kind == JobKind::Stop {
        stop.finish(Outcome::Done);
        return End::Rest(None);
    }
    stop.kind = JobKind::Start;
    End::Rest(Some(stop))
}

impl Service {
    /// Checks the start limit and the conditions, and begins a new invocation. Some outcome means that
    /// there will be no start.
    fn admit(&self) -> Option<Outcome> {
        let now = Instant::now();
        let admitted = restart::admit(
            &mut self.unit.state.borrow_mut(),
            now,
            self.definition.start_limit_interval,
            self.definition.start_limit_burst,
        );
        if !admitted {
            self.say("Start request repeated too quickly.");
            self.unit.state.borrow_mut().fail(RunResult::StartLimitHit);
            let result = self.result();
            self.say(&format!("Failed with result '{}'.", result.as_str()));
            self.enter(ActiveState::Failed, "failed");
            self.announce("Failed to start", ".");
            return Some(Outcome::Failed(result.as_str().to_owned()));
        }
        let verdict = condition::check(&self.definition.conditions);
        self.unit.state.borrow_mut().condition_met = verdict == Verdict::Met;
        if verdict != Verdict::Met {
            if self.unit.state.borrow().sub == "auto-restart" {
                self.enter(ActiveState::Inactive, "dead");
            }
            if verdict == Verdict::Refuse {
                self.announce("Assertion failed for", ".");
                return Some(Outcome::Assert);
            }
            self.announce("", " was skipped because of an unmet condition check.");
            return Some(Outcome::Done);
        }
        let mut state = self.unit.state.borrow_mut();
        state.result = RunResult::Success;
        state.reload_result = RunResult::Success;
        state.main_run = None;
        state.ready = false;
        state.status_text.clear();
        state.invocation = fresh_id();
        drop(state);
        if self.definition.service.kind != ServiceType::Simple {
            self.announce("Starting", "...");
        }
        None
    }

    /// The unit is back at rest after a start that failed.
    fn fail_start(&self, starters: &mut Vec<Job>) -> End {
        let result = self.result();
        let restart = restart::wanted(&self.definition.service, result, self.main_exit());
        self.rest(restart);
        if result == RunResult::ExecCondition {
            finish(starters, &Outcome::Done);
            return End::Rest(None);
        }
        self.announce("Failed to start", ".");
        finish(starters, &Outcome::Failed(result.as_str().to_owned()));
        self.init.unit_ended(&self.unit);
        self.restart_or_rest(restart)
    }

    fn restart_or_rest(&self, restart: bool) -> End {
        if restart {
            End::Restart(self.definition.service.restart_delay)
        } else {
            End::Rest(None)
        }
    }

    /// The unit is up until it ends or is stopped.
    async fn run(&self, starters: &mut Vec<Job>, jobs: &mut UnboundedReceiver<Job>) -> End {
        let oneshot = self.definition.service.kind == ServiceType::Oneshot;
        let remains = self.definition.service.remain_after_exit;
        if oneshot {
            self.announce("Finished", ".");
        } else {
            self.announce("Started", ".");
        }
        if !oneshot || remains {
            self.enter(
                ActiveState::Active,
                if oneshot { "exited" } else { "running" },
            );
            finish(starters, &Outcome::Done);
            if let Some(stop) = self.run_until_stop(jobs).await {
                return self.stop_on_request(stop).await;
            }
        }
        self.stop(true).await;
        let result = self.result();
        let restart = restart::wanted(&self.definition.service, result, self.main_exit());
        self.rest(restart);
        // A oneshot start is over only now, so that nobody finds its unit still going down.
        finish(starters, &Outcome::Done);
        self.init.unit_ended(&self.unit);
        self.restart_or_rest(restart)
    }

    /// Serves jobs while the service runs; none when it ended by itself.
    async fn run_until_stop(&self, jobs: &mut UnboundedReceiver<Job>) -> Option<Job> {
        let oneshot = self.definition.service.kind == ServiceType::Oneshot;
        let ended = async {
            if !oneshot {
                self.until_ended().await;
            }
            if (oneshot || self.definition.service.remain_after_exit)
                && self.result() == RunResult::Success
            {
                if !oneshot {
                    self.enter(ActiveState::Active, "exited");
                }
                std::future::pending::<()>().await;
            }
        };
        let too_long = async {
            command::pause_or_forever(self.definition.service.run_limit).await;
            self.say("Service reached runtime time limit. Stopping.");
            self.unit.state.borrow_mut().fail(RunResult::Timeout);
        };
        tokio::pin!(ended, too_long);
        loop {
            let job = tokio::select! {
                biased;
                () = &mut ended => return None,
                () = &mut too_long, if !oneshot => return None,
                job = jobs.recv() => job?,
            };
            match job.kind {
                JobKind::Start => job.finish(Outcome::Done),
                JobKind::Stop | JobKind::Restart => return Some(job),
                JobKind::Reload => {
                    let outcome = self.reload().await;
                    job.finish(outcome);
                }
            }
        }
    }

    async fn stop_on_request(&self, stop: Job) -> End {
        self.init.wait_for_dependents(&self.unit).await;
        self.enter(ActiveState::Deactivating, "stop");
        self.announce("Stopping", "...");
        self.stop(true).await;
        self.rest(stop.kind == JobKind::Restart);
        self.announce("Stopped", ".");
        self.init.unit_ended(&self.unit);
        after_stop(stop)
    }
}
