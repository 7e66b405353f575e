//! Words of a unit file.

/// `text` as one word of an `Exec…=` line or an `Environment=` setting. systemd expands `%` and `$`, splits at
/// whitespace and knows both quotes and backslashes, so each of them is written in the form that survives.
pub(super) fn word(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut quoted = text.is_empty();
    for character in text.chars() {
        match character {
            '%' => escaped.push_str("%%"),
            '$' => escaped.push_str("$$"),
            '"' | '\\' => {
                quoted = true;
                escaped.push('\\');
                escaped.push(character);
            }
            ' ' | '\'' | ';' => {
                quoted = true;
                escaped.push(character);
            }
            other => escaped.push(other),
        }
    }
    if quoted {
        format!("\"{escaped}\"")
    } else {
        escaped
    }
}

/// A path as the whole value of a setting that takes one: nothing splits it, and only `%` means something.
pub(super) fn path(path: &std::path::Path) -> String {
    path.to_string_lossy().replace('%', "%%")
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn an_ordinary_path_stays_as_it_is() {
        assert_eq!(
            word("/etc/postgresql-charm/etcd.yaml"),
            "/etc/postgresql-charm/etcd.yaml"
        );
    }

    #[test]
    fn what_systemd_would_expand_or_split_is_protected() {
        assert_eq!(
            word("/a b/50%/$HOME/\"c\"\\d"),
            r#""/a b/50%%/$$HOME/\"c\"\\d""#
        );
        assert_eq!(word(""), "\"\"");
    }
}
