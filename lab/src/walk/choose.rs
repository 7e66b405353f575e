//! Chooses the next step: everything follows from the seed and from what is there.

use super::plan::Plan;
use super::step::Step;
use crate::api::OptionView;
use rand::Rng;
use rand::seq::IndexedRandom;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a choice depends on.
#[derive(Debug, Clone)]
pub(super) struct World<'a> {
    pub application: &'a str,
    pub plan: &'a Plan,
    /// The charm's options.
    pub options: &'a BTreeMap<String, OptionView>,
    /// The application's units, in the order of their numbers.
    pub units: Vec<String>,
    /// Which of the plan's relations are there.
    pub related: Vec<bool>,
    /// The step that takes back what is broken, and for how many steps it has been.
    pub broken: Option<(&'a Step, u32)>,
    /// How often the charm was upgraded.
    pub upgrades: usize,
}

/// What is broken is taken back at the latest after so many steps.
const LONGEST_BREAK: u32 = 3;
/// Hook tools that a hook is let to call at most before it is killed.
const LATEST_CALL: u32 = 12;

/// A step that can be taken.
pub(super) fn choose(rng: &mut impl Rng, world: &World<'_>) -> Step {
    if let Some((heal, steps)) = world.broken
        && (steps >= LONGEST_BREAK || rng.random_bool(0.4))
    {
        return heal.clone();
    }
    let mut possible = possible(rng, world);
    possible.retain(|(_, step)| !world.plan.without.contains(&step.words[0]));
    let weights: u32 = possible.iter().map(|(weight, _)| weight).sum();
    let mut ticket = rng.random_range(0..weights.max(1));
    let chosen = possible.into_iter().find(|(weight, _)| {
        let hit = ticket < *weight;
        ticket = ticket.saturating_sub(*weight);
        hit
    });
    let mut step = match chosen {
        Some((_, step)) => step,
        None => Step::juju(["status"]),
    };
    // Some steps meet the hooks that the one before started.
    step.settles = rng.random_bool(0.75);
    step
}

/// Every kind of step that makes sense now, with its weight.
fn possible(rng: &mut impl Rng, world: &World<'_>) -> Vec<(u32, Step)> {
    let app = world.application;
    let mut steps = Vec::new();
    let count = u32::try_from(world.units.len()).unwrap_or(u32::MAX);
    let healthy = healthy(world);
    if count < world.plan.units.max {
        steps.push((4, Step::juju(["add-unit", app])));
    }
    if world.broken.is_none()
        && count > world.plan.units.min
        && let Some(unit) = world.units.choose(rng)
    {
        let remove = ["remove-unit", "--no-prompt", "--destroy-storage", unit];
        steps.push((3, Step::juju(remove)));
        // Those who are left must be able to tell, as a majority, that it will not come back.
        if count > 2 {
            steps.push((1, Step::fault(["vanish", unit, "--for", "5"])));
        }
    }
    if let Some(setting) = setting(rng, world) {
        steps.push((4, setting));
    }
    steps.extend(action(rng, world, &healthy).map(|step| (4, step)));
    for (index, (first, second)) in world.plan.relations.iter().enumerate() {
        let command = if world.related.get(index) == Some(&true) {
            "remove-relation"
        } else {
            "integrate"
        };
        steps.push((2, Step::juju([command, first, second])));
    }
    if let Some(charm) = world
        .plan
        .upgrades
        .get(world.upgrades % world.plan.upgrades.len().max(1))
    {
        let charm = charm.display().to_string();
        steps.push((2, Step::juju(["refresh", app, "--path", &charm])));
    }
    if world.broken.is_none()
        && let Some(unit) = world.units.choose(rng)
    {
        for kind in ["power-off", "freeze", "cut-network"] {
            steps.push((2, Step::fault([kind, unit])));
        }
    }
    if let Some(unit) = healthy.choose(rng) {
        let call = rng.random_range(1..=LATEST_CALL).to_string();
        let order = rng.random_range(0..1000_u32).to_string();
        steps.push((3, Step::fault(["kill-at-call", unit, &call])));
        steps.push((2, Step::fault(["restart-agent", unit, "--at-call", &call])));
        steps.push((1, Step::fault(["restart-agent", unit])));
        steps.push((
            1,
            Step::fault(["reject-commit", unit, "the controller is busy"]),
        ));
        steps.push((1, Step::fault(["lose-leadership", unit])));
        steps.push((1, Step::fault(["order-hooks", unit, &order])));
        steps.push((1, Step::fault(["hold-back-news", unit, "--for", "5"])));
        steps.push((1, Step::fault(["hold-back-secrets", unit, "--for", "5"])));
        let hooks = ["update-status", "config-changed", "start"];
        if let Some(hook) = hooks.choose(rng) {
            steps.push((2, Step::fault(["repeat-hook", unit, hook])));
        }
    }
    steps.push((2, Step::fault(["expire-leadership", app])));
    steps
}

/// Units that are not on the broken machine.
fn healthy<'a>(world: &'a World<'_>) -> Vec<&'a String> {
    let broken = world.broken.and_then(|(heal, _)| heal.words.get(1));
    world
        .units
        .iter()
        .filter(|unit| Some(*unit) != broken)
        .collect()
}

fn setting(rng: &mut impl Rng, world: &World<'_>) -> Option<Step> {
    let app = world.application;
    let (name, values) = if world.plan.options.is_empty() {
        let names: Vec<&String> = world.options.keys().collect();
        let name = names.choose(rng)?;
        (name.as_str(), values_of(world.options.get(*name)?))
    } else {
        let names: Vec<_> = world.plan.options.iter().collect();
        let (name, values) = names.choose(rng)?;
        (name.as_str(), values.iter().map(text).collect())
    };
    let (true, Some(value)) = (rng.random_bool(0.8), values.choose(rng)) else {
        return Some(Step::juju(["config", app, "--reset", name]));
    };
    Some(Step::juju(["config", app, &format!("{name}={value}")]))
}

/// Values that an option's type allows, of which the charm may refuse some.
fn values_of(option: &OptionView) -> Vec<String> {
    let default = option.default.as_ref().map(text);
    let others: &[&str] = match option.kind.as_str() {
        "boolean" => &["true", "false"],
        "int" => &["0", "1", "7", "1000"],
        "float" => &["0", "0.5", "10.0"],
        "string" => &["", "word", "two words"],
        _ => &[],
    };
    others
        .iter()
        .map(|text| (*text).to_owned())
        .chain(default)
        .collect()
}

fn action(rng: &mut impl Rng, world: &World<'_>, healthy: &[&String]) -> Option<Step> {
    let actions: Vec<_> = world.plan.actions.iter().collect();
    let (name, sets) = actions.choose(rng)?;
    let unit = healthy.choose(rng)?;
    let mut step = Step::juju(["run", "--background", unit, name]);
    for (key, value) in sets.choose(rng).into_iter().flatten() {
        step.words.push(format!("{key}={}", text(value)));
    }
    Some(step)
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The step that takes back what this one breaks.
pub(super) fn healing(step: &Step) -> Option<Step> {
    let unit = step.breaks()?;
    let heals = match step.words[0].as_str() {
        "power-off" => "power-on",
        "freeze" => "thaw",
        _ => "heal-network",
    };
    Some(Step::fault([heals, unit]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    fn walk(seed: u64, units: u32, broken: Option<&Step>) -> Vec<String> {
        let plan = Plan::default();
        let options = BTreeMap::new();
        let world = World {
            application: "pg",
            plan: &plan,
            options: &options,
            units: (0..units).map(|number| format!("pg/{number}")).collect(),
            related: Vec::new(),
            broken: broken.map(|heal| (heal, 1)),
            upgrades: 0,
        };
        let mut rng = StdRng::seed_from_u64(seed);
        (0..200)
            .map(|_| choose(&mut rng, &world).to_string())
            .collect()
    }

    #[test]
    fn the_same_seed_takes_the_same_steps_and_another_takes_others() {
        assert_eq!(walk(1, 2, None), walk(1, 2, None));
        assert_ne!(walk(1, 2, None), walk(2, 2, None));
    }

    #[test]
    fn the_number_of_units_stays_within_the_plan() {
        let has = |steps: &[String], word: &str| steps.iter().any(|step| step.contains(word));
        let (one, three) = (walk(1, 1, None), walk(1, 3, None));
        assert!(has(&one, "add-unit") && !has(&one, "remove-unit") && !has(&one, "vanish"));
        assert!(!has(&three, "add-unit") && has(&three, "remove-unit"));
    }

    #[test]
    fn nothing_else_breaks_while_something_is_broken_and_what_is_broken_is_left_alone() {
        let heal = Step::fault(["power-on", "pg/1"]);
        let steps = walk(1, 2, Some(&heal));
        for word in [
            "power-off",
            "freeze",
            "cut-network",
            "remove-unit",
            "vanish",
        ] {
            assert!(!steps.iter().any(|step| step.contains(word)), "{word}");
        }
        let about = |step: &&String| step.contains("pg/1");
        assert!(
            steps
                .iter()
                .filter(about)
                .all(|step| step.contains("power-on pg/1"))
        );
        assert!(steps.iter().any(|step| step.contains("power-on pg/1")));
    }
}
