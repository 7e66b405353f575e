//! `juju-lab walk`: a random walk over what operators, controllers and clouds do to an application, from a seed. After
//! each step everything must come to rest again, and what the charm's author checks must hold.

mod choose;
mod plan;
mod settle;
mod step;

use crate::api::{ConfigView, FullStatus, LogFilter, LogPage, Request};
use crate::client::Client;
use crate::fault::only_model;
use crate::home::Home;
use anyhow::{Context as _, bail};
use choose::{World, choose, healing};
use clap::Args;
use plan::Plan;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use step::{Program, Step};

const PAUSE: Duration = Duration::from_millis(200);
/// Lines of the debug log that are shown of a walk that failed.
const LOG_LINES: usize = 60;

#[derive(Debug, Clone, Args)]
pub struct WalkCommand {
    /// The model; may be left out if there is only one
    #[arg(short, long)]
    model: Option<String>,
    /// Where the walk goes follows from this number
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[arg(long, default_value_t = 50)]
    steps: u32,
    /// What may be done, as a YAML file
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// Takes the steps of this script instead of choosing them
    #[arg(long, value_name = "SCRIPT")]
    replay: Option<PathBuf>,
    /// Where the steps are written, as a script
    #[arg(long, value_name = "SCRIPT")]
    script: Option<PathBuf>,
    /// A command that must succeed after each step
    #[arg(long, value_name = "COMMAND")]
    check: Option<String>,
    /// How long a model may take to come to rest
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = crate::cli::duration)]
    timeout: Duration,
    /// How long everything must rest, because between two events agents look idle, too
    #[arg(long, value_name = "DURATION", default_value = "1500ms", value_parser = crate::cli::duration)]
    stable: Duration,
    application: String,
}

/// Walks; exits with 1 if something that must hold did not.
pub fn main(home: &Home, command: WalkCommand) -> anyhow::Result<ExitCode> {
    let mut client = Client::connect(home.path())?;
    let model = match &command.model {
        Some(model) => model.clone(),
        None => only_model(&mut client)?,
    };
    let plan = match &command.plan {
        Some(path) => Plan::read(path)?,
        None => Plan::default(),
    };
    let script = match &command.script {
        Some(path) => Some(
            std::fs::File::create(path)
                .with_context(|| format!("cannot create the script {}", path.display()))?,
        ),
        None => None,
    };
    let mut walk = Walk {
        home,
        client,
        model,
        plan,
        script,
        broken: None,
        upgrades: 0,
        command,
    };
    walk.go()
}

struct Walk<'a> {
    home: &'a Home,
    client: Client,
    model: String,
    plan: Plan,
    script: Option<std::fs::File>,
    /// What takes back what is broken, and for how many steps it has been.
    broken: Option<(Step, u32)>,
    upgrades: usize,
    command: WalkCommand,
}

impl Walk<'_> {
    fn go(&mut self) -> anyhow::Result<ExitCode> {
        let (seed, application) = (self.command.seed, self.command.application.clone());
        if !self.status()?.applications.contains_key(&application) {
            bail!("application \"{application}\" not found\nhint: deploy it before the walk");
        }
        let replayed = match &self.command.replay {
            Some(path) => Some(
                std::fs::read_to_string(path)
                    .with_context(|| format!("cannot read the script {}", path.display()))?
                    .lines()
                    .filter_map(Step::parse)
                    .collect::<Vec<_>>(),
            ),
            None => None,
        };
        let steps = match &replayed {
            Some(steps) => u32::try_from(steps.len())?,
            None => self.command.steps,
        };
        self.tell(&format!(
            "# juju-lab walk --seed {seed} --steps {steps} {application}"
        ))?;
        if let Err(violation) = self.settle_and_check(0)? {
            return self.fail(0, &violation);
        }
        let mut rng = StdRng::seed_from_u64(seed);
        for number in 1..=steps {
            let step = match &replayed {
                Some(steps) => steps[number as usize - 1].clone(),
                None => self.choose(&mut rng)?,
            };
            self.tell(&step.to_string())?;
            self.take(&step)?;
            if step.settles
                && let Err(violation) = self.settle_and_check(number)?
            {
                return self.fail(number, &violation);
            }
        }
        let heal = Step::fault(["heal"]);
        self.tell(&heal.to_string())?;
        self.take(&heal)?;
        if let Err(violation) = self.settle_and_check(steps)? {
            return self.fail(steps, &violation);
        }
        self.tell(&format!(
            "# seed {seed}: {steps} steps, and all that must hold held"
        ))?;
        Ok(ExitCode::SUCCESS)
    }

    fn choose(&mut self, rng: &mut StdRng) -> anyhow::Result<Step> {
        let status = self.status()?;
        let config: ConfigView = self.client.call(&Request::Config {
            model: self.model.clone(),
            application: self.command.application.clone(),
        })?;
        let mut units: Vec<String> = status
            .applications
            .get(&self.command.application)
            .map(|it| {
                let alive = it.units.iter().filter(|(_, unit)| unit.life == "alive");
                alive.map(|(name, _)| name.clone()).collect()
            })
            .unwrap_or_default();
        units.sort_by_key(|unit| crate::model::identity::unit_number(unit));
        let related = self.plan.relations.iter().map(|(first, second)| {
            let ends = [first.as_str(), second.as_str()];
            status.relations.iter().any(|relation| {
                ends.contains(&relation.provider.to_string().as_str())
                    && ends.contains(&relation.requirer.to_string().as_str())
            })
        });
        let world = World {
            application: &self.command.application,
            plan: &self.plan,
            options: &config.settings,
            units,
            related: related.collect(),
            broken: self.broken.as_ref().map(|(heal, steps)| (heal, *steps)),
            upgrades: self.upgrades,
        };
        Ok(choose(rng, &world))
    }

    /// Runs a step's command. That it is refused, or that an action fails, breaks no rule.
    fn take(&mut self, step: &Step) -> anyhow::Result<()> {
        let mut command = Command::new(std::env::current_exe()?);
        match step.program {
            Program::Juju => command.arg("juju"),
            Program::Fault => command.arg("fault"),
        };
        let output = command
            .args(&step.words)
            .args(
                (step.words[0] != "models")
                    .then_some(["-m", self.model.as_str()])
                    .into_iter()
                    .flatten(),
            )
            .env("JUJU_LAB_HOME", self.home.path())
            .stdin(Stdio::null())
            .output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let first = said.lines().next().unwrap_or_default().to_owned();
            self.tell(&format!("#   refused: {first}"))?;
            return Ok(());
        }
        if let Some((_, steps)) = &mut self.broken {
            *steps += 1;
        }
        if step.heals() {
            self.broken = None;
        }
        if let Some(heal) = healing(step) {
            self.broken = Some((heal, 0));
        }
        self.upgrades += usize::from(step.words[0] == "refresh");
        Ok(())
    }

    /// Waits until all is at rest, and lets the author's check look. The inner error says what does not hold.
    fn settle_and_check(&mut self, number: u32) -> anyhow::Result<Result<(), String>> {
        let broken = self
            .broken
            .as_ref()
            .and_then(|(heal, _)| heal.words.get(1).cloned());
        let (begun, mut rests_since) = (Instant::now(), None);
        loop {
            let open = settle::restless(&self.status()?, broken.as_deref());
            if open.is_empty() {
                if rests_since.get_or_insert_with(Instant::now).elapsed() >= self.command.stable {
                    break;
                }
            } else {
                rests_since = None;
                if begun.elapsed() >= self.command.timeout {
                    let seconds = self.command.timeout.as_secs();
                    return Ok(Err(format!(
                        "no rest after {seconds} s: {}",
                        open.join(", ")
                    )));
                }
            }
            std::thread::sleep(PAUSE);
        }
        let Some(check) = &self.command.check else {
            return Ok(Ok(()));
        };
        let output = Command::new("/bin/sh")
            .args(["-c", check])
            .env("JUJU_LAB_HOME", self.home.path())
            .env("JUJU_MODEL", &self.model)
            .env("WALK_APPLICATION", &self.command.application)
            .env("WALK_SEED", self.command.seed.to_string())
            .env("WALK_STEP", number.to_string())
            .env("WALK_BROKEN", broken.unwrap_or_default())
            .stdin(Stdio::null())
            .output()
            .context("cannot run the check")?;
        if output.status.success() {
            return Ok(Ok(()));
        }
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        Ok(Err(format!(
            "the check failed ({}):\n{said}",
            output.status
        )))
    }

    fn status(&mut self) -> anyhow::Result<FullStatus> {
        let model = self.model.clone();
        Ok(self.client.call(&Request::Status { model })?)
    }

    /// Writes a line of the script.
    fn tell(&mut self, line: &str) -> anyhow::Result<()> {
        println!("{line}");
        if let Some(script) = &mut self.script {
            writeln!(script, "{line}").context("cannot write the script")?;
        }
        Ok(())
    }

    /// Says what went wrong, where, and what the units had to say. The lab stays as it is.
    fn fail(&mut self, number: u32, violation: &str) -> anyhow::Result<ExitCode> {
        let seed = self.command.seed;
        self.tell(&format!(
            "# seed {seed}, step {number}: {}",
            violation.trim_end().replace('\n', "\n#   ")
        ))?;
        let filter = LogFilter {
            model: self.model.clone(),
            last: Some(LOG_LINES),
            ..LogFilter::default()
        };
        let page: LogPage = self.client.call(&Request::DebugLog(filter))?;
        for record in page.records {
            eprintln!(
                "{} {} {} {}",
                record.time, record.entity, record.level, record.message
            );
        }
        Ok(ExitCode::FAILURE)
    }
}
