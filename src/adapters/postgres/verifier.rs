//! SCRAM-SHA-256 verifiers: what PostgreSQL keeps instead of a password.
//!
//! `SCRAM-SHA-256$<iterations>:<salt>$<stored key>:<server key>` (RFC 5803), the binary parts in base64.

use std::num::NonZeroU32;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac, pbkdf2};

use crate::domain::words::Secret;

/// Rounds beyond this are not computed. PostgreSQL makes 4096; a verifier with a billion would stop the hook.
const MOST_ROUNDS: u32 = 10_000_000;

/// A verifier for the password, with a salt of its own.
pub fn new(password: &Secret) -> Secret {
    postgres_protocol::password::scram_sha_256(password.expose().as_bytes()).into()
}

/// Whether the verifier was made from this password; `None` when it is no SCRAM-SHA-256 verifier.
///
/// Costs as much as a login: some milliseconds.
pub fn matches(verifier: &Secret, password: &Secret) -> Option<bool> {
    let parts = Parts::of(verifier.expose())?;
    let mut salted = [0; digest::SHA256_OUTPUT_LEN];
    let password = prepared(password.expose());
    pbkdf2::derive(
        pbkdf2::PBKDF2_HMAC_SHA256,
        parts.rounds,
        &parts.salt,
        &password,
        &mut salted,
    );
    let salted = hmac::Key::new(hmac::HMAC_SHA256, &salted);
    let client_key = hmac::sign(&salted, b"Client Key");
    let stored_key = digest::digest(&digest::SHA256, client_key.as_ref());
    let server_key = hmac::sign(&salted, b"Server Key");
    Some(stored_key.as_ref() == parts.stored_key && server_key.as_ref() == parts.server_key)
}

/// Whether the text is a verifier and nothing else: it becomes part of a statement.
pub(super) fn is_verifier(text: &Secret) -> bool {
    Parts::of(text.expose()).is_some()
}

struct Parts {
    rounds: NonZeroU32,
    salt: Vec<u8>,
    stored_key: Vec<u8>,
    server_key: Vec<u8>,
}

impl Parts {
    fn of(text: &str) -> Option<Self> {
        let (how, keys) = text.strip_prefix("SCRAM-SHA-256$")?.split_once('$')?;
        let (rounds, salt) = how.split_once(':')?;
        let (stored_key, server_key) = keys.split_once(':')?;
        let digits = rounds.bytes().all(|byte| byte.is_ascii_digit());
        let rounds = rounds.parse::<NonZeroU32>().ok()?;
        if !digits || rounds.get() > MOST_ROUNDS {
            return None;
        }
        let parts = Self {
            rounds,
            salt: STANDARD.decode(salt).ok()?,
            stored_key: STANDARD.decode(stored_key).ok()?,
            server_key: STANDARD.decode(server_key).ok()?,
        };
        (parts.stored_key.len() == 32 && parts.server_key.len() == 32).then_some(parts)
    }
}

/// As PostgreSQL prepares a password: SASLprep where it applies, else as it is.
fn prepared(password: &str) -> Vec<u8> {
    stringprep::saslprep(password).map_or_else(
        |_| password.as_bytes().to_vec(),
        |prepared| prepared.into_owned().into_bytes(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by PostgreSQL 15 with `ALTER ROLE … PASSWORD 'foo'`.
    const OF_POSTGRESQL: &str = "SCRAM-SHA-256$4096:DGsd/lK8KZ4YYYna/4L/9Q==$\
        4OBW46hhkFHbKIju11HEC4iHuFa+8G+o7A2nBIpHOzE=:JPxQ9pJvqeVrg62ZFgsLLn65+Rc3vm2pbX2uIoml9B4=";

    #[test]
    fn a_verifier_opens_with_its_password_and_no_other() {
        for password in [
            "foo",
            "",
            "päßwörd",
            "two words",
            "\u{a0}non-ASCII space",
            "ﬁ\u{ad}",
        ] {
            let verifier = new(&password.into());
            assert_eq!(
                matches(&verifier, &password.into()),
                Some(true),
                "{password:?}"
            );
            assert_eq!(
                matches(&verifier, &"other".into()),
                Some(false),
                "{password:?}"
            );
        }
    }

    #[test]
    fn a_verifier_that_postgresql_made_is_understood() {
        assert_eq!(matches(&OF_POSTGRESQL.into(), &"foo".into()), Some(true));
        assert_eq!(matches(&OF_POSTGRESQL.into(), &"Foo".into()), Some(false));
    }

    #[test]
    fn two_verifiers_of_one_password_differ() {
        assert!(new(&"foo".into()) != new(&"foo".into()));
    }

    #[test]
    fn text_that_is_no_verifier_is_not_guessed_at() {
        let good = new(&"foo".into());
        let good = good.expose();
        for text in [
            "",
            "foo",
            "md5acbd18db4cc2f85cedef654fccc4a4d8",
            &good[1..],
            &good[..good.len() - 1],
            &good.replace("$4096:", "$0:"),
            &good.replace("$4096:", "$+4096:"),
            &good.replace("$4096:", "$4294967295:"),
            &format!("{good}'; DROP ROLE operator; --"),
        ] {
            assert_eq!(matches(&text.into(), &"foo".into()), None, "{text}");
        }
    }
}
