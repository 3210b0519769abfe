//! The addresses of this host's network interfaces.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// One address of one interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceAddress {
    /// The interface's name, for example `eth0`.
    pub name: String,
    /// The address.
    pub address: IpAddr,
    /// It is the host's own loop.
    pub loopback: bool,
}

/// The addresses of all interfaces that are up, in the kernel's order.
///
/// # Errors
/// When the kernel doesn't tell.
pub fn addresses() -> io::Result<Vec<InterfaceAddress>> {
    let mut first = std::ptr::null_mut();
    // SAFETY: `first` is a place for the list's head.
    if unsafe { libc::getifaddrs(&mut first) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let mut found = Vec::new();
    let mut next = first;
    while !next.is_null() {
        // SAFETY: an entry of the list, which is freed only below.
        let entry = unsafe { &*next };
        next = entry.ifa_next;
        let up = entry.ifa_flags & libc::IFF_UP as u32 != 0;
        // SAFETY: the entry's address is null or a valid socket address of the length that its family has.
        let Some(address) = (unsafe { ip_address(entry.ifa_addr) }).filter(|_| up) else { continue };
        // SAFETY: the name is a string that ends in zero.
        let name = unsafe { std::ffi::CStr::from_ptr(entry.ifa_name) };
        found.push(InterfaceAddress {
            name: name.to_string_lossy().into_owned(),
            address,
            loopback: entry.ifa_flags & libc::IFF_LOOPBACK as u32 != 0,
        });
    }
    // SAFETY: the list that getifaddrs made; nothing of it is kept.
    unsafe { libc::freeifaddrs(first) };
    Ok(found)
}

/// # Safety
/// `address` is null or points to a socket address of the length that its family has.
unsafe fn ip_address(address: *const libc::sockaddr) -> Option<IpAddr> {
    if address.is_null() {
        return None;
    }
    // SAFETY: not null, and every socket address has its family.
    match unsafe { (*address).sa_family } as i32 {
        libc::AF_INET => {
            // SAFETY: by its family it is one of these; the kernel's entries may lie unaligned.
            let address = unsafe { address.cast::<libc::sockaddr_in>().read_unaligned() };
            Some(Ipv4Addr::from(u32::from_be(address.sin_addr.s_addr)).into())
        }
        libc::AF_INET6 => {
            // SAFETY: as above.
            let address = unsafe { address.cast::<libc::sockaddr_in6>().read_unaligned() };
            Some(Ipv6Addr::from(address.sin6_addr.s6_addr).into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_loop_is_among_them() {
        let found = super::addresses().unwrap();
        assert!(found.iter().any(|one| one.loopback && one.address.is_loopback()), "{found:?}");
    }
}
