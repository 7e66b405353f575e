//! What a story asks of its lab: actions and their results, and what `juju status` shows of a unit.

use serde_json::Value;

use crate::lab::{Lab, eventually};

/// A result of an action, as `--format json` gives it.
#[derive(Debug)]
pub(crate) struct Task(pub(crate) Value);

impl Task {
    pub(crate) fn status(&self) -> &str {
        self.0["status"].as_str().unwrap_or_default()
    }

    pub(crate) fn message(&self) -> &str {
        self.0["message"].as_str().unwrap_or_default()
    }

    /// A result; an empty text when there is none.
    pub(crate) fn result(&self, key: &str) -> &str {
        self.0["results"][key].as_str().unwrap_or_default()
    }

    /// The same task, which must have ended well.
    #[track_caller]
    pub(crate) fn done(self) -> Self {
        assert_eq!(self.status(), "completed", "{:#}", self.0);
        self
    }

    /// The message and the hint of a task that must have been refused.
    #[track_caller]
    pub(crate) fn refused(self) -> String {
        assert_eq!(self.status(), "failed", "{:#}", self.0);
        assert!(
            self.message().contains("\nhint: "),
            "no way out is named: {}",
            self.message()
        );
        self.message().to_owned()
    }
}

impl Lab {
    /// Runs an action and waits for it.
    #[track_caller]
    pub(crate) fn run(&self, unit: &str, action: &str, params: &[&str]) -> Task {
        let mut arguments = vec!["run", "--format", "json", "--wait", "10m", unit, action];
        arguments.extend(params);
        let said = self.juju(&arguments);
        let all: Value = serde_json::from_str(&said.stdout)
            .unwrap_or_else(|error| panic!("{error}: {said:?}\n{}", self.log()));
        let tasks = all.as_object().expect("a map of units");
        Task(tasks.values().next().expect("one unit answered").clone())
    }

    /// What the status shows of a unit; nothing of one that is not there.
    fn shown(&self, unit: &str) -> Value {
        let said = self.juju(&["status", "--format", "json"]);
        let mut all: Value = serde_json::from_str(&said.stdout).unwrap_or_default();
        let application = unit.split('/').next().unwrap_or_default();
        all["applications"][application]["units"][unit].take()
    }

    /// Where a unit is reached over the network.
    #[track_caller]
    pub(crate) fn address(&self, unit: &str) -> String {
        let shown = self.shown(unit);
        let address = shown["public-address"].as_str();
        address.expect("the unit has an address").to_owned()
    }

    /// The password of a system user, as its application's leader tells it.
    #[track_caller]
    pub(crate) fn password(&self, leader: &str, user: &str) -> String {
        let named = format!("username={user}");
        let given = self.run(leader, "get-password", &[&named]).done();
        given.result("password").to_owned()
    }

    /// The workload status of a unit, and its message.
    pub(crate) fn status(&self, unit: &str) -> (String, String) {
        let status = &self.shown(unit)["workload-status"];
        let text = |key: &str| status[key].as_str().unwrap_or_default().to_owned();
        (text("current"), text("message"))
    }

    /// Waits until a unit's status fulfils a condition.
    #[track_caller]
    pub(crate) fn status_becomes(&self, unit: &str, what: &str, is: impl Fn(&str, &str) -> bool) {
        eventually(&format!("{unit} {what}"), || {
            let (status, message) = self.status(unit);
            if is(&status, &message) {
                Ok(())
            } else {
                Err(format!("{status}: {message}"))
            }
        });
    }
}
