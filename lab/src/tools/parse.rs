//! Arguments of hook tools: flags anywhere between the arguments, `--` ends them.

use super::ToolError;
use std::collections::HashMap;

/// A flag a tool understands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flag {
    pub long: &'static str,
    pub short: Option<char>,
    pub takes_value: bool,
}

pub(super) const fn switch(long: &'static str) -> Flag {
    Flag {
        long,
        short: None,
        takes_value: false,
    }
}

pub(super) const fn value(long: &'static str) -> Flag {
    Flag {
        long,
        short: None,
        takes_value: true,
    }
}

pub(super) const FORMAT: Flag = value("format");
pub(super) const OUTPUT: Flag = Flag {
    long: "output",
    short: Some('o'),
    takes_value: true,
};
pub(super) const RELATION: Flag = Flag {
    long: "relation",
    short: Some('r'),
    takes_value: true,
};
pub(super) const FILE: Flag = value("file");

/// Parsed arguments.
#[derive(Debug, Default)]
pub(super) struct Args {
    flags: HashMap<&'static str, String>,
    pub rest: Vec<String>,
    /// `--help` was given.
    pub help: bool,
}

impl Args {
    /// Value of a flag; the last one counts.
    pub(super) fn get(&self, long: &str) -> Option<&str> {
        self.flags.get(long).map(String::as_str)
    }

    /// Whether a switch is on; `--switch=false` turns it off.
    pub(super) fn has(&self, long: &str) -> bool {
        self.flags
            .get(long)
            .and_then(|text| boolean(text))
            .unwrap_or(false)
    }

    /// Refuses more than `most` arguments.
    pub(super) fn at_most(&self, most: usize) -> Result<(), ToolError> {
        if self.rest.len() > most {
            let extra: Vec<String> = self.rest[most..]
                .iter()
                .map(|arg| format!("\"{arg}\""))
                .collect();
            return Err(ToolError::usage(format!(
                "unrecognized args: [{}]",
                extra.join(" ")
            )));
        }
        Ok(())
    }
}

/// Splits arguments into flags and the rest.
pub(super) fn parse(args: &[String], known: &[Flag]) -> Result<Args, ToolError> {
    let mut parsed = Args::default();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if arg == "--" {
            parsed.rest.extend(args.cloned());
            break;
        }
        if arg == "--help" || arg == "-h" {
            parsed.help = true;
        } else if let Some(body) = arg.strip_prefix("--") {
            let (name, inline) = body
                .split_once('=')
                .map_or((body, None), |(name, value)| (name, Some(value)));
            let flag = known
                .iter()
                .find(|flag| flag.long == name)
                .ok_or_else(|| undefined(&format!("--{name}")))?;
            if let (false, Some(text)) = (flag.takes_value, inline)
                && boolean(text).is_none()
            {
                return Err(ToolError::usage(format!(
                    "invalid value \"{text}\" for option --{name}: strconv.ParseBool: parsing \"{text}\": invalid syntax"
                )));
            }
            let value = match (flag.takes_value, inline) {
                (_, Some(value)) => value.to_owned(),
                (false, None) => "true".to_owned(),
                (true, None) => args
                    .next()
                    .cloned()
                    .ok_or_else(|| missing(&format!("--{name}")))?,
            };
            parsed.flags.insert(flag.long, value);
        } else if let Some(letter) = arg.strip_prefix('-').and_then(|body| body.chars().next()) {
            let flag = known
                .iter()
                .find(|flag| flag.short == Some(letter))
                .ok_or_else(|| undefined(&format!("-{letter}")))?;
            let inline = &arg[1 + letter.len_utf8()..];
            let value = match (flag.takes_value, inline.is_empty()) {
                (true, false) => inline.strip_prefix('=').unwrap_or(inline).to_owned(),
                (true, true) => args
                    .next()
                    .cloned()
                    .ok_or_else(|| missing(&format!("-{letter}")))?,
                (false, true) => "true".to_owned(),
                (false, false) => return Err(undefined(arg)),
            };
            parsed.flags.insert(flag.long, value);
        } else {
            parsed.rest.push(arg.clone());
        }
    }
    Ok(parsed)
}

/// The spellings that Go reads as a boolean; Python charms write `False`.
fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

fn undefined(flag: &str) -> ToolError {
    ToolError::usage(format!("option provided but not defined: {flag}"))
}

fn missing(flag: &str) -> ToolError {
    ToolError::usage(format!("option needs an argument: {flag}"))
}

/// Splits `key=value`.
pub(super) fn pair(arg: &str) -> Result<(&str, &str), ToolError> {
    match arg.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key, value)),
        _ => Err(ToolError::usage(format!(
            "expected \"key=value\", got \"{arg}\""
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &[&str]) -> Result<Args, ToolError> {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        parse(&args, &[FORMAT, RELATION, switch("app")])
    }

    #[test]
    fn flags_may_stand_between_arguments_and_end_at_two_dashes() {
        let args = parsed(&[
            "key",
            "-r",
            "db:5",
            "--format=json",
            "unit/0",
            "--",
            "--app",
        ])
        .unwrap();
        assert_eq!(args.rest, ["key", "unit/0", "--app"]);
        assert_eq!(
            (args.get("relation"), args.get("format")),
            (Some("db:5"), Some("json"))
        );
        assert!(!args.has("app"));
    }

    #[test]
    fn a_switch_can_be_turned_off_in_every_spelling_of_go() {
        for (text, on) in [
            ("--app", true),
            ("--app=True", true),
            ("--app=False", false),
            ("--app=0", false),
        ] {
            assert_eq!(parsed(&[text]).unwrap().has("app"), on, "{text}");
        }
        assert!(parsed(&["--app=no"]).is_err());
    }

    #[test]
    fn a_lone_dash_is_an_argument() {
        assert_eq!(parsed(&["-", "unit/0"]).unwrap().rest, ["-", "unit/0"]);
    }

    #[test]
    fn an_unknown_flag_is_a_usage_error() {
        let error = ToolError::Usage("option provided but not defined: --colour".into());
        assert_eq!(parsed(&["--colour"]).unwrap_err(), error);
    }
}
