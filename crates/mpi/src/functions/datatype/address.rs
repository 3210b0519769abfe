//! Addresses (MPI 5.0 §5.1.5).

use crate::Result;
use crate::pointer::{Address, Out};

pub fn get_address(location: Address, address: Out<i64>) -> Result {
    address.set(location.0.expose_provenance() as i64)
}

pub fn aint_add(base: i64, disp: i64) -> i64 {
    base.wrapping_add(disp)
}

pub fn aint_diff(addr1: i64, addr2: i64) -> i64 {
    addr1.wrapping_sub(addr2)
}
