//! `juju ssh` and `juju scp`: commands and files on a unit's machine.
//!
//! A machine of the lab is a directory on this host, so nothing travels: `ssh` replaces itself by the command, started
//! in the machine's root with the machine's `PATH`, and `scp` copies to and from where such a command finds the file.

use std::os::unix::process::CommandExt;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::api::{FullStatus, MachineSpecReply, Request};

use crate::machine::container::Entry;

use super::failure::CliError;
use super::names;
use super::session::Session;

/// Initiates a session or executes a command on a unit's machine
#[derive(Debug, Args)]
pub(crate) struct Ssh {
    /// Accepted; there are no host keys to check
    #[arg(long)]
    no_host_key_checks: bool,
    #[arg(long)]
    container: Option<String>,
    #[arg(long)]
    pty: Option<String>,
    #[arg(long)]
    proxy: bool,
    #[arg(long)]
    remote: bool,
    /// [USER@]TARGET, where TARGET is a unit, APPLICATION/leader or a machine, then the command
    #[arg(
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "TARGET [COMMAND…]"
    )]
    words: Vec<String>,
}

impl Ssh {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let (target, command) = match self.words.split_first() {
            Some((target, command)) => (target.as_str(), command),
            None => return Err(CliError::usage("no target name specified")),
        };
        let (user, target) = match target.split_once('@') {
            Some((user, target)) => (Some(user), target),
            None => (None, target),
        };
        let machine = machine_of(session, target)?;
        if let Some(leader) = machine.leader {
            let command = without_client_options(command);
            let error = entering(leader, user, command).exec();
            return Err(CliError::io(format!("run a shell on {target}"))(error));
        }
        let command = without_client_options(command);
        let mut process = if command.is_empty() {
            login_shell()
        } else {
            // As over a real ssh connection, the words are one text for the remote shell.
            let mut shell = Command::new("/bin/sh");
            shell.arg("-c").arg(command.join(" "));
            shell
        };
        process
            .current_dir(&machine.root)
            .env("PATH", &machine.path)
            .env("HOME", &machine.root);
        if let Some(user) = user {
            become_user(&mut process, user)?;
        }
        Err(CliError::io(format!("run a shell on {target}"))(
            process.exec(),
        ))
    }
}

/// A shell, or a command, that a machine's systemd runs.
fn entering(leader: u32, user: Option<&str>, command: &[String]) -> Command {
    let user = user.filter(|user| !matches!(*user, "ubuntu" | "root"));
    let mut entry = Entry::new(leader).in_directory(Path::new("/"));
    entry = match user {
        Some(user) => entry.with("--uid", user),
        None => entry.with("--setenv", "HOME=/root"),
    };
    if let Ok(term) = std::env::var("TERM") {
        entry = entry.with("--setenv", format!("TERM={term}"));
    }
    if command.is_empty() && rustix::termios::isatty(rustix::stdio::stdin()) {
        entry = entry.on_terminal();
    }
    let mut process = entry.command();
    if command.is_empty() {
        process.arg("/bin/bash");
    } else {
        process.args(["/bin/sh", "-c", &command.join(" ")]);
    }
    process
}

/// The command after the options of the ssh client, which have nothing to set here.
fn without_client_options(words: &[String]) -> &[String] {
    match words.split_first() {
        Some((first, rest)) if first == "--" => rest,
        Some((first, rest)) if first.len() > 1 && first.starts_with('-') => {
            let value = usize::from(takes_next_word(first, SSH_OPTIONS_WITH_VALUE));
            without_client_options(rest.get(value..).unwrap_or(&[]))
        }
        _ => words,
    }
}

/// The letters of the clients' options that have a value.
const SSH_OPTIONS_WITH_VALUE: &str = "BDEFIJLOPQRSWbceilmopw";
const SCP_OPTIONS_WITH_VALUE: &str = "DFJPSXcilo";

/// Whether the last letter of a word of options has its value in the word after it.
fn takes_next_word(option: &str, with_value: &str) -> bool {
    let value = option.find(|letter| with_value.contains(letter));
    value.is_some_and(|index| index + 1 == option.len())
}

fn login_shell() -> Command {
    let bash = Path::new("/bin/bash");
    Command::new(if bash.exists() {
        bash
    } else {
        Path::new("/bin/sh")
    })
}

/// Root may become another user of this host. Anybody else stays who they are, as do the users every cloud has.
fn become_user(process: &mut Command, user: &str) -> Result<(), CliError> {
    if matches!(user, "ubuntu" | "root") {
        return Ok(());
    }
    let accounts =
        std::fs::read_to_string("/etc/passwd").map_err(CliError::io("read /etc/passwd"))?;
    let (uid, gid) = account(&accounts, user)
        .ok_or_else(|| CliError::failed(format!("user {user:?} does not exist on this host")))?;
    let own = rustix::process::geteuid();
    if own.as_raw() == uid {
        return Ok(());
    }
    if !own.is_root() {
        return Err(CliError::failed(format!(
            "cannot become user {user:?} without being root\nhint: leave the user out to run as yourself"
        )));
    }
    process
        .uid(uid)
        .gid(gid)
        .env("USER", user)
        .env("LOGNAME", user);
    Ok(())
}

fn account(passwd: &str, user: &str) -> Option<(u32, u32)> {
    passwd.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        match fields.as_slice() {
            [name, _, uid, gid, ..] if *name == user => {
                Some((uid.parse().ok()?, gid.parse().ok()?))
            }
            _ => None,
        }
    })
}

/// The machine of a unit, of the leader of an application, or with a number.
fn machine_of(session: &mut Session, target: &str) -> Result<MachineSpecReply, CliError> {
    let model = session.model()?;
    let target = match target.strip_suffix("/leader") {
        None => target.to_owned(),
        Some(application) => {
            let status: FullStatus = session.call(&Request::Status {
                model: model.clone(),
            })?;
            leader(&status, application).ok_or_else(|| {
                CliError::failed(format!("could not determine leader for {application:?}"))
            })?
        }
    };
    session.call(&Request::MachineOf { model, target })
}

fn leader(status: &FullStatus, application: &str) -> Option<String> {
    let units = status
        .applications
        .values()
        .flat_map(|application| &application.units);
    units
        .flat_map(|(name, unit)| std::iter::once((name, unit)).chain(&unit.subordinates))
        .find(|(name, unit)| unit.leader && names::application_of(name) == application)
        .map(|(name, _)| name.clone())
}

/// Securely transfers files to and from units
#[derive(Debug, Args)]
pub(crate) struct Scp {
    /// Accepted; there are no host keys to check
    #[arg(long)]
    no_host_key_checks: bool,
    #[arg(long)]
    container: Option<String>,
    #[arg(long)]
    proxy: bool,
    /// Copy directories recursively
    #[arg(short = 'r')]
    recursive: bool,
    /// [--] [OPTIONS] SOURCE… DESTINATION, each a local path or [USER@]TARGET:PATH
    #[arg(required = true, allow_hyphen_values = true, value_name = "PATH")]
    words: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
enum Place {
    Local(PathBuf),
    Remote { target: String, path: PathBuf },
}

impl Scp {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let (options, words) = options_and_words(&self.words);
        let recursive = self.recursive || options.iter().any(|option| is_short_flag(option, 'r'));
        let Some((destination, sources)) = words
            .split_last()
            .filter(|(_, sources)| !sources.is_empty())
        else {
            return Err(CliError::usage("at least two arguments required"));
        };
        let mut copy = Command::new("cp");
        if recursive {
            copy.arg("-r");
        }
        if options.iter().any(|option| is_short_flag(option, 'p')) {
            copy.arg("-p");
        }
        copy.arg("--");
        for source in sources {
            copy.arg(match place(source) {
                Place::Local(path) => path,
                Place::Remote { target, path } => {
                    source_on(&machine_of(session, &target)?.root, &path)
                }
            });
        }
        copy.arg(match place(destination) {
            Place::Local(path) => path,
            Place::Remote { target, path } => {
                destination_on(&machine_of(session, &target)?.root, &path)
            }
        });
        let status = copy.status().map_err(CliError::io("run cp"))?;
        if status.success() {
            Ok(())
        } else {
            Err(CliError::Exit(1))
        }
    }
}

fn is_short_flag(option: &str, flag: char) -> bool {
    option
        .strip_prefix('-')
        .is_some_and(|flags| !flags.starts_with('-') && flags.contains(flag))
}

/// `target:path` is remote unless a slash comes before the colon and the part before it is no unit.
fn place(word: &str) -> Place {
    let Some((target, path)) = word.split_once(':') else {
        return Place::Local(word.into());
    };
    let target = target.rsplit_once('@').map_or(target, |(_, target)| target);
    let is_machine = !target.is_empty() && target.bytes().all(|b| b.is_ascii_digit());
    if is_machine || names::is_unit(target) || names::is_leader(target) {
        Place::Remote {
            target: target.to_owned(),
            path: path.into(),
        }
    } else {
        Place::Local(word.into())
    }
}

/// The options of the scp client with their values, and the places to copy from and to.
fn options_and_words(words: &[String]) -> (Vec<&str>, Vec<&str>) {
    let (mut options, mut places) = (Vec::new(), Vec::new());
    let mut words = words
        .iter()
        .map(String::as_str)
        .filter(|word| *word != "--");
    while let Some(word) = words.next() {
        if !word.starts_with('-') {
            places.push(word);
            continue;
        }
        if takes_next_word(word, SCP_OPTIONS_WITH_VALUE) {
            words.next();
        }
        options.push(word);
    }
    (options, places)
}

/// What a program on the machine would find under `path`: the machine's own file, else this computer's, because
/// programs see both. Of temporary files they only see this computer's.
fn source_on(root: &Path, path: &Path) -> PathBuf {
    let own = below(root, path);
    if (is_temporary(path) || !own.exists()) && path.is_absolute() && path.exists() {
        return path.to_owned();
    }
    own
}

/// Where a program on the machine looks for `path`: below the machine's root, so that nothing of this computer is
/// overwritten, or where programs of both have their temporary files.
fn destination_on(root: &Path, path: &Path) -> PathBuf {
    if is_temporary(path) || path.starts_with(root) {
        return path.to_owned();
    }
    below(root, path)
}

fn is_temporary(path: &Path) -> bool {
    let leads_out = path.components().any(|part| part == Component::ParentDir);
    !leads_out && (path.starts_with("/tmp") || path.starts_with("/var/tmp"))
}

/// `path` on the machine as a path on this host; `..` does not lead out of the machine.
fn below(root: &Path, path: &Path) -> PathBuf {
    let mut inside: Vec<&std::ffi::OsStr> = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(name) if name == "~" && inside.is_empty() => {}
            Component::Normal(name) => inside.push(name),
            Component::ParentDir => {
                inside.pop();
            }
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    let mut out = root.to_owned();
    out.extend(inside);
    if out == root { root.join(".") } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remote_places_are_told_from_local_paths() {
        let remote = |target: &str, path: &str| Place::Remote {
            target: target.to_owned(),
            path: path.into(),
        };
        assert_eq!(place("pg/0:/etc/hosts"), remote("pg/0", "/etc/hosts"));
        assert_eq!(place("ubuntu@pg/leader:x"), remote("pg/leader", "x"));
        assert_eq!(place("0:x"), remote("0", "x"));
        assert_eq!(place("./odd:name"), Place::Local("./odd:name".into()));
        assert_eq!(place("/tmp/a"), Place::Local("/tmp/a".into()));
    }

    #[test]
    fn a_remote_path_stays_below_the_machine() {
        let root = Path::new("/lab/m/1");
        let cases = [
            ("/etc/hosts", "/lab/m/1/etc/hosts"),
            ("file", "/lab/m/1/file"),
            ("~/file", "/lab/m/1/file"),
            ("../../../etc/shadow", "/lab/m/1/etc/shadow"),
            ("/a/../../b", "/lab/m/1/b"),
            ("", "/lab/m/1/."),
        ];
        for (path, expected) in cases {
            assert_eq!(below(root, Path::new(path)), Path::new(expected), "{path}");
        }
    }

    #[test]
    fn options_of_the_ssh_client_come_before_the_command() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let cases = [
            ("ls -l", "ls -l"),
            ("-o LogLevel=ERROR -A ls -l", "ls -l"),
            ("-oLogLevel=ERROR -ti key ls", "ls"),
            ("-v -- -odd", "-odd"),
        ];
        for (line, command) in cases {
            assert_eq!(
                without_client_options(&words(line)),
                words(command),
                "{line}"
            );
        }
        assert_eq!(
            options_and_words(&words("-- -r -P 22 -o A=b pg/0:x y")),
            (vec!["-r", "-P", "-o"], vec!["pg/0:x", "y"])
        );
    }

    #[test]
    fn files_are_where_programs_of_the_machine_look_for_them() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        std::fs::create_dir(root.join("etc")).unwrap();
        std::fs::write(root.join("etc/passwd"), "").unwrap();
        let source = |path: &str| source_on(root, Path::new(path));
        assert_eq!(source("/etc/passwd"), root.join("etc/passwd"));
        assert_eq!(source("/etc/group"), Path::new("/etc/group"));
        assert_eq!(source("/no/such"), root.join("no/such"));
        assert_eq!(
            source(&root.join("etc").to_string_lossy()),
            root.join("etc")
        );

        let destination = |path: &str| destination_on(root, Path::new(path));
        assert_eq!(destination("/etc/group"), root.join("etc/group"));
        assert_eq!(destination("/tmp/x"), Path::new("/tmp/x"));
        assert_eq!(destination("/tmp/../etc/x"), root.join("etc/x"));
    }

    #[test]
    fn accounts_are_read_from_passwd() {
        let passwd =
            "root:x:0:0:root:/root:/bin/bash\npostgres:x:105:110::/var/lib/postgresql:/bin/bash\n";
        assert_eq!(account(passwd, "postgres"), Some((105, 110)));
        assert_eq!(account(passwd, "post"), None);
    }

    #[test]
    fn short_flags_may_be_joined() {
        assert!(is_short_flag("-rp", 'p'));
        assert!(!is_short_flag("--recursive", 'r'));
    }
}
