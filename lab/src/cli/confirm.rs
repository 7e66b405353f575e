//! Questions before something is destroyed.

use std::io::{self, BufRead, Write};

use super::failure::CliError;

/// Asks for the name of what will be destroyed; anything else aborts.
pub(crate) fn by_name(kind: &str, name: &str) -> Result<(), CliError> {
    let answer = ask(&format!(
        "To continue, enter the name of the {kind} to be destroyed: "
    ))?;
    if answer == name {
        Ok(())
    } else {
        Err(CliError::failed(format!("{kind} destruction: aborted")))
    }
}

/// Asks yes or no; no answer is no. `what` completes "…: aborted".
pub(crate) fn yes(what: &str) -> Result<(), CliError> {
    let answer = ask("\nContinue [y/N]? ")?;
    if matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes") {
        Ok(())
    } else {
        Err(CliError::failed(format!("{what}: aborted")))
    }
}

fn ask(question: &str) -> Result<String, CliError> {
    let mut err = io::stderr().lock();
    let _ = write!(err, "{question}");
    let _ = err.flush();
    let mut answer = String::new();
    io::stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(CliError::io("read the answer"))?;
    Ok(answer.trim().to_owned())
}
