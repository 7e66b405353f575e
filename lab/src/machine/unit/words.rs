//! Splitting a value into words by systemd's quoting rules, which are like a shell's but not the same:
//! both kinds of quotes are equal, C escapes work inside and outside of them, and nothing expands.

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WordsError {
    #[error("Unbalanced quoting, ignoring: \"{0}\"")]
    Unbalanced(String),
    #[error("Invalid escape sequences in line, ignoring: \"{0}\"")]
    BadEscape(String),
}

/// The words of `value`. An unknown escape such as `\d` stays as it is written.
pub(crate) fn split(value: &str) -> Result<Vec<String>, WordsError> {
    Ok(split_marked(value)?
        .into_iter()
        .map(|word| word.text)
        .collect())
}

/// A word, and whether any part of it was quoted or escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) plain: bool,
}

pub(crate) fn split_marked(value: &str) -> Result<Vec<Word>, WordsError> {
    let mut words = Vec::new();
    let mut word: Option<Word> = None;
    let mut quote: Option<char> = None;
    let mut rest = value.chars();
    while let Some(character) = rest.next() {
        if quote == Some(character) {
            quote = None;
            continue;
        }
        if character == '\\' {
            let current = word.get_or_insert_with(Word::empty);
            current.plain = false;
            rest = unescape(rest.as_str(), &mut current.text)
                .ok_or_else(|| WordsError::BadEscape(value.to_owned()))?
                .chars();
            continue;
        }
        if quote.is_none() {
            if character.is_ascii_whitespace() {
                words.extend(word.take());
                continue;
            }
            if character == '"' || character == '\'' {
                quote = Some(character);
                word.get_or_insert_with(Word::empty).plain = false;
                continue;
            }
        }
        word.get_or_insert_with(Word::empty).text.push(character);
    }
    if quote.is_some() {
        return Err(WordsError::Unbalanced(value.to_owned()));
    }
    words.extend(word);
    Ok(words)
}

impl Word {
    fn empty() -> Self {
        Self {
            text: String::new(),
            plain: true,
        }
    }
}

/// Appends what the escape sequence at the start of `rest` (after its backslash) stands for, and returns
/// what follows it. None for a malformed number and for the forbidden NUL.
fn unescape<'a>(rest: &'a str, word: &mut String) -> Option<&'a str> {
    let Some(kind) = rest.chars().next() else {
        word.push('\\');
        return Some(rest);
    };
    let after = &rest[kind.len_utf8()..];
    let simple = match kind {
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        's' => ' ',
        '\\' | '"' | '\'' => kind,
        'x' => return numeric(after, 2, 16, word),
        'u' => return numeric(after, 4, 16, word),
        'U' => return numeric(after, 8, 16, word),
        '0'..='7' => return numeric(rest, 3, 8, word),
        unknown => {
            word.push('\\');
            unknown
        }
    };
    word.push(simple);
    Some(after)
}

fn numeric<'a>(rest: &'a str, digits: usize, radix: u32, word: &mut String) -> Option<&'a str> {
    let number = u32::from_str_radix(rest.get(..digits)?, radix).ok()?;
    word.push(char::from_u32(number).filter(|character| *character != '\0')?);
    rest.get(digits..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_quotes_group_words_and_may_begin_inside_one() {
        assert_eq!(
            split(r#"/bin/sh -c 'echo "a b"' "it's" x"y z"w"#).unwrap(),
            ["/bin/sh", "-c", "echo \"a b\"", "it's", "xy zw"]
        );
    }

    #[test]
    fn an_empty_quoted_word_is_a_word() {
        assert_eq!(split("a '' \"\" b").unwrap(), ["a", "", "", "b"]);
    }

    #[test]
    fn c_escapes_count_inside_and_outside_of_quotes() {
        assert_eq!(
            split(r#"a\sb "c\x20d" \u00e9 '\101' \\ \""#).unwrap(),
            ["a b", "c d", "é", "A", "\\", "\""]
        );
    }

    #[test]
    fn an_unknown_escape_stays_as_written() {
        assert_eq!(split(r"'\d+' \%").unwrap(), [r"\d+", r"\%"]);
    }

    #[test]
    fn an_open_quote_is_an_error() {
        assert_eq!(
            split("echo \"a").unwrap_err(),
            WordsError::Unbalanced("echo \"a".into())
        );
    }

    #[test]
    fn a_nul_or_short_number_is_an_error() {
        assert!(matches!(split(r"\x00"), Err(WordsError::BadEscape(_))));
        assert!(matches!(split(r"\x4"), Err(WordsError::BadEscape(_))));
    }

    #[test]
    fn a_word_remembers_whether_it_was_quoted() {
        let plain: Vec<bool> = split_marked(r#"; \; ";""#)
            .unwrap()
            .iter()
            .map(|word| word.plain)
            .collect();
        assert_eq!(plain, [true, false, false]);
    }
}
