//! `systemd-run`: a command as a unit of its own.

use std::env;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::Path;

use super::options::{self, Parsed, Syntax};
use super::systemctl::describe_job;
use super::{Stop, Tool, no_bus};
use crate::machine::client;
use crate::machine::protocol::{
    Answer, JobReport, Outcome, Request, TransientReport, TransientUnit, Verb, Wait,
};
use crate::machine::unit::name::UnitName;
use crate::machine::unit::timespan;

const SYNTAX: Syntax = Syntax {
    program: "systemd-run",
    options: &[
        ('d', "same-dir", false),
        ('E', "setenv", true),
        ('G', "collect", false),
        ('P', "pipe", false),
        ('p', "property", true),
        ('q', "quiet", false),
        ('r', "remain-after-exit", false),
        ('u', "unit", true),
        (' ', "description", true),
        (' ', "expand-environment", true),
        (' ', "gid", true),
        (' ', "nice", true),
        (' ', "no-ask-password", false),
        (' ', "no-block", false),
        (' ', "no-pager", false),
        (' ', "service-type", true),
        (' ', "slice", true),
        (' ', "system", false),
        (' ', "uid", true),
        (' ', "wait", false),
        (' ', "working-directory", true),
    ],
    words_end_options: true,
};

/// What systemd-run exits with when the command died by a signal.
const DIED: u8 = 255;

pub(super) fn run(tool: &Tool, args: &[String]) -> Result<u8, Stop> {
    let parsed = options::parse(&SYNTAX, args)?;
    let Some((program, arguments)) = parsed.words.split_first() else {
        return Err(Stop::new(1, "Command line to execute required."));
    };
    let waits = parsed.has("wait") || parsed.has("pipe");
    if waits && parsed.has("no-block") {
        return Err(Stop::new(1, "--wait may not be combined with --no-block."));
    }
    let program = find(program)?;
    let unit = match parsed.value("unit") {
        Some(name) => name.to_owned(),
        None => format!("run-r{}", crate::machine::init::fresh_id()),
    };
    let unit = UnitName::from_argument(&unit)
        .filter(UnitName::is_service)
        .ok_or_else(|| Stop::new(1, format!("Failed to mangle unit name: {unit}")))?;
    let text = unit_text(&parsed, &program, arguments)?;
    let request = Request::Transient(TransientUnit {
        unit: unit.as_str().to_owned(),
        text,
        collect: parsed.has("collect"),
        streams: parsed.has("pipe"),
        wait: if waits {
            Wait::Ended
        } else if parsed.has("no-block") {
            Wait::No
        } else {
            Wait::Started
        },
    });
    let (stdin, stdout, stderr) = (io::stdin(), io::stdout(), io::stderr());
    let streams = [stdin.as_fd(), stdout.as_fd(), stderr.as_fd()];
    let streams = if parsed.has("pipe") {
        &streams[..]
    } else {
        &[]
    };
    let mut answers =
        client::converse(&tool.layout, &request, streams).map_err(|error| no_bus(&error))?;
    let started = report(answers.next())?;
    if !parsed.has("quiet") {
        writeln!(io::stderr(), "Running as unit: {unit}")?;
    }
    if waits
        && matches!(
            started.outcome,
            Outcome::Done | Outcome::Failed(_) | Outcome::Canceled
        )
    {
        return ended(&report(answers.next())?, parsed.has("quiet"));
    }
    let (lines, code) = describe_job(
        Verb::Start,
        &JobReport {
            unit: unit.as_str().to_owned(),
            outcome: started.outcome,
            stale: false,
        },
    );
    for line in lines {
        writeln!(io::stderr(), "{line}")?;
    }
    Ok(code)
}

fn report(answer: Option<io::Result<Answer>>) -> Result<TransientReport, Stop> {
    match answer {
        Some(Ok(Answer::Transient(report))) => Ok(report),
        Some(Ok(Answer::Refused(cause))) => Err(Stop::new(
            1,
            format!("Failed to start transient service unit: {cause}"),
        )),
        Some(Err(error)) => Err(no_bus(&error)),
        _ => Err(Stop::new(1, "Connection to the machine's init was lost.")),
    }
}

/// Says how the unit ended; the exit code is that of its command.
fn ended(report: &TransientReport, quiet: bool) -> Result<u8, Stop> {
    if !quiet {
        let mut err = io::stderr().lock();
        writeln!(err, "Finished with result: {}", report.result)?;
        writeln!(
            err,
            "Main processes terminated with: code={}/status={}",
            report.exit_kind, report.exit_number
        )?;
        let runtime = std::time::Duration::from_micros(report.runtime_micros);
        writeln!(err, "Service runtime: {}", timespan::format(Some(runtime)))?;
    }
    Ok(match report.result.as_str() {
        "success" => 0,
        "exit-code" => u8::try_from(report.exit_number).unwrap_or(1),
        "signal" | "core-dump" => DIED,
        _ => 1,
    })
}

/// The program by its full path, looked up as the caller's shell would.
fn find(program: &str) -> Result<String, Stop> {
    if program.contains('/') {
        let path = Path::new(program);
        let absolute = if path.is_absolute() {
            path.to_owned()
        } else {
            env::current_dir()?.join(path)
        };
        if absolute.is_file() {
            return Ok(absolute.display().to_string());
        }
    } else {
        let search = env::var("PATH").unwrap_or_default();
        let found = search
            .split(':')
            .map(|directory| Path::new(directory).join(program))
            .find(|path| path.is_file());
        if let Some(path) = found {
            return Ok(path.display().to_string());
        }
    }
    Err(Stop::new(
        1,
        format!("Failed to find executable {program}: No such file or directory"),
    ))
}

/// The unit file that says what the command line says.
fn unit_text(parsed: &Parsed, program: &str, arguments: &[String]) -> Result<String, Stop> {
    let mut unit = Vec::new();
    let mut service = Vec::new();
    let words: Vec<&str> = std::iter::once(program)
        .chain(arguments.iter().map(String::as_str))
        .collect();
    let description = match parsed.value("description") {
        Some(description) => description.to_owned(),
        None => words.join(" "),
    };
    unit.push(("Description", escape_specifiers(&one_line(&description))));
    let command: Vec<String> = words.iter().map(|word| quote(word)).collect();
    let prefix = match parsed.value("expand-environment") {
        Some("no" | "false" | "0" | "off") => ":",
        _ => "",
    };
    service.push(("ExecStart", format!("{prefix}{}", command.join(" "))));
    for (option, key) in [
        ("uid", "User"),
        ("gid", "Group"),
        ("nice", "Nice"),
        ("service-type", "Type"),
        ("working-directory", "WorkingDirectory"),
    ] {
        if let Some(value) = parsed.value(option) {
            service.push((key, value.to_owned()));
        }
    }
    if parsed.has("same-dir") {
        service.push((
            "WorkingDirectory",
            env::current_dir()?.display().to_string(),
        ));
    }
    if parsed.has("remain-after-exit") {
        service.push(("RemainAfterExit", "yes".to_owned()));
    }
    for variable in parsed.values("setenv") {
        let assignment = match variable.split_once('=') {
            Some(_) => variable.to_owned(),
            // A bare name hands on the caller's value.
            None => match env::var(variable) {
                Ok(value) => format!("{variable}={value}"),
                Err(_) => continue,
            },
        };
        service.push(("Environment", quote(&assignment)));
    }
    for property in parsed.values("property") {
        let (key, value) = property
            .split_once('=')
            .ok_or_else(|| Stop::new(1, format!("Not an assignment: {property}")))?;
        if is_unit_key(key) {
            unit.push((key, one_line(value)));
        } else {
            service.push((key, one_line(value)));
        }
    }
    let lines = |assignments: &[(&str, String)]| {
        let lines: Vec<String> = assignments
            .iter()
            .map(|(key, value)| format!("{key}={value}\n"))
            .collect();
        lines.concat()
    };
    Ok(format!(
        "# This is a transient unit file, created for systemd-run. Do not edit.\n[Unit]\n{}\n[Service]\n{}",
        lines(&unit),
        lines(&service)
    ))
}

fn is_unit_key(key: &str) -> bool {
    matches!(
        key,
        "Description"
            | "After"
            | "Before"
            | "Requires"
            | "Requisite"
            | "Wants"
            | "BindsTo"
            | "PartOf"
            | "Conflicts"
            | "StartLimitIntervalSec"
            | "StartLimitInterval"
            | "StartLimitBurst"
            | "CollectMode"
            | "DefaultDependencies"
    ) || key.starts_with("Condition")
        || key.starts_with("Assert")
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

fn escape_specifiers(text: &str) -> String {
    text.replace('%', "%%")
}

/// `text` as one quoted word of a unit file.
fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '%' => quoted.push_str("%%"),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::unit::words;

    #[test]
    fn a_quoted_word_reads_back_as_itself() {
        for text in [
            "",
            "a b",
            "it's \"x\"",
            "back\\slash",
            "two\nlines",
            "tab\t",
            "é",
        ] {
            assert_eq!(words::split(&quote(text)).unwrap(), [text]);
        }
        assert_eq!(words::split(&quote("100%")).unwrap(), ["100%%"]);
    }

    #[test]
    fn properties_go_to_their_sections() {
        let args: Vec<String> = [
            "-p",
            "KillMode=process",
            "-p",
            "After=a.service",
            "--uid=postgres",
            "-E",
            "A=1 2",
            "cmd",
        ]
        .map(str::to_owned)
        .to_vec();
        let parsed = options::parse(&SYNTAX, &args).unwrap();
        let text = unit_text(&parsed, "/bin/cmd", &["-x".to_owned()]).unwrap();
        assert_eq!(
            text.lines().skip(1).collect::<Vec<_>>(),
            [
                "[Unit]",
                "Description=/bin/cmd -x",
                "After=a.service",
                "",
                "[Service]",
                "ExecStart=\"/bin/cmd\" \"-x\"",
                "User=postgres",
                "Environment=\"A=1 2\"",
                "KillMode=process",
            ]
        );
    }
}
