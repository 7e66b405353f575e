//! The charm's binary: Juju runs it as `dispatch`; people and the service manager give it a subcommand.

use std::process::ExitCode;

fn main() -> ExitCode {
    postgresql_charm::cli::main()
}
