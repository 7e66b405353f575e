//! Breaking on demand: a file in the store's directory tells how requests go wrong.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use hyper::Method;

use crate::files;

/// How requests go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Answered with 503 SlowDown, which clients repeat.
    Refuse,
    /// Answered with 403 AccessDenied, which clients do not repeat.
    Deny,
    /// The connection is closed without an answer.
    Drop,
    /// Answered late.
    Slow(Duration),
}

/// Which requests go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    All,
    Reads,
    Writes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    pub kind: Kind,
    pub scope: Scope,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a fault: {0:?}")]
pub struct NotAFault(String);

/// Where the store in `dir` looks for its fault: `refuse`, `deny`, `drop` or `slow MILLISECONDS`, and then
/// possibly `reads` or `writes`.
pub fn path(dir: &Path) -> PathBuf {
    dir.join("fault")
}

/// The fault that the store has now. A file that cannot be read as one is none.
pub fn current(dir: &Path) -> Option<Fault> {
    files::read(&path(dir)).ok().flatten()?.parse().ok()
}

impl Fault {
    /// Whether a request goes wrong.
    pub fn strikes(self, method: &Method) -> bool {
        let reads = *method == Method::GET || *method == Method::HEAD;
        match self.scope {
            Scope::All => true,
            Scope::Reads => reads,
            Scope::Writes => !reads,
        }
    }
}

impl FromStr for Fault {
    type Err = NotAFault;

    fn from_str(text: &str) -> Result<Self, NotAFault> {
        let refused = || NotAFault(text.to_owned());
        let mut words = text.split_ascii_whitespace();
        let kind = match words.next().ok_or_else(refused)? {
            "refuse" => Kind::Refuse,
            "deny" => Kind::Deny,
            "drop" => Kind::Drop,
            "slow" => {
                let millis = words.next().and_then(|word| word.parse().ok());
                Kind::Slow(Duration::from_millis(millis.ok_or_else(refused)?))
            }
            _ => return Err(refused()),
        };
        let scope = match words.next() {
            None => Scope::All,
            Some("reads") => Scope::Reads,
            Some("writes") => Scope::Writes,
            Some(_) => return Err(refused()),
        };
        Ok(Self { kind, scope })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_from_words() {
        let fault: Fault = "slow 250 writes\n".parse().unwrap();
        assert_eq!(fault.kind, Kind::Slow(Duration::from_millis(250)));
        assert!(fault.strikes(&Method::PUT) && !fault.strikes(&Method::GET));
        assert!("slow".parse::<Fault>().is_err());
        assert!("explode".parse::<Fault>().is_err());
        assert!("refuse everything".parse::<Fault>().is_err());
    }
}
