//! The charm's `dispatch`.

use std::process::ExitCode;

fn main() -> ExitCode {
    juju_charm::main(s3_integrator::charm)
}
