//! The command line of `juju-lab pack`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use super::{Request, pack};

/// Pack a charm
#[derive(Debug, Parser)]
#[command(name = "juju-lab pack")]
struct Command {
    /// Directory with metadata.yaml (or all of it in charmcraft.yaml), config.yaml, actions.yaml
    #[arg(long, value_name = "DIR", default_value = ".")]
    from: PathBuf,
    /// Program that becomes the charm's dispatch
    #[arg(long, value_name = "BINARY")]
    dispatch: PathBuf,
    /// Further file or directory of DIR
    #[arg(long, value_name = "PATH")]
    include: Vec<PathBuf>,
    /// The archive to write
    #[arg(long, short, value_name = "FILE.charm")]
    output: PathBuf,
}

pub(super) fn main(args: &[String]) -> ExitCode {
    let words = std::iter::once("juju-lab pack").chain(args.iter().map(String::as_str));
    let command = match Command::try_parse_from(words) {
        Ok(command) => command,
        Err(error) => {
            // Help goes to standard output, mistakes to standard error; a closed pipe is nobody's loss.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let request = Request {
        from: command.from,
        dispatch: command.dispatch,
        include: command.include,
    };
    match pack(&request, &command.output) {
        Ok(path) => {
            println!("Packed {}", path.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
