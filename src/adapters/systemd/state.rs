//! What `systemctl show` says about a unit.

/// State of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitState {
    /// Whether there is a unit file.
    pub loaded: Loaded,
    /// Whether it runs.
    pub active: Active,
    /// The finer state, such as `running`, `exited` or `auto-restart`.
    pub sub: String,
    /// The process number of its main process, while there is one.
    pub main_pid: Option<u32>,
    /// `success`, or what ended it: `exit-code`, `signal`, `timeout`, `oom-kill`, …
    pub result: String,
    /// How its main process ended last; `None` when it never did.
    pub exec: Option<ExecResult>,
}

/// Whether there is a unit file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loaded {
    /// There is one.
    Loaded,
    /// There is none.
    NotFound,
    /// It was masked: nobody can start it.
    Masked,
    /// Another word of systemd's, such as `bad-setting` or `error`.
    Other(String),
}

/// Whether a unit runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Active {
    /// It runs.
    Active,
    /// It is on its way to run.
    Activating,
    /// It is on its way to end.
    Deactivating,
    /// It reads its configuration anew.
    Reloading,
    /// It does not run.
    Inactive,
    /// It ended with a failure.
    Failed,
    /// Another word of systemd's.
    Other(String),
}

/// How a main process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExecResult {
    /// It exited with this code.
    Exited(i32),
    /// This signal ended it.
    Killed(i32),
}

/// The properties [`parse`] reads.
pub(super) const PROPERTIES: [&str; 7] = [
    "LoadState",
    "ActiveState",
    "SubState",
    "MainPID",
    "Result",
    "ExecMainCode",
    "ExecMainStatus",
];

/// Reads `systemctl show`; the error is the property that is missing or strange.
pub(super) fn parse(text: &str) -> Result<UnitState, &'static str> {
    let value = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
    };
    let needed = |name: &'static str| value(name).filter(|value| !value.is_empty()).ok_or(name);
    let main_pid: u32 = value("MainPID")
        .unwrap_or("0")
        .parse()
        .map_err(|_| "MainPID")?;
    Ok(UnitState {
        loaded: match needed("LoadState")? {
            "loaded" => Loaded::Loaded,
            "not-found" => Loaded::NotFound,
            "masked" => Loaded::Masked,
            other => Loaded::Other(other.to_owned()),
        },
        active: match needed("ActiveState")? {
            "active" => Active::Active,
            "activating" => Active::Activating,
            "deactivating" => Active::Deactivating,
            "reloading" => Active::Reloading,
            "inactive" => Active::Inactive,
            "failed" => Active::Failed,
            other => Active::Other(other.to_owned()),
        },
        sub: value("SubState").unwrap_or_default().to_owned(),
        main_pid: (main_pid != 0).then_some(main_pid),
        result: value("Result").unwrap_or_default().to_owned(),
        exec: exec(value("ExecMainCode"), value("ExecMainStatus"))?,
    })
}

/// Reads `systemctl show` of several units: an empty line lies between them.
pub(super) fn parse_all(text: &str) -> Result<Vec<UnitState>, &'static str> {
    text.split("\n\n")
        .filter(|block| !block.trim().is_empty())
        .map(parse)
        .collect()
}

/// `ExecMainCode` is the code of `waitid` (CLD_EXITED 1, CLD_KILLED 2, CLD_DUMPED 3), 0 before the first end.
fn exec(code: Option<&str>, status: Option<&str>) -> Result<Option<ExecResult>, &'static str> {
    let status = || status.unwrap_or("0").parse().map_err(|_| "ExecMainStatus");
    match code.unwrap_or("0") {
        "0" | "" => Ok(None),
        "1" | "exited" => Ok(Some(ExecResult::Exited(status()?))),
        "2" | "3" | "killed" | "dumped" => Ok(Some(ExecResult::Killed(status()?))),
        _ => Err("ExecMainCode"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_service() {
        let text = "MainPID=812\nResult=success\nExecMainCode=0\nExecMainStatus=0\nLoadState=loaded\n\
            ActiveState=active\nSubState=running\n";
        assert_eq!(
            parse(text),
            Ok(UnitState {
                loaded: Loaded::Loaded,
                active: Active::Active,
                sub: "running".to_owned(),
                main_pid: Some(812),
                result: "success".to_owned(),
                exec: None,
            })
        );
    }

    #[test]
    fn a_service_that_failed_tells_how() {
        let text = "MainPID=0\nResult=exit-code\nExecMainCode=1\nExecMainStatus=37\nLoadState=loaded\n\
            ActiveState=failed\nSubState=failed\n";
        let state = parse(text).unwrap();
        assert_eq!(state.active, Active::Failed);
        assert_eq!(state.main_pid, None);
        assert_eq!(state.exec, Some(ExecResult::Exited(37)));
        let killed = parse(&text.replace("Code=1", "Code=2").replace("=37", "=9")).unwrap();
        assert_eq!(killed.exec, Some(ExecResult::Killed(9)));
    }

    #[test]
    fn a_unit_that_does_not_exist_is_not_found_and_inactive() {
        let text = "LoadState=not-found\nActiveState=inactive\nSubState=dead\nMainPID=0\n";
        let state = parse(text).unwrap();
        assert_eq!(
            (state.loaded, state.active),
            (Loaded::NotFound, Active::Inactive)
        );
    }

    #[test]
    fn several_units_are_told_apart() {
        let one = "LoadState=loaded\nActiveState=active\nSubState=running\nMainPID=7\n";
        let two = "LoadState=not-found\nActiveState=inactive\nSubState=dead\nMainPID=0\n";
        let states = parse_all(&format!("{one}\n{two}")).unwrap();
        let pids: Vec<Option<u32>> = states.iter().map(|state| state.main_pid).collect();
        assert_eq!(pids, [Some(7), None]);
    }

    #[test]
    fn an_answer_without_a_state_is_no_state() {
        assert_eq!(parse(""), Err("LoadState"));
        assert_eq!(
            parse("LoadState=loaded\nActiveState=\n"),
            Err("ActiveState")
        );
    }
}
