//! start, stop, restart, reload: what becomes of each job, in systemd's words.

use std::io::{self, Write};

use super::super::Stop;
use super::Systemctl;
use crate::machine::protocol::{Answer, JobReport, Outcome, Request, Verb};

impl Systemctl<'_> {
    pub(super) fn jobs(&self, verb: Verb, units: &[String]) -> Result<u8, Stop> {
        let answer = self.tool.ask(&Request::Job {
            verb,
            units: self.expand(units)?,
            wait: !self.options.has("no-block"),
        })?;
        let reports = match answer {
            Answer::Jobs(reports) => reports,
            Answer::Refused(cause) => {
                return Err(Stop::new(
                    4,
                    format!("Failed to {} {}: {cause}", verb.word(), units.join(" ")),
                ));
            }
            _ => Vec::new(),
        };
        let mut code = 0;
        for report in &reports {
            let (lines, unit_code) = describe(verb, report);
            if !self.quiet() || unit_code != 1 {
                for line in lines {
                    writeln!(io::stderr(), "{line}")?;
                }
            }
            if code == 0 {
                code = unit_code;
            }
        }
        Ok(code)
    }
}

/// What to print about a job, and its exit code.
pub(in crate::machine::tool) fn describe(verb: Verb, report: &JobReport) -> (Vec<String>, u8) {
    let unit = &report.unit;
    let mut lines = Vec::new();
    if report.stale {
        lines.push(format!(
            "Warning: The unit file, source configuration file or drop-ins of {unit} changed on disk. Run 'systemctl daemon-reload' to reload units."
        ));
    }
    let failed = |cause: String| format!("Failed to {} {unit}: {cause}", verb.word());
    let code = match &report.outcome {
        Outcome::Done | Outcome::Queued => 0,
        Outcome::Failed(result) => {
            lines.push(match explanation(result) {
                Some(cause) => format!("Job for {unit} failed because {cause}."),
                None => format!("Job for {unit} failed."),
            });
            lines.push(format!(
                "See \"systemctl status {unit}\" and \"journalctl -xeu {unit}\" for details."
            ));
            if result == "start-limit-hit" {
                lines.push(format!(
                    "To force a start use \"systemctl reset-failed {unit}\""
                ));
                lines.push(format!("followed by \"systemctl start {unit}\" again."));
            }
            1
        }
        Outcome::Dependency => {
            lines.push(format!(
                "A dependency job for {unit} failed. See 'journalctl -xe' for details."
            ));
            1
        }
        Outcome::Canceled => {
            lines.push(format!("Job for {unit} canceled."));
            1
        }
        Outcome::NotActive => {
            lines.push(format!("{unit} is not active, cannot reload."));
            1
        }
        Outcome::Assert => {
            lines.push(format!("Assertion failed on job for {unit}."));
            1
        }
        Outcome::Inapplicable => {
            lines.push(failed(format!(
                "Job type reload is not applicable for unit {unit}."
            )));
            1
        }
        Outcome::InvalidName => {
            lines.push(failed(format!("Unit name {unit} is not valid.")));
            1
        }
        Outcome::Unsupported => {
            lines.push(failed(format!(
                "Operation is not supported by unit type of {unit} on this machine."
            )));
            1
        }
        Outcome::NotFound(name) => {
            lines.push(failed(format!("Unit {name} not found.")));
            5
        }
        Outcome::NotLoaded => {
            lines.push(failed(format!("Unit {unit} not loaded.")));
            5
        }
        Outcome::Masked(name) => {
            lines.push(failed(format!("Unit {name} is masked.")));
            1
        }
        Outcome::BadSetting(name) => {
            lines.push(failed(format!("Unit {name} has a bad unit file setting.")));
            lines.push(format!(
                "See system logs and 'systemctl status {name}' for details."
            ));
            1
        }
    };
    (lines, code)
}

fn explanation(result: &str) -> Option<&'static str> {
    Some(match result {
        "resources" => "of unavailable resources or another system error",
        "protocol" => "the service did not take the steps required by its unit configuration",
        "timeout" => "a timeout was exceeded",
        "exit-code" => "the control process exited with error code",
        "signal" => "a fatal signal was delivered to the control process",
        "core-dump" => "a fatal signal was delivered causing the control process to dump core",
        "start-limit-hit" => "start of the service was attempted too often",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(outcome: Outcome) -> JobReport {
        JobReport {
            unit: "x.service".to_owned(),
            outcome,
            stale: false,
        }
    }

    #[test]
    fn a_failed_start_says_why_and_where_to_look() {
        let (lines, code) = describe(Verb::Start, &report(Outcome::Failed("exit-code".into())));
        assert_eq!(code, 1);
        assert_eq!(
            lines,
            [
                "Job for x.service failed because the control process exited with error code.",
                "See \"systemctl status x.service\" and \"journalctl -xeu x.service\" for details.",
            ]
        );
    }

    #[test]
    fn an_unknown_unit_is_five() {
        use crate::machine::unit::name::UnitName;
        let name = UnitName::parse("x.service").unwrap();
        assert_eq!(
            describe(Verb::Restart, &report(Outcome::NotFound(name))),
            (
                vec!["Failed to restart x.service: Unit x.service not found.".to_owned()],
                5
            )
        );
        assert_eq!(
            describe(Verb::Stop, &report(Outcome::NotLoaded)),
            (
                vec!["Failed to stop x.service: Unit x.service not loaded.".to_owned()],
                5
            )
        );
    }
}
