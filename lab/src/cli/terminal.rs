//! What a terminal can do that a file cannot: colours, and drawing over what was there.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write as _};

/// How a word is emphasised.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    #[default]
    Plain,
    Good,
    Busy,
    Bad,
    Faint,
    Strong,
}

impl Tone {
    /// The tone of a status word of a unit, agent, machine or task.
    pub(crate) fn of_status(word: &str) -> Self {
        match word {
            "active" | "idle" | "started" | "attached" | "completed" | "available" | "applied" => {
                Self::Good
            }
            "maintenance" | "waiting" | "executing" | "allocating" | "pending" | "running"
            | "attaching" | "rebooting" | "aborting" | "detaching" => Self::Busy,
            "error" | "blocked" | "failed" | "lost" | "down" | "aborted" | "cancelled" => Self::Bad,
            "unknown" | "terminated" | "stopped" | "unset" | "detached" => Self::Faint,
            _ => Self::Plain,
        }
    }
}

/// Turns tones into escape sequences, or into nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Palette {
    coloured: bool,
}

impl Palette {
    pub(crate) const fn plain() -> Self {
        Self { coloured: false }
    }

    pub(crate) const fn coloured() -> Self {
        Self { coloured: true }
    }

    /// Colours unless `NO_COLOR` is set or the terminal is dumb.
    pub(crate) fn from_environment() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb" || term.is_empty());
        Self {
            coloured: !refused && !dumb,
        }
    }

    /// `text` in `tone`; the width on screen does not change.
    pub(crate) fn paint(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Plain => "",
            Tone::Good => "32",
            Tone::Busy => "33",
            Tone::Bad => "31",
            Tone::Faint => "2",
            Tone::Strong => "1",
        };
        if !self.coloured || code.is_empty() || text.is_empty() {
            return text.to_owned();
        }
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

/// A region of the terminal that is drawn again and again in place.
#[derive(Debug, Default)]
pub(crate) struct Redraw {
    drawn: Vec<String>,
}

impl Redraw {
    /// Whether standard output can be drawn over.
    pub(crate) fn is_possible() -> bool {
        io::stdout().is_terminal()
            && std::env::var_os("TERM").is_some_and(|term| term != "dumb" && !term.is_empty())
    }

    /// Shows `text` where the last text was. What does not fit on the screen is cut, so that the cursor finds back.
    pub(crate) fn show(&mut self, text: &str) -> io::Result<()> {
        let (columns, rows) = size();
        let lines: Vec<String> = text
            .lines()
            .take(rows.saturating_sub(1).max(1))
            .map(|line| clip(line, columns))
            .collect();
        let mut frame = String::new();
        if !self.drawn.is_empty() {
            let _ = write!(frame, "\u{1b}[{}A\r", self.drawn.len());
        }
        for line in &lines {
            let _ = writeln!(frame, "{line}\u{1b}[K");
        }
        frame.push_str("\u{1b}[J");
        self.drawn = lines;
        let mut out = io::stdout().lock();
        out.write_all(frame.as_bytes())?;
        out.flush()
    }
}

/// Columns and rows of the terminal on standard output; 80 x 24 if it does not tell.
fn size() -> (usize, usize) {
    match rustix::termios::tcgetwinsize(io::stdout()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => (size.ws_col.into(), size.ws_row.into()),
        _ => (80, 24),
    }
}

/// The first `columns` characters of a line, not counting escape sequences.
fn clip(line: &str, columns: usize) -> String {
    let mut out = String::new();
    let mut seen = 0;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            out.push(c);
            for c in chars.by_ref() {
                out.push(c);
                if c.is_ascii_alphabetic() {
                    break;
                }
            }
        } else if seen < columns {
            out.push(c);
            seen += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_coloured_palette_paints() {
        assert_eq!(Palette::plain().paint(Tone::Bad, "error"), "error");
        assert_eq!(
            Palette::coloured().paint(Tone::Bad, "error"),
            "\u{1b}[31merror\u{1b}[0m"
        );
        assert_eq!(Palette::coloured().paint(Tone::Plain, "text"), "text");
    }

    #[test]
    fn a_line_is_clipped_without_counting_colours() {
        let painted = Palette::coloured().paint(Tone::Good, "active");
        assert_eq!(clip(&painted, 3), "\u{1b}[32mact\u{1b}[0m");
        assert_eq!(clip("plain", 10), "plain");
    }
}
