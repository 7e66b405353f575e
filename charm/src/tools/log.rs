//! `juju-log`: `tracing` events in `juju debug-log`.
//!
//! A process for each line would cost more than most hooks do. Lines are therefore kept and sent
//! together: at the end, when one is a warning or worse, and when the oldest has waited a while.

use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::field::{Field, Visit};
use tracing::{Level, Subscriber};
use tracing_subscriber::layer::Context as LayerContext;

use super::HookTools;

/// Linux ends an argument at 128 KiB, its closing zero included.
const LARGEST_MESSAGE: usize = 128 * 1024 - 1;

/// A long action should not keep its lines until it is done.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Lines on their way to `juju-log`.
pub struct LogBuffer {
    tools: Arc<dyn HookTools>,
    lines: Mutex<Lines>,
    most_verbose: AtomicU8,
}

#[derive(Default)]
struct Lines {
    waiting: Vec<(Level, String)>,
    oldest: Option<Instant>,
}

impl LogBuffer {
    pub(crate) fn new(tools: Arc<dyn HookTools>) -> Self {
        Self {
            tools,
            lines: Mutex::default(),
            most_verbose: AtomicU8::new(rank(Level::INFO)),
        }
    }

    /// Adds a line. `WARN` and `ERROR` are sent at once, and all before them, to keep the order.
    pub fn write(&self, level: Level, line: String) {
        if rank(level) > self.most_verbose.load(Ordering::Relaxed) {
            return;
        }
        let send = {
            let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
            lines.waiting.push((level, line));
            let oldest = *lines.oldest.get_or_insert_with(Instant::now);
            level <= Level::WARN || oldest.elapsed() > LONGEST_WAIT
        };
        if send {
            self.flush();
        }
    }

    /// Sends what is waiting: one call for each run of lines of one level.
    ///
    /// Lines that Juju does not take go to standard error, which it captures as well.
    pub fn flush(&self) {
        let waiting = {
            let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
            lines.oldest = None;
            std::mem::take(&mut lines.waiting)
        };
        for run in waiting.chunk_by(|(one, _), (other, _)| one == other) {
            let level = juju_level(run[0].0);
            let text = run
                .iter()
                .map(|(_, line)| line.as_str())
                .collect::<Vec<_>>()
                .join("\n");
            for part in split(&text.replace('\0', "\u{fffd}"), LARGEST_MESSAGE) {
                if self
                    .tools
                    .run("juju-log", &["--log-level", level, "--", part], None)
                    .is_err()
                {
                    eprintln!("{level} {part}");
                }
            }
        }
    }

    /// Also keeps less important lines; `INFO` unless set. Each level more costs calls.
    pub fn set_most_verbose(&self, level: Level) {
        self.most_verbose.store(rank(level), Ordering::Relaxed);
    }

    fn wants(&self, level: Level) -> bool {
        rank(level) <= self.most_verbose.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for LogBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogBuffer").finish_non_exhaustive()
    }
}

/// A `tracing` layer that writes to Juju's log.
#[derive(Debug, Clone)]
pub struct JujuLog {
    buffer: Arc<LogBuffer>,
}

impl JujuLog {
    /// A layer over this buffer.
    pub fn new(buffer: Arc<LogBuffer>) -> Self {
        Self { buffer }
    }
}

impl<S: Subscriber> tracing_subscriber::Layer<S> for JujuLog {
    fn on_event(&self, event: &tracing::Event<'_>, _: LayerContext<'_, S>) {
        let level = *event.metadata().level();
        if self.buffer.wants(level) {
            let mut line = Line::default();
            event.record(&mut line);
            self.buffer.write(level, line.finish());
        }
    }
}

/// Puts the message first, and the other fields behind it.
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Line {
    fn finish(mut self) -> String {
        self.message.push_str(&self.fields);
        self.message
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a String cannot fail.
        let _ = if field.name() == "message" {
            write!(self.message, "{value:?}")
        } else {
            write!(self.fields, " {}={value:?}", field.name())
        };
    }
}

/// Smaller is more important.
fn rank(level: Level) -> u8 {
    match level {
        Level::ERROR => 1,
        Level::WARN => 2,
        Level::INFO => 3,
        Level::DEBUG => 4,
        Level::TRACE => 5,
    }
}

fn juju_level(level: Level) -> &'static str {
    match level {
        Level::ERROR => "ERROR",
        Level::WARN => "WARNING",
        Level::INFO => "INFO",
        Level::DEBUG => "DEBUG",
        Level::TRACE => "TRACE",
    }
}

/// Cuts a text into parts of at most `limit` bytes, at the end of a line where there is one.
fn split(text: &str, limit: usize) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if rest.len() <= limit {
            return Some(std::mem::take(&mut rest));
        }
        let end = rest.floor_char_boundary(limit);
        let (part, next) = match rest[..end].rfind('\n') {
            Some(newline) if newline > 0 => (newline, newline + 1),
            _ => (end, end),
        };
        let head = &rest[..part];
        rest = &rest[next..];
        Some(head)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::ToolError;

    #[derive(Default)]
    struct Recorder(Mutex<Vec<String>>);

    impl HookTools for Recorder {
        fn run(&self, tool: &str, args: &[&str], _: Option<&[u8]>) -> Result<Vec<u8>, ToolError> {
            self.0
                .lock()
                .unwrap()
                .push(format!("{tool} {}", args.join(" ")));
            Ok(Vec::new())
        }
    }

    #[test]
    fn lines_of_one_level_share_a_call_and_a_warning_sends_all_before_it() {
        let tools = Arc::new(Recorder::default());
        let log = LogBuffer::new(tools.clone());
        log.write(Level::DEBUG, "too quiet".into());
        log.write(Level::INFO, "one".into());
        log.write(Level::INFO, "two".into());
        assert_eq!(tools.0.lock().unwrap().len(), 0);
        log.write(Level::WARN, "careful".into());
        log.write(Level::INFO, "three".into());
        log.flush();
        assert_eq!(
            *tools.0.lock().unwrap(),
            [
                "juju-log --log-level INFO -- one\ntwo",
                "juju-log --log-level WARNING -- careful",
                "juju-log --log-level INFO -- three",
            ]
        );
    }

    #[test]
    fn long_text_is_cut_at_lines_and_never_inside_a_character() {
        assert_eq!(split("aa\nbb\ncc", 5).collect::<Vec<_>>(), ["aa", "bb\ncc"]);
        assert_eq!(split("ééé", 3).collect::<Vec<_>>(), ["é", "é", "é"]);
        assert_eq!(
            split("\nabcdef", 3).collect::<Vec<_>>(),
            ["\nab", "cde", "f"]
        );
        assert_eq!(split("", 3).count(), 0);
    }
}
