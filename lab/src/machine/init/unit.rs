//! One unit in memory: what its files say and what it does.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tokio::sync::{mpsc, oneshot};

use super::Init;
use super::reaper::Exit;
use super::spawn::PassedStreams;
use super::state::{ActiveState, MainRun, Moment, RunResult, State, judge};
use crate::machine::proc_fs::ProcessId;
use crate::machine::protocol::Outcome;
use crate::machine::signal;
use crate::machine::unit::definition::Definition;
use crate::machine::unit::directory::{self, Loaded};
use crate::machine::unit::links;
use crate::machine::unit::name::UnitName;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JobKind {
    Start,
    Stop,
    Restart,
    Reload,
}

/// One thing a unit is asked to do.
pub(crate) struct Job {
    pub(crate) kind: JobKind,
    reply: Option<oneshot::Sender<Outcome>>,
    _token: JobToken,
}

impl Job {
    /// Answers whoever waits, if anybody still does.
    pub(crate) fn finish(mut self, outcome: Outcome) {
        if let Some(reply) = self.reply.take() {
            let _ = reply.send(outcome);
        }
    }
}

/// Counts a unit's unfinished jobs; others that are ordered after it look at the count.
struct JobToken {
    init: Rc<Init>,
    unit: Rc<Unit>,
    kind: JobKind,
}

impl Drop for JobToken {
    fn drop(&mut self) {
        self.unit.count(self.kind).update(|count| count - 1);
        self.init.changed.notify_waiters();
    }
}

pub(crate) struct Unit {
    pub(crate) name: UnitName,
    pub(crate) loaded: RefCell<Rc<Loaded>>,
    pub(crate) state: RefCell<State>,
    /// A link of a target wanted it when unit files were last read: it stays in memory.
    pub(crate) wanted: Cell<bool>,
    pub(crate) transient: Cell<bool>,
    /// Forget the transient unit even if it failed.
    pub(crate) collect: Cell<bool>,
    pub(crate) streams: RefCell<Option<PassedStreams>>,
    pub(crate) notify_socket: RefCell<Option<super::notify::NotifySocket>>,
    notes_said: RefCell<Vec<String>>,
    user_note_said: Cell<bool>,
    jobs: mpsc::UnboundedSender<Job>,
    rising: Cell<u32>,
    falling: Cell<u32>,
}

impl Unit {
    pub(crate) fn new(init: &Init, name: UnitName) -> (Rc<Self>, mpsc::UnboundedReceiver<Job>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let unit = Rc::new(Self {
            loaded: RefCell::new(Rc::new(Loaded::NotFound)),
            state: RefCell::new(State::default()),
            wanted: Cell::new(false),
            transient: Cell::new(false),
            collect: Cell::new(false),
            streams: RefCell::new(None),
            notify_socket: RefCell::new(None),
            notes_said: RefCell::new(Vec::new()),
            user_note_said: Cell::new(false),
            jobs: sender,
            rising: Cell::new(0),
            falling: Cell::new(0),
            name,
        });
        unit.read_files(init);
        (unit, receiver)
    }

    pub(crate) fn name(&self) -> &str {
        self.name.as_str()
    }

    /// Reads the unit's files and says once in its journal what was not understood.
    pub(crate) fn read_files(&self, init: &Init) {
        let loaded = directory::load(&init.layout, &init.hostname, &self.name);
        if let Loaded::Unit(_, definition) = &loaded {
            let mut said = self.notes_said.borrow_mut();
            for note in definition.notes.iter().chain(&definition.fault) {
                if !said.contains(note) {
                    init.journal.say(self.name(), note);
                    said.push(note.clone());
                }
            }
            said.retain(|note| {
                definition.notes.contains(note) || definition.fault.as_ref() == Some(note)
            });
        }
        self.wanted.set(links::is_wanted(&init.layout, &self.name));
        *self.loaded.borrow_mut() = Rc::new(loaded);
    }

    /// A unit that neither runs nor is wanted by a target is forgotten between uses, so that its files
    /// count as they are now.
    pub(crate) fn read_files_if_forgotten(&self, init: &Init) {
        let missing = matches!(**self.loaded.borrow(), Loaded::NotFound);
        let idle = self.state.borrow().active == ActiveState::Inactive && self.idle();
        if idle && (missing || !self.wanted.get()) {
            self.read_files(init);
        }
    }

    pub(crate) fn definition(&self) -> Option<Rc<Definition>> {
        match &**self.loaded.borrow() {
            Loaded::Unit(_, definition) => Some(Rc::clone(definition)),
            Loaded::NotFound | Loaded::Masked(_) => None,
        }
    }

    /// Whether the unit's files changed since they were read.
    pub(crate) fn is_stale(&self, init: &Init) -> bool {
        let now = directory::find(&init.layout, &self.name);
        match &**self.loaded.borrow() {
            Loaded::Unit(files, _) | Loaded::Masked(files) => *files != now,
            Loaded::NotFound => now.fragment.is_some(),
        }
    }

    fn count(&self, kind: JobKind) -> &Cell<u32> {
        match kind {
            JobKind::Stop => &self.falling,
            JobKind::Start | JobKind::Restart | JobKind::Reload => &self.rising,
        }
    }

    pub(crate) fn idle(&self) -> bool {
        self.rising.get() == 0 && self.falling.get() == 0
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.falling.get() > 0
    }

    /// Adds a job to the unit's queue and returns where its outcome will come.
    pub(crate) fn enqueue(
        self: &Rc<Self>,
        init: &Rc<Init>,
        kind: JobKind,
    ) -> oneshot::Receiver<Outcome> {
        let (sender, receiver) = oneshot::channel();
        self.count(kind).update(|count| count + 1);
        let job = Job {
            kind,
            reply: Some(sender),
            _token: JobToken {
                init: Rc::clone(init),
                unit: Rc::clone(self),
                kind,
            },
        };
        // A unit that has just been forgotten drops the job; whoever waits sees it cancelled.
        let _ = self.jobs.send(job);
        receiver
    }

    pub(crate) fn enter(&self, init: &Init, active: ActiveState, sub: &'static str) {
        self.state.borrow_mut().enter(active, sub);
        init.changed.notify_waiters();
    }

    /// Waits until the unit's state satisfies `condition`.
    pub(crate) async fn until(&self, init: &Init, condition: impl Fn(&State) -> bool) {
        loop {
            let changed = init.changed.notified();
            if condition(&self.state.borrow()) {
                return;
            }
            changed.await;
        }
    }

    /// Makes `pid` the main process; its end is written to the state when it comes.
    pub(crate) fn watch_main(
        self: &Rc<Self>,
        init: &Rc<Init>,
        pid: u32,
        exit: Option<oneshot::Receiver<Exit>>,
        ignore_failure: bool,
    ) {
        let id = ProcessId::of(pid).unwrap_or(ProcessId { pid, started: 0 });
        {
            let mut state = self.state.borrow_mut();
            state.main = Some(id);
            state.main_ignores_failure = ignore_failure;
            state.main_run = Some(MainRun {
                pid,
                started: Moment::now(),
                ended: None,
            });
        }
        init.changed.notify_waiters();
        let (unit, init) = (Rc::clone(self), Rc::clone(init));
        tokio::task::spawn_local(async move {
            let exit = init.wait_for(id, exit).await;
            if unit.state.borrow().main == Some(id) {
                unit.main_ended(&init, exit);
            }
        });
    }

    fn main_ended(&self, init: &Init, exit: Exit) {
        let judged = match self.definition() {
            Some(definition) => judge(exit, &definition.service),
            None => RunResult::Success,
        };
        {
            let mut state = self.state.borrow_mut();
            state.main = None;
            if let Some(run) = &mut state.main_run {
                run.ended = Some((Moment::now(), exit));
            }
            if !state.main_ignores_failure {
                state.fail(judged);
            }
        }
        if judged != RunResult::Success || exit != Exit::Code(0) {
            self.say(init, &format!("Main process exited, {}", describe(exit)));
        }
        init.changed.notify_waiters();
    }

    /// Makes `pid` the control process, the one that runs an `Exec…=` line beside the main process.
    pub(crate) fn watch_control(
        self: &Rc<Self>,
        init: &Rc<Init>,
        pid: u32,
        exit: oneshot::Receiver<Exit>,
    ) {
        let id = ProcessId::of(pid).unwrap_or(ProcessId { pid, started: 0 });
        {
            let mut state = self.state.borrow_mut();
            state.control = Some(id);
            state.control_exit = None;
        }
        let (unit, init) = (Rc::clone(self), Rc::clone(init));
        tokio::task::spawn_local(async move {
            let exit = init.wait_for(id, Some(exit)).await;
            {
                let mut state = unit.state.borrow_mut();
                if state.control == Some(id) {
                    state.control = None;
                    state.control_exit = Some(exit);
                }
            }
            init.changed.notify_waiters();
        });
    }

    /// Says, once, that this machine cannot honour the unit's user.
    pub(crate) fn say_user_is_ignored(&self, init: &Init) {
        if !self.user_note_said.replace(true) {
            self.say(
                init,
                "User= and Group= are ignored: the machine does not run as root.",
            );
        }
    }

    /// Writes a line about this unit to its journal, with the unit's name in front.
    pub(crate) fn say(&self, init: &Init, message: &str) {
        init.journal
            .say(self.name(), &format!("{}: {message}", self.name));
    }
}

/// `code=exited, status=1/FAILURE`.
pub(crate) fn describe(exit: Exit) -> String {
    let number = exit.number();
    let name = match exit {
        Exit::Code(code) => signal::exit_name(code).unwrap_or("n/a").to_owned(),
        Exit::Signal { number, .. } => signal::name(number),
        Exit::Unknown => "n/a".to_owned(),
    };
    format!("code={}, status={number}/{name}", exit.kind())
}
