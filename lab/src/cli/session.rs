//! One run of the command line: the connection to the daemon, the model in focus, and where output goes.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use serde::de::DeserializeOwned;

use crate::api::Request;
use crate::client::Client;
use crate::home::Home;

use super::failure::CliError;
use super::terminal::Palette;

/// Flags every command takes, before or after its name.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Globals {
    /// Model to operate in. Accepts [<controller name>:]<model name>
    #[arg(short = 'm', long, global = true, value_name = "MODEL")]
    pub(crate) model: Option<String>,
    /// Show no informational output
    #[arg(short = 'q', long, global = true)]
    pub(crate) quiet: bool,
    /// Force use of ANSI color codes
    #[arg(long, global = true)]
    pub(crate) color: bool,
    /// Disable ANSI color codes
    #[arg(long, global = true, conflicts_with = "color")]
    pub(crate) no_color: bool,
    #[arg(long, global = true, hide = true)]
    debug: bool,
    #[arg(short = 'v', long, global = true, hide = true)]
    verbose: bool,
    #[arg(long, global = true, hide = true)]
    show_log: bool,
    #[arg(short = 'B', long, global = true, hide = true)]
    no_browser_login: bool,
    #[arg(long, global = true, hide = true)]
    logging_config: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Session {
    home: Home,
    client: Option<Client>,
    globals: Globals,
}

impl Session {
    pub(crate) fn new(globals: Globals) -> Result<Self, CliError> {
        Ok(Self {
            home: Home::from_environment()?,
            client: None,
            globals,
        })
    }

    pub(crate) fn home(&self) -> &Home {
        &self.home
    }

    /// Asks the daemon; connects at the first call.
    pub(crate) fn call<T: DeserializeOwned>(&mut self, request: &Request) -> Result<T, CliError> {
        let client = match &mut self.client {
            Some(client) => client,
            empty => empty.insert(Client::connect(self.home.path())?),
        };
        Ok(client.call(request)?)
    }

    /// The model to work in: `-m`, then `JUJU_MODEL`, then the one `juju switch` chose.
    pub(crate) fn model(&self) -> Result<String, CliError> {
        let named = self.globals.model.clone().or_else(|| {
            std::env::var("JUJU_MODEL")
                .ok()
                .filter(|name| !name.is_empty())
        });
        if let Some(name) = named {
            return Ok(without_controller(&name).to_owned());
        }
        self.current_model()?.ok_or_else(|| {
            CliError::failed(
                "No model in focus.\n\nPlease use \"juju models\" to see models available to you.\n\
                 You can set current model by running \"juju switch\"\n\
                 or specify any other model on the command line using the \"-m\" option.",
            )
        })
    }

    fn current_model_file(&self) -> PathBuf {
        self.home.path().join("client/current-model")
    }

    /// What `juju switch` chose last, if anything.
    pub(crate) fn current_model(&self) -> Result<Option<String>, CliError> {
        match std::fs::read_to_string(self.current_model_file()) {
            Ok(text) => Ok(Some(text.trim().to_owned()).filter(|name| !name.is_empty())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(CliError::io("read the current model")(error)),
        }
    }

    /// Remembers the model for later commands; `None` forgets it.
    pub(crate) fn set_current_model(&self, name: Option<&str>) -> Result<(), CliError> {
        let file = self.current_model_file();
        let action = || CliError::io(format!("remember the current model in {}", file.display()));
        let folder = self.home.path().join("client");
        std::fs::create_dir_all(&folder).map_err(action())?;
        let mut fresh = tempfile::NamedTempFile::new_in(&folder).map_err(action())?;
        writeln!(fresh, "{}", name.unwrap_or_default()).map_err(action())?;
        fresh
            .persist(&file)
            .map_err(|error| action()(error.error))?;
        Ok(())
    }

    /// Writes a result to standard output.
    #[expect(
        clippy::unused_self,
        reason = "results go through the session like everything else"
    )]
    pub(crate) fn print(&self, text: &str) -> Result<(), CliError> {
        print(text)
    }

    /// Tells about progress on standard error, unless `--quiet`.
    pub(crate) fn tell(&self, line: &str) {
        if !self.globals.quiet {
            let _ = writeln!(io::stderr(), "{line}");
        }
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.globals.quiet
    }

    /// Colours for standard output.
    pub(crate) fn palette(&self) -> Palette {
        if self.globals.color {
            Palette::coloured()
        } else if self.globals.no_color || !io::stdout().is_terminal() {
            Palette::plain()
        } else {
            Palette::from_environment()
        }
    }
}

/// Writes a result to standard output.
pub(crate) fn print(text: &str) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(CliError::io("write the result"))
}

/// `lab:admin/dev` without its controller.
pub(crate) fn without_controller(model: &str) -> &str {
    model.split_once(':').map_or(model, |(_, name)| name)
}

/// `admin/dev` without its owner.
pub(crate) fn bare_model(model: &str) -> &str {
    let model = without_controller(model);
    model.rsplit_once('/').map_or(model, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn qualified_model_names_lose_their_qualifiers() {
        assert_eq!(without_controller("lab:admin/dev"), "admin/dev");
        assert_eq!(bare_model("lab:admin/dev"), "dev");
        assert_eq!(bare_model("dev"), "dev");
    }
}
