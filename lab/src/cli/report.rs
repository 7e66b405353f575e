//! Ending a command: errors on standard error in Juju's form, and the exit status.

use std::io::Write as _;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::failure::CliError;

const USAGE: u8 = 2;

pub(crate) fn exit_code(result: Result<(), CliError>) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    let is_silent = matches!(error, CliError::Exit(_)) || error.is_broken_pipe();
    if !is_silent {
        let _ = writeln!(std::io::stderr(), "ERROR {error}");
    }
    ExitCode::from(error.exit_code())
}

/// A command line that could not be read, or a request for help.
pub(crate) fn parse_error(error: &clap::Error) -> ExitCode {
    let asks_for_help = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if !error.use_stderr() || asks_for_help {
        let _ = write!(std::io::stdout(), "{}", error.render());
        return ExitCode::SUCCESS;
    }
    let _ = writeln!(std::io::stderr(), "ERROR {}", sentence(error));
    ExitCode::from(USAGE)
}

fn sentence(error: &clap::Error) -> String {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    let argument = context(ContextKind::InvalidArg).unwrap_or_default();
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let name = context(ContextKind::InvalidSubcommand).unwrap_or_default();
            format!("juju: {name:?} is not a juju command. See \"juju --help\".")
        }
        ErrorKind::UnknownArgument if argument.starts_with('-') => {
            format!("option provided but not defined: {argument}")
        }
        ErrorKind::UnknownArgument => format!("unrecognized args: [{argument:?}]"),
        ErrorKind::MissingRequiredArgument => format!("missing {argument}"),
        ErrorKind::InvalidValue if context(ContextKind::ValidValue).is_some() => {
            let value = context(ContextKind::InvalidValue).unwrap_or_default();
            let option = option_name(&argument);
            let valid = context(ContextKind::ValidValue).unwrap_or_default();
            if value.is_empty() {
                format!("option needs an argument: {option}")
            } else {
                format!(
                    "invalid value {value:?} for option {option}: unknown value, expected one of {valid}"
                )
            }
        }
        ErrorKind::InvalidValue => format!("option needs an argument: {}", option_name(&argument)),
        ErrorKind::ValueValidation => {
            let value = context(ContextKind::InvalidValue).unwrap_or_default();
            let reason = std::error::Error::source(error)
                .map(ToString::to_string)
                .unwrap_or_default();
            format!(
                "invalid value {value:?} for option {}: {reason}",
                option_name(&argument)
            )
        }
        _ => {
            let text = error.render().to_string();
            let text = text.strip_prefix("error: ").unwrap_or(&text);
            text.split("\n\nUsage:")
                .next()
                .unwrap_or(text)
                .trim_end()
                .to_owned()
        }
    }
}

/// `--wait <DURATION>` is `--wait`.
fn option_name(argument: &str) -> &str {
    argument.split([' ', '=', '[']).next().unwrap_or(argument)
}

#[cfg(test)]
mod tests {
    use super::super::command::Juju;
    use super::*;
    use clap::Parser;

    fn told(line: &str) -> String {
        let words = std::iter::once("juju").chain(line.split_whitespace());
        sentence(&Juju::try_parse_from(words).unwrap_err())
    }

    #[test]
    fn a_command_line_that_cannot_be_read_is_refused_in_jujus_words() {
        let cases = [
            (
                "frobnicate",
                "juju: \"frobnicate\" is not a juju command. See \"juju --help\".",
            ),
            ("status --bogus", "option provided but not defined: --bogus"),
            ("switch a b", "unrecognized args: [\"b\"]"),
            ("deploy", "missing <CHARM>"),
            ("integrate a", "missing <SECOND>"),
            ("status --watch", "option needs an argument: --watch"),
            (
                "status --watch 5",
                "invalid value \"5\" for option --watch: time: missing unit in duration \"5\"",
            ),
            (
                "models --format xml",
                "invalid value \"xml\" for option --format: unknown value, expected one of tabular, yaml, json",
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(told(line), expected, "juju {line}");
        }
    }
}
