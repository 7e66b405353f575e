//! The words of a query.

use std::fmt;

use thiserror::Error;

#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum WordError {
    #[error("query has a text without closing quote")]
    OpenText,
    #[error("query has the number {0}, which is too large")]
    LargeNumber(String),
    #[error("query has {0:?}, which means nothing")]
    Unknown(char),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    Name(String),
    Text(String),
    Integer(i64),
    Symbol(&'static str),
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Symbol(symbol) => f.write_str(symbol),
        }
    }
}

/// Longer symbols come first, so that `==` is not read as two.
const SYMBOLS: [&str; 14] = [
    "&&", "||", "==", "!=", "<=", ">=", "=>", "<", ">", "!", "(", ")", ",", ".",
];

pub(super) fn words(text: &str) -> Result<Vec<Word>, WordError> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, after) = if first == '"' || first == '\'' {
            let inner = &rest[1..];
            let end = inner.find(first).ok_or(WordError::OpenText)?;
            (Word::Text(inner[..end].to_owned()), &inner[end + 1..])
        } else if first.is_ascii_digit() {
            let (digits, after) = split_while(rest, |c| c.is_ascii_digit());
            let number = digits
                .parse()
                .map_err(|_| WordError::LargeNumber(digits.to_owned()))?;
            (Word::Integer(number), after)
        } else if first.is_ascii_alphabetic() || first == '_' {
            let (name, after) =
                split_while(rest, |c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
            (Word::Name(name.to_owned()), after)
        } else {
            let symbol = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol));
            let symbol = symbol.ok_or(WordError::Unknown(first))?;
            (Word::Symbol(symbol), &rest[symbol.len()..])
        };
        words.push(word);
        rest = after.trim_start();
    }
    Ok(words)
}

fn split_while(text: &str, wanted: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !wanted(c)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_falls_into_words() {
        let expected = vec![
            Word::Name("workload-status".to_owned()),
            Word::Symbol("=="),
            Word::Text("active".to_owned()),
            Word::Symbol("&&"),
            Word::Symbol("!"),
            Word::Name("x".to_owned()),
            Word::Symbol("."),
            Word::Name("y".to_owned()),
            Word::Symbol("<="),
            Word::Integer(12),
        ];
        assert_eq!(
            words(r#"workload-status=="active"&& !x.y<= 12"#),
            Ok(expected)
        );
    }

    #[test]
    fn what_is_no_word_is_named() {
        assert_eq!(words("a == \"b"), Err(WordError::OpenText));
        assert_eq!(words("a = b"), Err(WordError::Unknown('=')));
        let number = "9".repeat(30);
        assert_eq!(words(&number), Err(WordError::LargeNumber(number)));
    }
}
