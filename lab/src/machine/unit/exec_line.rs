//! One `Exec…=` line: prefixes, words, and the variables that expand only when the command starts.

use std::collections::BTreeMap;

use super::specifiers::Specifiers;
use super::words::{self, Word};

/// A command of a unit, specifiers already replaced, variables not yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExecCommand {
    /// The program: an absolute path or a bare name to look up.
    pub(crate) program: String,
    /// All arguments including the zeroth.
    pub(crate) arguments: Vec<String>,
    /// `-`: an unsuccessful exit counts as success.
    pub(crate) ignore_failure: bool,
    /// Unless `:`: `$NAME` and `${NAME}` expand.
    pub(crate) expand_variables: bool,
    /// `+` or `!`: `User=` and `Group=` do not apply.
    pub(crate) privileged: bool,
}

/// The commands of one line; more than one only when words `;` separate them.
pub(crate) fn parse(value: &str, specifiers: &Specifiers<'_>) -> Result<Vec<ExecCommand>, String> {
    let words = words::split_marked(value).map_err(|error| error.to_string())?;
    words
        .split(|word| word.plain && word.text == ";")
        .filter(|command| !command.is_empty())
        .map(|command| parse_one(command, value, specifiers))
        .collect()
}

fn parse_one(
    words: &[Word],
    line: &str,
    specifiers: &Specifiers<'_>,
) -> Result<ExecCommand, String> {
    let mut words = words.iter().map(|word| match word.text.as_str() {
        "\\;" => ";",
        text => text,
    });
    let mut program = words.next().unwrap_or_default();
    let mut command = ExecCommand {
        program: String::new(),
        arguments: Vec::new(),
        ignore_failure: false,
        expand_variables: true,
        privileged: false,
    };
    let mut own_zeroth = false;
    loop {
        match program.chars().next() {
            Some('-') => command.ignore_failure = true,
            Some('@') => own_zeroth = true,
            Some(':') => command.expand_variables = false,
            Some('+' | '!') => command.privileged = true,
            _ => break,
        }
        program = &program[1..];
    }
    let expand = |word: &str| {
        specifiers
            .expand(word)
            .map_err(|error| format!("Failed to resolve unit specifiers in '{word}': {error}"))
    };
    command.program = expand(program)?;
    if command.program.is_empty() {
        return Err(format!("Empty path in command line: {line}"));
    }
    if command.program.contains('/') && !command.program.starts_with('/') {
        return Err(format!(
            "Neither a valid executable name nor an absolute path: {}",
            command.program
        ));
    }
    if own_zeroth {
        let Some(zeroth) = words.next() else {
            return Err(format!("No argument zero for '@' in command line: {line}"));
        };
        command.arguments.push(expand(zeroth)?);
    } else {
        command.arguments.push(command.program.clone());
    }
    for word in words {
        command.arguments.push(expand(word)?);
    }
    Ok(command)
}

/// The arguments with variables replaced, and the names of those that were not set (they count as empty).
///
/// `${NAME}` anywhere in a word becomes its value; a whole word `$NAME` becomes as many words as its value
/// has; `$$` is a dollar sign; `$NAME` inside a longer word stays as it is.
pub(crate) fn expand_variables(
    arguments: &[String],
    environment: &BTreeMap<String, String>,
) -> (Vec<String>, Vec<String>) {
    let mut expanded = Vec::with_capacity(arguments.len());
    let mut unset = Vec::new();
    let mut lookup = |name: &str| {
        environment.get(name).cloned().unwrap_or_else(|| {
            unset.push(name.to_owned());
            String::new()
        })
    };
    for (position, argument) in arguments.iter().enumerate() {
        match argument
            .strip_prefix('$')
            .filter(|name| position > 0 && is_name(name))
        {
            Some(name) => {
                let value = lookup(name);
                match words::split(&value) {
                    Ok(words) => expanded.extend(words),
                    Err(_) => expanded.extend(value.split_whitespace().map(str::to_owned)),
                }
            }
            None if position == 0 => expanded.push(argument.clone()),
            None => expanded.push(expand_braces(argument, &mut lookup)),
        }
    }
    (expanded, unset)
}

fn expand_braces(word: &str, lookup: &mut impl FnMut(&str) -> String) -> String {
    let mut expanded = String::with_capacity(word.len());
    let mut rest = word;
    while let Some(position) = rest.find('$') {
        expanded.push_str(&rest[..position]);
        let after = &rest[position + 1..];
        let braced = after
            .strip_prefix('{')
            .and_then(|tail| tail.split_once('}'))
            .filter(|(name, _)| is_name(name));
        if let Some((name, tail)) = braced {
            expanded.push_str(&lookup(name));
            rest = tail;
        } else {
            expanded.push('$');
            rest = after.strip_prefix('$').unwrap_or(after);
        }
    }
    expanded.push_str(rest);
    expanded
}

/// Whether `name` can be the name of an environment variable.
pub(crate) fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::layout::Layout;
    use crate::machine::unit::name::UnitName;

    fn parse_line(line: &str) -> Result<Vec<ExecCommand>, String> {
        let name = UnitName::parse("a@x.service").unwrap();
        let layout = Layout::new("/m".into());
        parse(
            line,
            &Specifiers {
                name: &name,
                layout: &layout,
                hostname: "h",
            },
        )
    }

    fn one(line: &str) -> ExecCommand {
        let mut commands = parse_line(line).unwrap();
        assert_eq!(commands.len(), 1);
        commands.remove(0)
    }

    #[test]
    fn prefixes_combine_in_any_order() {
        let command = one("-+:@/bin/sh my-shell -c %i");
        assert!(command.ignore_failure && command.privileged && !command.expand_variables);
        assert_eq!(command.program, "/bin/sh");
        assert_eq!(command.arguments, ["my-shell", "-c", "x"]);
    }

    #[test]
    fn a_semicolon_word_separates_commands_and_an_escaped_one_does_not() {
        let commands = parse_line("/bin/a 1 ; -/bin/b \\; 2").unwrap();
        assert_eq!(commands.len(), 2);
        assert_eq!(commands[1].arguments, ["/bin/b", ";", "2"]);
        assert!(commands[1].ignore_failure && !commands[0].ignore_failure);
    }

    #[test]
    fn a_relative_path_is_refused_and_a_bare_name_is_not() {
        assert_eq!(
            parse_line("bin/a").unwrap_err(),
            "Neither a valid executable name nor an absolute path: bin/a"
        );
        assert_eq!(one("true").program, "true");
    }

    #[test]
    fn an_open_quote_costs_the_line() {
        assert_eq!(
            parse_line("/bin/sh -c 'x").unwrap_err(),
            "Unbalanced quoting, ignoring: \"/bin/sh -c 'x\""
        );
    }

    #[test]
    fn variables_expand_by_form() {
        let environment = BTreeMap::from([
            ("OPTS".to_owned(), "-a 'b c'".to_owned()),
            ("NAME".to_owned(), "two words".to_owned()),
        ]);
        let arguments: Vec<String> = ["$OPTS", "$OPTS", "x${NAME}y", "p$NAME", "$$NAME", "${GONE}"]
            .map(str::to_owned)
            .to_vec();
        let (expanded, unset) = expand_variables(&arguments, &environment);
        assert_eq!(
            expanded,
            ["$OPTS", "-a", "b c", "xtwo wordsy", "p$NAME", "$NAME", ""]
        );
        assert_eq!(unset, ["GONE"]);
    }

    #[test]
    fn an_unset_variable_as_a_word_is_no_word() {
        let arguments = ["/bin/a".to_owned(), "$GONE".to_owned(), "z".to_owned()];
        let (expanded, _) = expand_variables(&arguments, &BTreeMap::new());
        assert_eq!(expanded, ["/bin/a", "z"]);
    }
}
