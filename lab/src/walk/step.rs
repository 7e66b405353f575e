//! One step of a walk: a command line, so that people can repeat it.

use std::fmt;

/// A command of `juju` or of `juju-lab fault`, without the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub program: Program,
    pub words: Vec<String>,
    /// Whether the next step waits until everything rests.
    pub settles: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    Juju,
    Fault,
}

impl Step {
    pub(super) fn juju<const N: usize>(words: [&str; N]) -> Self {
        Self::of(Program::Juju, &words)
    }

    pub(super) fn fault<const N: usize>(words: [&str; N]) -> Self {
        Self::of(Program::Fault, &words)
    }

    fn of(program: Program, words: &[&str]) -> Self {
        Self {
            program,
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            settles: true,
        }
    }

    /// The unit or machine that this step breaks, or that it heals.
    pub(super) fn breaks(&self) -> Option<&str> {
        let breaks = matches!(
            self.words.first().map(String::as_str),
            Some("power-off" | "freeze" | "cut-network")
        );
        let target = self
            .words
            .get(1)
            .filter(|_| breaks && self.program == Program::Fault);
        target.map(String::as_str)
    }

    pub(super) fn heals(&self) -> bool {
        self.program == Program::Fault
            && matches!(
                self.words.first().map(String::as_str),
                Some("power-on" | "thaw" | "heal-network" | "heal")
            )
    }

    /// Reads a line of a script back; none for comments and empty lines.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let (line, settles) = match line.trim().strip_suffix("# at once") {
            Some(line) => (line, false),
            None => (line, true),
        };
        let mut words = split(line.trim())?;
        if words.is_empty() {
            return None;
        }
        let program = match words.remove(0).as_str() {
            "juju" => Program::Juju,
            "juju-lab" if words.first().is_some_and(|word| word == "fault") => {
                words.remove(0);
                Program::Fault
            }
            _ => return None,
        };
        Some(Self {
            program,
            words,
            settles,
        })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.program {
            Program::Juju => "juju",
            Program::Fault => "juju-lab fault",
        })?;
        for word in &self.words {
            write!(f, " {}", quoted(word))?;
        }
        if self.settles {
            Ok(())
        } else {
            f.write_str(" # at once")
        }
    }
}

/// A word as the shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The words of a line that [`quoted`] made. None if a quote does not end.
fn split(line: &str) -> Option<Vec<String>> {
    let (mut words, mut word) = (Vec::new(), None::<String>);
    let (mut inside, mut chars) = (false, line.chars());
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                inside = !inside;
                word.get_or_insert_default();
            }
            '#' if !inside && word.is_none() => break,
            '\\' if !inside => word.get_or_insert_default().push(chars.next()?),
            c if c.is_whitespace() && !inside => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    (!inside).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_read_back_from_its_line() {
        let mut step = Step::juju(["config", "pg", "zone=it's here", "empty="]);
        assert_eq!(
            step.to_string(),
            r"juju config pg 'zone=it'\''s here' empty="
        );
        assert_eq!(Step::parse(&step.to_string()), Some(step.clone()));
        step.settles = false;
        assert_eq!(Step::parse(&step.to_string()), Some(step));
        let fault = Step::fault(["power-off", "pg/0"]);
        assert_eq!(Step::parse("  juju-lab fault power-off pg/0"), Some(fault));
    }

    #[test]
    fn comments_and_other_programs_are_no_steps() {
        for line in ["", "# seed 1", "rm -rf x", "juju-lab destroy", "juju 'open"] {
            assert_eq!(Step::parse(line), None, "{line}");
        }
    }
}
