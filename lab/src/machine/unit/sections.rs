//! The text of a unit file: sections, assignments, comments and continued lines.

/// One `Key=value` line under its section header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assignment {
    pub(crate) section: String,
    pub(crate) key: String,
    pub(crate) value: String,
}

/// The assignments of one file in order, and a note about each line that could not be used.
///
/// Like systemd, a bad line costs only itself: the rest of the file still counts.
pub(crate) fn parse(text: &str) -> (Vec<Assignment>, Vec<String>) {
    let mut assignments = Vec::new();
    let mut notes = Vec::new();
    let mut section: Option<String> = None;
    for (number, line) in logical_lines(text) {
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            section = Some(name.to_owned());
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            notes.push(format!("line {number}: Missing '=', ignoring line."));
            continue;
        };
        let Some(section) = &section else {
            notes.push(format!(
                "line {number}: Assignment outside of section. Ignoring."
            ));
            continue;
        };
        assignments.push(Assignment {
            section: section.clone(),
            key: key.trim_end().to_owned(),
            value: value.trim_start().to_owned(),
        });
    }
    (assignments, notes)
}

/// Lines with continuations joined by a space, blank lines and comments gone, each with the number of the
/// line it begins on. A comment between continued lines does not end the continuation.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut continued: Option<(usize, String)> = None;
    for (index, raw) in text.lines().enumerate() {
        let line = raw.trim();
        if line.starts_with('#') || line.starts_with(';') {
            continue;
        }
        let (start, mut joined) = continued.take().unwrap_or((index + 1, String::new()));
        if let Some(head) = ends_in_continuation(line) {
            joined.push_str(head);
            joined.push(' ');
            continued = Some((start, joined));
            continue;
        }
        joined.push_str(line);
        let joined = joined.trim();
        if !joined.is_empty() {
            lines.push((start, joined.to_owned()));
        }
    }
    if let Some((start, joined)) = continued
        && !joined.trim().is_empty()
    {
        lines.push((start, joined.trim().to_owned()));
    }
    lines
}

/// The line without its last backslash if that backslash is not itself escaped.
fn ends_in_continuation(line: &str) -> Option<&str> {
    let backslashes = line.bytes().rev().take_while(|byte| *byte == b'\\').count();
    (backslashes % 2 == 1).then(|| &line[..line.len() - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<(String, String)> {
        parse(text)
            .0
            .into_iter()
            .map(|assignment| (assignment.key, assignment.value))
            .collect()
    }

    #[test]
    fn assignments_keep_their_section_and_order() {
        let (assignments, notes) = parse("[Unit]\nDescription=A b\n\n[Service]\nUser = postgres\n");
        assert_eq!(notes, Vec::<String>::new());
        assert_eq!(
            assignments,
            [
                Assignment {
                    section: "Unit".into(),
                    key: "Description".into(),
                    value: "A b".into()
                },
                Assignment {
                    section: "Service".into(),
                    key: "User".into(),
                    value: "postgres".into()
                },
            ]
        );
    }

    #[test]
    fn continued_lines_join_over_comments() {
        let text =
            "[Service]\nExecStart=/bin/a \\\n  one \\\n# not this\n; nor this\n  two\nNice=1\n";
        assert_eq!(
            values(text),
            [
                ("ExecStart".into(), "/bin/a  one  two".into()),
                ("Nice".into(), "1".into())
            ]
        );
    }

    #[test]
    fn an_escaped_backslash_at_the_end_continues_nothing() {
        assert_eq!(
            values("[S]\nA=x\\\\\nB=y"),
            [("A".into(), "x\\\\".into()), ("B".into(), "y".into())]
        );
    }

    #[test]
    fn a_bad_line_costs_only_itself() {
        let (assignments, notes) = parse("Early=1\n[Unit]\nnonsense\nAfter=a.service\n");
        assert_eq!(assignments.len(), 1);
        assert_eq!(
            notes,
            [
                "line 1: Assignment outside of section. Ignoring.",
                "line 3: Missing '=', ignoring line."
            ]
        );
    }
}
