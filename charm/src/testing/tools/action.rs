//! The `action-*` family. Results outlive a failure; they are not part of the commit.

use serde_json::Value;

use super::args::{Args, usage};
use super::{World, json, single};
use crate::ToolError;
use crate::tools::result_key;

impl World {
    pub(super) fn action_get(&mut self, args: &[&str]) -> Result<Vec<u8>, ToolError> {
        let tool = "action-get";
        self.is_in_action(tool)?;
        let args = Args::parse(tool, args, &[], &[])?;
        match single(tool, &args)? {
            None => json(&self.params),
            Some(key) => {
                let mut parts = key.split('.');
                let first = parts.next().and_then(|part| self.params.get(part));
                json(&parts.fold(first, |value: Option<&Value>, part| value?.get(part)))
            }
        }
    }

    pub(super) fn action_set(&mut self, args: &[&str]) -> Result<Vec<u8>, ToolError> {
        let tool = "action-set";
        self.is_in_action(tool)?;
        for pair in Args::parse(tool, args, &[], &[])?.rest {
            let Some((key, value)) = pair.split_once('=') else {
                let message = format!("argument {pair:?} must be of the form key...=value");
                return Err(usage(tool, &message));
            };
            if result_key(key).ok().as_deref() != Some(key) {
                let rule = "must start and end with lowercase alphanumeric, and contain only \
                            lowercase alphanumeric, hyphens and periods";
                return Err(usage(tool, &format!("key {key:?} {rule}")));
            }
            // A value makes way for a map, and a map for a value.
            let above = |known: &str| key.starts_with(&format!("{known}."));
            let below = |known: &str| known.starts_with(&format!("{key}."));
            self.results
                .retain(|known, _| !above(known) && !below(known));
            self.results.insert(key.to_owned(), value.to_owned());
        }
        Ok(Vec::new())
    }

    pub(super) fn action_log(&mut self, args: &[&str]) -> Result<Vec<u8>, ToolError> {
        self.is_in_action("action-log")?;
        let args = Args::parse("action-log", args, &[], &[])?;
        self.progress.push(args.rest.join(" "));
        Ok(Vec::new())
    }

    pub(super) fn action_fail(&mut self, args: &[&str]) -> Result<Vec<u8>, ToolError> {
        self.is_in_action("action-fail")?;
        let args = Args::parse("action-fail", args, &[], &[])?;
        let default = "action failed without reason given, check action for errors";
        let message = single("action-fail", &args)?;
        self.failure = Some(message.unwrap_or_else(|| default.to_owned()));
        Ok(Vec::new())
    }
}
