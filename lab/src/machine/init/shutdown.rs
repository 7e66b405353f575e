//! The orderly end of a machine.

use std::rc::Rc;
use std::time::Duration;

use rustix::process::Signal;

use super::Init;
use super::unit::JobKind;

/// How long what is left after all units have stopped may take to end on SIGTERM.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Stops all units, those ordered after others first, and then ends every process that is left.
pub(crate) async fn stop_everything(init: &Rc<Init>) {
    let stops: Vec<_> = init
        .loaded_units()
        .iter()
        .filter(|unit| !unit.state.borrow().active.is_dead() || !unit.idle())
        .map(|unit| unit.enqueue(init, JobKind::Stop))
        .collect();
    for stop in stops {
        // A unit that was forgotten meanwhile is stopped too.
        let _ = stop.await;
    }
    if wait_for_silence(init, Some(Signal::TERM), LAST_WORDS).await {
        return;
    }
    wait_for_silence(init, Some(Signal::KILL), Duration::from_secs(10)).await;
}

/// Signals what is left, and waits until nothing is. Killing repeats: a process may have been forking.
async fn wait_for_silence(init: &Rc<Init>, signal: Option<Signal>, limit: Duration) -> bool {
    let end = tokio::time::Instant::now() + limit;
    let mut first = true;
    loop {
        let left = init.tracker.borrow_mut().all();
        if left.is_empty() {
            return true;
        }
        if let Some(signal) = signal
            && (first || signal == Signal::KILL)
        {
            for (id, _) in &left {
                id.signal(signal);
            }
        }
        first = false;
        if tokio::time::Instant::now() >= end {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
