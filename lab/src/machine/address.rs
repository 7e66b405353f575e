//! Addresses of one lab: a `/24` of the loopback network chosen by the lab's home, so that labs beside each
//! other on one computer do not share ports.

use std::net::Ipv4Addr;
use std::path::Path;

/// Machine 0 has this number as the last byte of its address.
const FIRST_MACHINE: u32 = 10;
const OBJECT_STORE: u8 = 5;

/// The lab's subnet `127.x.y.0/24`. It follows from the home's path alone and never is `127.0.y.0/24`,
/// where a computer's own services listen.
pub fn subnet(home: &Path) -> [u8; 3] {
    // FNV-1a: the answer must stay the same over every build of the lab, so the standard hasher will not do.
    let mut hash: u32 = 0x811c_9dc5;
    for byte in home.as_os_str().as_encoded_bytes() {
        hash = (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    }
    let [high, low, a, b] = hash.to_be_bytes();
    [127, 1 + (high ^ a) % 254, low ^ b]
}

/// Address of machine `number`; none when the subnet has no address left for it.
pub fn machine(home: &Path, number: u32) -> Option<Ipv4Addr> {
    let last = number.checked_add(FIRST_MACHINE)?;
    let last = u8::try_from(last).ok().filter(|last| *last < 255)?;
    let [a, b, c] = subnet(home);
    Some(Ipv4Addr::new(a, b, c, last))
}

/// Address of the lab's object store.
pub fn object_store(home: &Path) -> Ipv4Addr {
    let [a, b, c] = subnet(home);
    Ipv4Addr::new(a, b, c, OBJECT_STORE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lab_keeps_its_subnet_and_another_home_has_another() {
        let one = subnet(Path::new("/var/lib/juju-lab"));
        assert_eq!(one, subnet(Path::new("/var/lib/juju-lab")));
        assert_ne!(one, subnet(Path::new("/var/lib/juju-lab2")));
    }

    #[test]
    fn machines_are_counted_from_ten_and_end_before_the_broadcast_address() {
        let home = Path::new("/var/lib/juju-lab");
        let last = |number| machine(home, number).map(|address| address.octets()[3]);
        assert_eq!(last(0), Some(10));
        assert_eq!(last(244), Some(254));
        assert_eq!(last(245), None);
        assert_eq!(last(u32::MAX), None);
    }

    #[test]
    fn the_object_store_shares_the_subnet_of_the_machines() {
        let home = Path::new("/srv/lab");
        let [a, b, c] = subnet(home);
        assert_eq!(object_store(home), Ipv4Addr::new(a, b, c, 5));
        assert_ne!(b, 0);
    }
}
