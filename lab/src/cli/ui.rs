//! `juju-lab ui`: shows a model in a browser.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use crate::api::{ModelInfo, Request};
use crate::ui::Server;

use super::failure::CliError;
use super::report;
use super::session::{Globals, Session};

/// Shows a model in a browser while it lives; nothing can be changed there. Ends with Ctrl-C
#[derive(Debug, Parser)]
#[command(name = "juju-lab ui", disable_version_flag = true)]
struct Ui {
    #[command(flatten)]
    globals: Globals,
    /// The port to listen on, on 127.0.0.1; any that is free if none is given
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    port: u16,
}

/// Runs `juju-lab ui`. `args` is what follows the word `ui`.
pub fn main(args: Vec<OsString>) -> ExitCode {
    let args = std::iter::once(OsString::from("juju-lab ui")).chain(args);
    match Ui::try_parse_from(args) {
        Ok(ui) => report::exit_code(
            Session::new(ui.globals.clone()).and_then(|mut session| ui.run(&mut session)),
        ),
        Err(error) => report::parse_error(&error),
    }
}

impl Ui {
    fn run(&self, session: &mut Session) -> Result<(), CliError> {
        let model = session.model()?;
        // Says now what is wrong with the name, not later in the page.
        let shown: ModelInfo = session.call(&Request::ShowModel {
            model: model.clone(),
        })?;
        let server = Server::listen(session.home().path().to_owned(), model, self.port)?;
        session.print(&format!("{}\n", server.address()))?;
        session.tell(&format!(
            "Shows the model {} to whoever opens this address on this computer. Ctrl-C ends it.",
            shown.name
        ));
        Ok(server.run()?)
    }
}
