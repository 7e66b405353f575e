//! Text that becomes part of a statement.

/// An identifier in quotes; `None` when no identifier can be this (PostgreSQL knows no zero byte in text).
pub(super) fn identifier(name: &str) -> Option<String> {
    (!name.is_empty() && !name.contains('\0')).then(|| format!("\"{}\"", name.replace('"', "\"\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_cannot_end_its_quotes() {
        assert_eq!(identifier("operator").unwrap(), "\"operator\"");
        assert_eq!(
            identifier("a\" SUPERUSER; --").unwrap(),
            "\"a\"\" SUPERUSER; --\""
        );
    }

    #[test]
    fn what_cannot_be_an_identifier_is_refused() {
        assert_eq!(identifier(""), None);
        assert_eq!(identifier("a\0b"), None);
    }
}
