//! Command lines in the GNU manner: options and words in any order, `--name=value` or `--name value`,
//! short options with their value attached or not, `--` before words that look like options.

use super::Stop;

/// The options of one program.
pub(super) struct Syntax {
    pub(super) program: &'static str,
    /// Short letter (or a space), long name, and whether a value follows.
    pub(super) options: &'static [(char, &'static str, bool)],
    /// The first word ends the options: what follows is a command with options of its own.
    pub(super) words_end_options: bool,
}

pub(super) struct Parsed {
    options: Vec<(&'static str, String)>,
    pub(super) words: Vec<String>,
}

impl Parsed {
    pub(super) fn has(&self, name: &str) -> bool {
        self.options.iter().any(|(known, _)| *known == name)
    }

    /// The last value given.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.values(name).last()
    }

    pub(super) fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.options
            .iter()
            .filter(move |(known, _)| *known == name)
            .map(|(_, value)| value.as_str())
    }
}

pub(super) fn parse(syntax: &Syntax, args: &[String]) -> Result<Parsed, Stop> {
    let mut parsed = Parsed {
        options: Vec::new(),
        words: Vec::new(),
    };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if arg == "--" {
            parsed.words.extend(args.cloned());
            break;
        }
        if let Some(long) = arg.strip_prefix("--") {
            let (name, attached) = match long.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (long, None),
            };
            let (known, takes_value) = syntax
                .options
                .iter()
                .find(|(_, known, _)| *known == name)
                .map(|(_, known, takes_value)| (*known, *takes_value))
                .ok_or_else(|| syntax.error(&format!("unrecognized option '--{name}'")))?;
            let value = match (takes_value, attached) {
                (true, Some(value)) => value,
                (true, None) => args.next().cloned().ok_or_else(|| {
                    syntax.error(&format!("option '--{name}' requires an argument"))
                })?,
                (false, Some(_)) => {
                    return Err(
                        syntax.error(&format!("option '--{name}' doesn't allow an argument"))
                    );
                }
                (false, None) => String::new(),
            };
            parsed.options.push((known, value));
        } else if arg.len() > 1 && arg.starts_with('-') {
            short(syntax, arg, &mut args, &mut parsed)?;
        } else {
            parsed.words.push(arg.clone());
            if syntax.words_end_options {
                parsed.words.extend(args.cloned());
                break;
            }
        }
    }
    Ok(parsed)
}

fn short(
    syntax: &Syntax,
    arg: &str,
    args: &mut std::slice::Iter<'_, String>,
    parsed: &mut Parsed,
) -> Result<(), Stop> {
    for (position, letter) in arg.char_indices().skip(1) {
        let (known, takes_value) = syntax
            .options
            .iter()
            .find(|(short, _, _)| *short == letter && letter != ' ')
            .map(|(_, known, takes_value)| (*known, *takes_value))
            .ok_or_else(|| syntax.error(&format!("invalid option -- '{letter}'")))?;
        if !takes_value {
            parsed.options.push((known, String::new()));
            continue;
        }
        let attached = &arg[position + letter.len_utf8()..];
        let value = if attached.is_empty() {
            args.next().cloned().ok_or_else(|| {
                syntax.error(&format!("option requires an argument -- '{letter}'"))
            })?
        } else {
            attached.to_owned()
        };
        parsed.options.push((known, value));
        break;
    }
    Ok(())
}

impl Syntax {
    fn error(&self, text: &str) -> Stop {
        Stop::new(1, format!("{}: {text}", self.program))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SYNTAX: Syntax = Syntax {
        program: "tool",
        options: &[
            ('q', "quiet", false),
            ('p', "property", true),
            (' ', "no-block", false),
        ],
        words_end_options: false,
    };

    fn args(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn options_and_words_mix() {
        let parsed = parse(
            &SYNTAX,
            &args("show a -qpMainPID --property Result --no-block -- -x"),
        )
        .unwrap();
        assert_eq!(parsed.words, ["show", "a", "-x"]);
        assert!(parsed.has("quiet") && parsed.has("no-block"));
        assert_eq!(
            parsed.values("property").collect::<Vec<_>>(),
            ["MainPID", "Result"]
        );
    }

    #[test]
    fn a_command_keeps_its_own_options() {
        let syntax = Syntax {
            words_end_options: true,
            ..SYNTAX
        };
        let parsed = parse(&syntax, &args("-q sleep -p 5")).unwrap();
        assert_eq!(parsed.words, ["sleep", "-p", "5"]);
    }

    #[test]
    fn mistakes_are_named() {
        let message = |line| parse(&SYNTAX, &args(line)).err().unwrap().message.unwrap();
        assert_eq!(message("--loud"), "tool: unrecognized option '--loud'");
        assert_eq!(message("-p"), "tool: option requires an argument -- 'p'");
        assert_eq!(
            message("--quiet=1"),
            "tool: option '--quiet' doesn't allow an argument"
        );
    }
}
