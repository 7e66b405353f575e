//! The command line of `juju-lab object-store`.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use super::{ObjectStoreError, info, service};
use crate::home::Home;

/// An S3 object store for the lab
#[derive(Debug, Parser)]
#[command(name = "juju-lab object-store")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start it, and print how to use it
    Start {
        /// How to print it
        #[arg(long, value_enum, default_value_t = Format::Yaml)]
        format: Format,
    },
    /// Stop it; what it holds stays
    Stop,
    /// Print how to use it
    Info {
        /// How to print it
        #[arg(long, value_enum, default_value_t = Format::Yaml)]
        format: Format,
    },
    /// Make requests go wrong, or right again
    Fault {
        #[arg(value_enum)]
        kind: Fault,
        /// How much later requests are answered
        #[arg(long, value_name = "MILLISECONDS", default_value_t = 1000)]
        delay: u64,
        /// Only these requests
        #[arg(long, value_enum)]
        only: Option<Scope>,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Yaml,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Fault {
    /// Nothing goes wrong
    None,
    /// 503 SlowDown, which clients repeat
    Refuse,
    /// 403 AccessDenied, which clients do not repeat
    Deny,
    /// The connection is closed without an answer
    Drop,
    /// Answers come late
    Slow,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Scope {
    Reads,
    Writes,
}

pub(super) fn main(args: &[String]) -> ExitCode {
    let words = std::iter::once("juju-lab object-store").chain(args.iter().map(String::as_str));
    let arguments = match Arguments::try_parse_from(words) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help goes to standard output, mistakes to standard error; a closed pipe is nobody's loss.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match run(&arguments.command) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> Result<String, ObjectStoreError> {
    let home = Home::from_environment()?;
    let home = home.path();
    match command {
        Command::Start { format } => {
            service::start(home)?;
            describe(home, *format)
        }
        Command::Stop => {
            service::stop(home)?;
            Ok(String::new())
        }
        Command::Info { format } => describe(home, *format),
        Command::Fault { kind, delay, only } => {
            set_fault(home, &fault_text(*kind, *delay, *only))?;
            Ok(String::new())
        }
    }
}

fn describe(home: &Path, format: Format) -> Result<String, ObjectStoreError> {
    let info = info::read(home)?;
    Ok(match format {
        Format::Yaml => serde_yaml::to_string(&info).unwrap_or_default(),
        Format::Json => format!("{}\n", serde_json::to_string(&info).unwrap_or_default()),
    })
}

/// The words that the server reads; none for no fault.
fn fault_text(kind: Fault, delay: u64, only: Option<Scope>) -> String {
    let kind = match kind {
        Fault::None => return String::new(),
        Fault::Refuse => "refuse".to_owned(),
        Fault::Deny => "deny".to_owned(),
        Fault::Drop => "drop".to_owned(),
        Fault::Slow => format!("slow {delay}"),
    };
    match only {
        None => kind,
        Some(Scope::Reads) => format!("{kind} reads"),
        Some(Scope::Writes) => format!("{kind} writes"),
    }
}

fn set_fault(home: &Path, text: &str) -> Result<(), ObjectStoreError> {
    let data = service::data(home);
    if !data.is_dir() {
        return Err(ObjectStoreError::NeverStarted(home.to_owned()));
    }
    let path = data.join("fault");
    let temporary = data.join("fault.new");
    fs::write(&temporary, text).map_err(ObjectStoreError::io("write", &temporary))?;
    fs::rename(&temporary, &path).map_err(ObjectStoreError::io("replace", &path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_written_in_the_words_of_the_server() {
        assert_eq!(fault_text(Fault::None, 5, Some(Scope::Reads)), "");
        assert_eq!(fault_text(Fault::Slow, 250, None), "slow 250");
        assert_eq!(
            fault_text(Fault::Deny, 5, Some(Scope::Writes)),
            "deny writes"
        );
    }
}
