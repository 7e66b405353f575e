//! `%n`, `%H` and the other specifiers of unit files.

use super::name::UnitName;
use crate::machine::layout::Layout;

/// What specifiers stand for in one unit of one machine. Directories lie under the machine's root, where
/// the real ones lie under `/`.
pub(crate) struct Specifiers<'a> {
    pub(crate) name: &'a UnitName,
    pub(crate) layout: &'a Layout,
    pub(crate) hostname: &'a str,
}

impl Specifiers<'_> {
    /// `text` with every specifier replaced. An unknown specifier is an error that names it.
    pub(crate) fn expand(&self, text: &str) -> Result<String, UnknownSpecifier> {
        let mut expanded = String::with_capacity(text.len());
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            if character != '%' {
                expanded.push(character);
                continue;
            }
            match characters.next() {
                Some(letter) => expanded.push_str(&self.value(letter)?),
                // A lone percent sign at the end is kept, as systemd does.
                None => expanded.push('%'),
            }
        }
        Ok(expanded)
    }

    fn value(&self, letter: char) -> Result<String, UnknownSpecifier> {
        let below = |path: &str| self.layout.root().join(path).display().to_string();
        let superuser = rustix::process::geteuid().is_root();
        Ok(match letter {
            '%' => "%".to_owned(),
            'n' => self.name.as_str().to_owned(),
            'N' => self.name.without_suffix().to_owned(),
            'p' => self.name.prefix().to_owned(),
            'P' => unescape(self.name.prefix()),
            'i' => self.name.instance().unwrap_or_default().to_owned(),
            'I' => unescape(self.name.instance().unwrap_or_default()),
            'j' => last_component(self.name.prefix()).to_owned(),
            'H' | 'q' => self.hostname.to_owned(),
            'l' => self
                .hostname
                .split('.')
                .next()
                .unwrap_or_default()
                .to_owned(),
            'm' => self.layout.machine_id(),
            'b' => self.layout.boot_id(),
            'v' => read_trimmed("/proc/sys/kernel/osrelease"),
            'a' => std::env::consts::ARCH.replace("x86_64", "x86-64"),
            't' => below("run"),
            'S' => below("var/lib"),
            'C' => below("var/cache"),
            'L' => below("var/log"),
            'E' => below("etc"),
            'T' => below("tmp"),
            'V' => below("var/tmp"),
            // Of the manager, not of User=, in a system manager.
            'u' | 'g' if superuser => "root".to_owned(),
            'U' => rustix::process::geteuid().as_raw().to_string(),
            'G' => rustix::process::getegid().as_raw().to_string(),
            'h' if superuser => "/root".to_owned(),
            's' if superuser => "/bin/sh".to_owned(),
            _ => return Err(UnknownSpecifier(letter)),
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown specifier %{0}")]
pub(crate) struct UnknownSpecifier(pub char);

/// Undoes the escaping of a path in a unit name: `-` is `/`, `\xNN` a byte.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let hex = rest
            .strip_prefix("\\x")
            .and_then(|tail| tail.get(..2))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(byte) = hex {
            bytes.push(byte);
            rest = &rest[4..];
            continue;
        }
        if character == '-' {
            bytes.push(b'/');
        } else {
            bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        rest = &rest[character.len_utf8()..];
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn last_component(prefix: &str) -> &str {
    prefix.rsplit('-').next().unwrap_or(prefix)
}

fn read_trimmed(path: &str) -> String {
    std::fs::read_to_string(path)
        .unwrap_or_default()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(name: &str, text: &str) -> Result<String, UnknownSpecifier> {
        let layout = Layout::new("/srv/lab/m/3".into());
        let name = UnitName::parse(name).unwrap();
        Specifiers {
            name: &name,
            layout: &layout,
            hostname: "juju-1-3",
        }
        .expand(text)
    }

    #[test]
    fn names_and_instances_expand() {
        assert_eq!(
            expand("pg-job@nightly-2.service", "%n %N %p %i %I %j").unwrap(),
            "pg-job@nightly-2.service pg-job@nightly-2 pg-job nightly-2 nightly/2 job"
        );
    }

    #[test]
    fn directories_are_those_of_the_machine() {
        assert_eq!(
            expand("a.service", "%t %S %L on %H").unwrap(),
            "/srv/lab/m/3/run /srv/lab/m/3/var/lib /srv/lab/m/3/var/log on juju-1-3"
        );
    }

    #[test]
    fn a_doubled_percent_sign_is_one_and_a_lone_one_stays() {
        assert_eq!(expand("a.service", "100%% 5%").unwrap(), "100% 5%");
    }

    #[test]
    fn an_unknown_specifier_is_named() {
        assert_eq!(
            expand("a.service", "%y").unwrap_err().to_string(),
            "unknown specifier %y"
        );
    }

    #[test]
    fn an_escaped_path_in_the_instance_is_undone() {
        assert_eq!(
            expand("a@srv-my\\x2ddata.service", "%I").unwrap(),
            "srv/my-data"
        );
    }
}
