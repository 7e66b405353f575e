//! Every hook tool, twice: recording what the real ones answer in a unit, and giving the same answers afterwards.
//!
//! Juju's own hook tools cost milliseconds each and depend on its controller. To measure the charm alone, one real
//! dispatch is recorded, and then repeated with answers that cost a process start and one read.
//!
//! * `BENCH_RECORDINGS`: the folder of recorded answers.
//! * `BENCH_REAL_PATH`: where the real tools are; when it is set, this records.
//! * `BENCH_CALLS`: a file that gets one line for each call.
//!
//! One file without dependencies: `scripts/bench` compiles it with `rustc`.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

fn main() -> ExitCode {
    match run() {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            let _ = writeln!(io::stderr(), "ERROR {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> io::Result<u8> {
    let mut args = std::env::args();
    let own = args.next().unwrap_or_default();
    let tool = own.rsplit('/').next().unwrap_or_default().to_owned();
    let args: Vec<String> = args.collect();
    let input = input(&args)?;
    if let Some(calls) = std::env::var_os("BENCH_CALLS") {
        let mut calls = fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(calls)?;
        calls.write_all(format!("{tool}\n").as_bytes())?;
    }
    let folder = std::env::var_os("BENCH_RECORDINGS").unwrap_or_default();
    let file = Path::new(&folder).join(format!("{tool}-{:016x}", key(&args, &input)?));
    match std::env::var("BENCH_REAL_PATH") {
        Ok(path) => record(&path, &tool, &args, &input, &file),
        Err(_) => replay(&file),
    }
}

/// What comes by standard input; only a file called `-` means that there is some.
fn input(args: &[String]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let comes = args.windows(2).any(|pair| pair == ["--file", "-"]);
    if comes {
        io::stdin().lock().read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// The same question has the same key. Names of temporary files change, their content counts.
fn key(args: &[String], input: &[u8]) -> io::Result<u64> {
    let mut hash = Fnv::new();
    let mut previous = "";
    for arg in args {
        if previous == "--file" && arg != "-" {
            hash.add(&fs::read(arg)?);
        } else {
            hash.add(arg.as_bytes());
        }
        previous = arg;
    }
    hash.add(input);
    Ok(hash.0)
}

struct Fnv(u64);

impl Fnv {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes.iter().chain(&[0]) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

fn record(path: &str, tool: &str, args: &[String], input: &[u8], file: &Path) -> io::Result<u8> {
    let real = path
        .split(':')
        .map(|folder| PathBuf::from(folder).join(tool))
        .find(|candidate| candidate.is_file())
        .ok_or_else(|| io::Error::other(format!("there is no real {tool}")))?;
    let mut child = Command::new(real)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut pipe) = child.stdin.take() {
        pipe.write_all(input)?;
    }
    let output = child.wait_with_output()?;
    let code = u8::try_from(output.status.code().unwrap_or(1)).unwrap_or(1);
    let mut recording = format!("{code} {}\n", output.stdout.len()).into_bytes();
    recording.extend_from_slice(&output.stdout);
    recording.extend_from_slice(&output.stderr);
    fs::write(file, recording)?;
    io::stdout().write_all(&output.stdout)?;
    io::stderr().write_all(&output.stderr)?;
    Ok(code)
}

/// A question that was not asked while recording is one that writes: it is answered with nothing.
fn replay(file: &Path) -> io::Result<u8> {
    let recording = match fs::read(file) {
        Ok(recording) => recording,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let wrong = || io::Error::other(format!("{} is no recording", file.display()));
    let end = recording
        .iter()
        .position(|byte| *byte == b'\n')
        .ok_or_else(wrong)?;
    let head = std::str::from_utf8(&recording[..end]).map_err(|_| wrong())?;
    let (code, length) = head.split_once(' ').ok_or_else(wrong)?;
    let length: usize = length.parse().map_err(|_| wrong())?;
    let (stdout, stderr) = recording[end + 1..]
        .split_at_checked(length)
        .ok_or_else(wrong)?;
    io::stdout().write_all(stdout)?;
    io::stderr().write_all(stderr)?;
    code.parse().map_err(|_| wrong())
}
