//! `EnvironmentFile=`: assignments in a shell's syntax without a shell's expansions.

/// The assignments in order. Lines that are none are skipped, as systemd does.
pub(crate) fn parse(text: &str) -> Vec<(String, String)> {
    let mut assignments = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|character: char| character.is_ascii_whitespace());
        if rest.is_empty() {
            return assignments;
        }
        if rest.starts_with(['#', ';']) {
            rest = after_comment(rest);
            continue;
        }
        let line_end = rest.find('\n').unwrap_or(rest.len());
        let Some(equals) = rest[..line_end].find('=') else {
            rest = &rest[line_end..];
            continue;
        };
        let name = rest[..equals].trim().to_owned();
        let (value, after) = value(&rest[equals + 1..]);
        rest = after;
        if super::exec_line::is_name(&name) {
            assignments.push((name, value));
        }
    }
}

/// A comment goes to the end of its line; a backslash there continues it.
fn after_comment(text: &str) -> &str {
    let mut escaped = false;
    for (position, byte) in text.bytes().enumerate() {
        match byte {
            b'\n' if !escaped => return &text[position..],
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    ""
}

/// A value up to the end of its line, which quotes and backslashes can extend, and what follows.
fn value(text: &str) -> (String, &str) {
    let mut value = String::new();
    // Spaces at the end count only if something quoted or escaped protects them.
    let mut kept = 0;
    let mut quote: Option<char> = None;
    let mut characters = text.char_indices();
    while let Some((position, character)) = characters.next() {
        match (quote, character) {
            (None, '\n') => {
                value.truncate(kept);
                return (value, &text[position..]);
            }
            (None, '\'' | '"') => {
                quote = Some(character);
                kept = value.len();
            }
            (Some(open), _) if open == character => {
                quote = None;
                kept = value.len();
            }
            (None, '\\') => {
                if let Some((_, next)) = characters.next()
                    && next != '\n'
                {
                    value.push(next);
                }
                kept = value.len();
            }
            (Some('"'), '\\') => {
                match characters.next() {
                    Some((_, '\n')) | None => {}
                    Some((_, next @ ('"' | '\\' | '$' | '`'))) => value.push(next),
                    Some((_, next)) => value.extend(['\\', next]),
                }
                kept = value.len();
            }
            (None, blank) if blank.is_ascii_whitespace() => {
                if !value.is_empty() {
                    value.push(blank);
                }
            }
            (_, other) => {
                value.push(other);
                kept = value.len();
            }
        }
    }
    value.truncate(kept);
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> String {
        let mut assignments = parse(text);
        assert_eq!(assignments.len(), 1, "{assignments:?}");
        assignments.remove(0).1
    }

    #[test]
    fn comments_blank_lines_and_nonsense_are_skipped() {
        let text = "# A=1\n\n; B=2\nnonsense\nC=3\n1D=4\n";
        assert_eq!(parse(text), [("C".to_owned(), "3".to_owned())]);
    }

    #[test]
    fn quotes_protect_spaces_and_line_ends() {
        assert_eq!(one("A= two words  \n"), "two words");
        assert_eq!(one("A=\" x \"\n"), " x ");
        assert_eq!(one("A='first\nsecond'\n"), "first\nsecond");
        assert_eq!(one("A=one\\\n two\n"), "one two");
    }

    #[test]
    fn escapes_differ_by_quote() {
        assert_eq!(one(r"A=a\ b\\"), r"a b\");
        assert_eq!(one(r#"A="\" \d \\""#), r#"" \d \"#);
        assert_eq!(one(r"A='\n'"), r"\n");
    }

    #[test]
    fn nothing_expands() {
        assert_eq!(one("A=$HOME ${B}"), "$HOME ${B}");
    }
}
