//! The page everything turns on: look, decide, carry out, look again.
//!
//! It knows neither Juju nor PostgreSQL's programs: those are behind [`World`], so the same loop runs in a hook, after an
//! action, and on a model in tests that cut every plan at every step.

use std::time::Duration;

use crate::domain::decide;
use crate::domain::decision::{Decision, Wait, Wake};
use crate::domain::observed::Observed;
use crate::domain::plan::{Plan, Step};
use crate::error::StepError;

/// What the loop needs of the world.
pub trait World {
    /// Looks at everything a decision may rest on.
    ///
    /// # Errors
    ///
    /// Only when nothing can be decided: a hook tool failed, or the charm's own records cannot be read.
    fn observe(&mut self) -> Result<Observed, StepError>;

    /// Carries out one step. Repeating a step that was carried out is harmless.
    ///
    /// # Errors
    ///
    /// When the step did not take effect.
    fn perform(&mut self, step: &Step) -> Result<(), StepError>;

    /// Lets time pass before the next look; false when this dispatch has stayed long enough.
    fn pause(&mut self, at_most: Duration) -> bool;

    /// Tells people what is about to be done.
    fn announce(&mut self, plan: &Plan);
}

/// How a dispatch ended.
#[derive(Debug)]
pub enum Outcome {
    /// Nothing is left to do now; the last look and what was decided on it.
    Rest(Box<Observed>, Decision),
    /// A step failed; what was seen before.
    Failed(Box<Observed>, StepError),
}

/// Plans carried out in one dispatch before it has to end. A unit comes to life in about a dozen; more means that two
/// deciders undo each other's work, and a hook may not do that for ever.
const MOST_PLANS: usize = 30;

/// Looks, decides and acts until nothing is left to do now.
///
/// # Errors
///
/// When the world cannot be looked at.
pub fn reconcile(world: &mut impl World) -> Result<Outcome, StepError> {
    let mut previous: Option<(Plan, Option<StepError>)> = None;
    for _ in 0..MOST_PLANS {
        let (seen, decision) = look_until_something_to_do(world)?;
        let Decision::Do(plan) = decision else {
            return Ok(Outcome::Rest(Box::new(seen), decision));
        };
        if let Some((before, failure)) = &previous
            && *before == plan
        {
            // Carried out, and the world asks for it again: doing it once more will not help.
            let reason = match failure {
                None => format!("tried to {}, without effect so far", plan.purpose),
                Some(failure) => format!("{failure}; the next look tries it again"),
            };
            let wait = Decision::Wait(Wait::until(Wake::UpdateStatus, reason));
            return Ok(Outcome::Rest(Box::new(seen), wait));
        }
        world.announce(&plan);
        let failure = match carry_out(world, &plan) {
            // What failed was written down where the next look finds it, and another decision follows from that.
            Err(error) if error.is_remembered() => Some(error),
            Err(error) => return Ok(Outcome::Failed(Box::new(seen), error)),
            Ok(()) => None,
        };
        if let Some(error) = &failure {
            tracing::warn!("{error}");
        }
        previous = Some((plan, failure));
    }
    let (seen, _) = look_until_something_to_do(world)?;
    let wait = Wait::until(
        Wake::UpdateStatus,
        "there is more to do than one hook should",
    );
    Ok(Outcome::Rest(Box::new(seen), Decision::Wait(wait)))
}

/// Looks again for as long as a wait is worth staying for.
fn look_until_something_to_do(world: &mut impl World) -> Result<(Observed, Decision), StepError> {
    loop {
        let seen = world.observe()?;
        let decision = decide::reconcile(&seen);
        match &decision {
            Decision::Wait(wait) if !wait.patience.is_zero() && world.pause(wait.patience) => {}
            _ => return Ok((seen, decision)),
        }
    }
}

/// Carries out a plan: its steps up to the first that fails, and then, in any case, those it promises.
///
/// # Errors
///
/// The first failure.
pub fn carry_out(world: &mut impl World, plan: &Plan) -> Result<(), StepError> {
    let done = plan
        .steps
        .iter()
        .try_for_each(|step| world.perform(step).map_err(|error| error.during(step)));
    let mut outcome = done;
    for step in &plan.always {
        let tidied = world.perform(step).map_err(|error| error.during(step));
        outcome = outcome.and(tidied);
    }
    outcome
}
