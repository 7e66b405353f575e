//! The charm's `dispatch`.

use std::process::ExitCode;

fn main() -> ExitCode {
    juju_charm::main(self_signed_certificates::charm)
}
