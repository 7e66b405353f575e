//! Signals and exit codes by the names systemd gives them.

use rustix::process::Signal;

const NAMES: &[(&str, Signal)] = &[
    ("HUP", Signal::HUP),
    ("INT", Signal::INT),
    ("QUIT", Signal::QUIT),
    ("ILL", Signal::ILL),
    ("TRAP", Signal::TRAP),
    ("ABRT", Signal::ABORT),
    ("BUS", Signal::BUS),
    ("FPE", Signal::FPE),
    ("KILL", Signal::KILL),
    ("USR1", Signal::USR1),
    ("SEGV", Signal::SEGV),
    ("USR2", Signal::USR2),
    ("PIPE", Signal::PIPE),
    ("ALRM", Signal::ALARM),
    ("TERM", Signal::TERM),
    ("CHLD", Signal::CHILD),
    ("CONT", Signal::CONT),
    ("STOP", Signal::STOP),
    ("TSTP", Signal::TSTP),
    ("TTIN", Signal::TTIN),
    ("TTOU", Signal::TTOU),
    ("URG", Signal::URG),
    ("XCPU", Signal::XCPU),
    ("XFSZ", Signal::XFSZ),
    ("VTALRM", Signal::VTALARM),
    ("PROF", Signal::PROF),
    ("WINCH", Signal::WINCH),
    ("IO", Signal::IO),
    ("PWR", Signal::POWER),
    ("SYS", Signal::SYS),
];

/// `SIGTERM`, `TERM` or `15`.
pub(crate) fn parse(text: &str) -> Option<Signal> {
    let name = text.strip_prefix("SIG").unwrap_or(text);
    if let Some((_, signal)) = NAMES.iter().find(|(known, _)| *known == name) {
        return Some(*signal);
    }
    let number: i32 = text.parse().ok()?;
    NAMES
        .iter()
        .map(|(_, signal)| *signal)
        .find(|signal| signal.as_raw() == number)
}

/// `TERM` for 15; the number itself when it has no name here.
pub(crate) fn name(number: i32) -> String {
    NAMES
        .iter()
        .find(|(_, signal)| signal.as_raw() == number)
        .map_or_else(|| number.to_string(), |(name, _)| (*name).to_owned())
}

/// Exit codes of a process that never became the program it should be, with the cause as systemd names it.
const EXIT_CODES: &[(i32, &str)] = &[
    (0, "SUCCESS"),
    (1, "FAILURE"),
    (2, "INVALIDARGUMENT"),
    (3, "NOTIMPLEMENTED"),
    (4, "NOPERMISSION"),
    (5, "NOTINSTALLED"),
    (6, "NOTCONFIGURED"),
    (7, "NOTRUNNING"),
    (200, "CHDIR"),
    (201, "NICE"),
    (202, "FDS"),
    (203, "EXEC"),
    (204, "MEMORY"),
    (205, "LIMITS"),
    (208, "STDIN"),
    (209, "STDOUT"),
    (216, "GROUP"),
    (217, "USER"),
    (220, "SETSID"),
    (222, "STDERR"),
    (227, "NO_NEW_PRIVILEGES"),
    (233, "RUNTIME_DIRECTORY"),
    (238, "STATE_DIRECTORY"),
    (239, "CACHE_DIRECTORY"),
    (240, "LOGS_DIRECTORY"),
    (241, "CONFIGURATION_DIRECTORY"),
];

pub(crate) mod exit {
    pub(crate) const CHDIR: u8 = 200;
    pub(crate) const NICE: u8 = 201;
    pub(crate) const EXEC: u8 = 203;
    pub(crate) const MEMORY: u8 = 204;
    pub(crate) const LIMITS: u8 = 205;
    pub(crate) const STDIN: u8 = 208;
    pub(crate) const STDOUT: u8 = 209;
    pub(crate) const GROUP: u8 = 216;
    pub(crate) const USER: u8 = 217;
    pub(crate) const SETSID: u8 = 220;
    pub(crate) const STDERR: u8 = 222;
    pub(crate) const NO_NEW_PRIVILEGES: u8 = 227;
}

/// `EXEC` for 203; none for a code without a name.
pub(crate) fn exit_name(code: i32) -> Option<&'static str> {
    EXIT_CODES
        .iter()
        .find(|(known, _)| *known == code)
        .map(|(_, name)| *name)
}

pub(crate) fn exit_code_of_name(name: &str) -> Option<i32> {
    EXIT_CODES
        .iter()
        .find(|(_, known)| *known == name)
        .map(|(code, _)| *code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_may_be_written_three_ways() {
        for text in ["SIGTERM", "TERM", "15"] {
            assert_eq!(parse(text), Some(Signal::TERM), "{text}");
        }
        assert_eq!(parse("SIGNOTHING"), None);
        assert_eq!(parse("0"), None);
    }

    #[test]
    fn numbers_have_names_both_ways() {
        assert_eq!(name(9), "KILL");
        assert_eq!(exit_name(203), Some("EXEC"));
        assert_eq!(exit_code_of_name("EXEC"), Some(203));
        assert_eq!(exit_name(42), None);
    }
}
