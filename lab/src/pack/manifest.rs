//! `manifest.yaml`: the bases of `charmcraft.yaml`, as far as the program can run on them.

use juju_charm_files::{Charmcraft, Manifest};

use super::{PackError, Request};

pub(super) fn text(
    request: &Request,
    charmcraft: Option<&str>,
    dispatch: &[u8],
) -> Result<String, PackError> {
    let directory = &request.from;
    let Some(charmcraft) = charmcraft else {
        return Err(PackError::NoBases(directory.clone()));
    };
    let charmcraft = Charmcraft::parse(charmcraft).map_err(|source| PackError::Files {
        directory: directory.clone(),
        source,
    })?;
    let mut bases = charmcraft.bases();
    if let Some(built) = architecture(dispatch) {
        let mut named: Vec<String> = bases
            .iter()
            .flat_map(|base| base.architectures.clone())
            .collect();
        named.sort();
        named.dedup();
        // A base without architectures is for any.
        bases.retain(|base| {
            base.architectures.is_empty() || base.architectures.iter().any(|name| name == built)
        });
        for base in &mut bases {
            base.architectures = vec![built.to_owned()];
        }
        if bases.is_empty() {
            return Err(PackError::Architecture {
                dispatch: request.dispatch.clone(),
                built,
                named: named.join(", "),
            });
        }
    }
    let manifest = Manifest {
        bases,
        ..Manifest::default()
    };
    serde_yaml::to_string(&manifest).map_err(|error| PackError::Io {
        operation: "write",
        path: "manifest.yaml".into(),
        source: std::io::Error::other(error),
    })
}

/// For which architecture an ELF program was built, by Debian's names; none for a script.
fn architecture(program: &[u8]) -> Option<&'static str> {
    const LITTLE_ENDIAN: u8 = 1;
    if program.get(..4)? != b"\x7fELF" {
        return None;
    }
    let machine = [*program.get(18)?, *program.get(19)?];
    let machine = if *program.get(5)? == LITTLE_ENDIAN {
        u16::from_le_bytes(machine)
    } else {
        u16::from_be_bytes(machine)
    };
    Some(match machine {
        0x3e => "amd64",
        0xb7 => "arm64",
        0x15 => "ppc64el",
        0x16 => "s390x",
        0xf3 => "riscv64",
        0x28 => "armhf",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_tells_its_architecture_and_a_script_does_not() {
        let mut program = vec![0; 20];
        program[..6].copy_from_slice(b"\x7fELF\x02\x01");
        program[18] = 0xb7;
        assert_eq!(architecture(&program), Some("arm64"));
        assert_eq!(architecture(b"#!/bin/sh\n"), None);
        assert_eq!(architecture(b"\x7fELF"), None);
    }
}
