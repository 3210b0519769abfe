//! What the derive of a fieldless enum is made of. A discriminant is an `i128`, of which the low bytes travel.

/// The fewest bytes (1, 2, 4, 8 or 16) that keep all discriminants distinct, as signed or as unsigned numbers; none
/// for an enum of one variant.
pub const fn bytes(discriminants: &[i128]) -> usize {
    let (mut low, mut high, mut i) = (i128::MAX, i128::MIN, 0);
    while i < discriminants.len() {
        if discriminants[i] < low {
            low = discriminants[i];
        }
        if discriminants[i] > high {
            high = discriminants[i];
        }
        i += 1;
    }
    if low >= high {
        return 0;
    }
    let mut bytes = 1;
    while bytes < 16 {
        let bits = 8 * bytes as u32;
        let signed = low >= -(1i128 << (bits - 1)) && high < 1i128 << (bits - 1);
        let unsigned = low >= 0 && high < 1i128 << bits;
        if signed || unsigned {
            return bytes;
        }
        bytes *= 2;
    }
    16
}

/// The low `bytes` bytes of a discriminant.
#[inline(always)]
pub const fn low(discriminant: i128, bytes: usize) -> u128 {
    match bytes {
        16 => discriminant as u128,
        _ => discriminant as u128 & ((1 << (8 * bytes)) - 1),
    }
}

/// Writes the low bytes of a discriminant, in the machine's order.
#[inline(always)]
pub fn pack(discriminant: i128, into: &mut [u8]) {
    let bytes = discriminant.to_ne_bytes();
    let at = if cfg!(target_endian = "little") { 0 } else { 16 - into.len() };
    into.copy_from_slice(&bytes[at..][..into.len()]);
}

/// Reads what [`pack`] wrote, as [`low`] would give it.
#[inline(always)]
pub fn unpack(from: &[u8]) -> u128 {
    let mut bytes = [0; 16];
    let at = if cfg!(target_endian = "little") { 0 } else { 16 - from.len() };
    bytes[at..][..from.len()].copy_from_slice(from);
    u128::from_ne_bytes(bytes)
}

/// A hash of an enum's name and variants (FNV-1a).
pub const fn code(name: &str, variants: &[(&str, i128)]) -> u64 {
    let mut hash = text(0xcbf2_9ce4_8422_2325, name);
    let mut i = 0;
    while i < variants.len() {
        hash = text(hash, variants[i].0);
        let number = variants[i].1.to_le_bytes();
        let mut k = 0;
        while k < number.len() {
            hash = step(hash, number[k]);
            k += 1;
        }
        i += 1;
    }
    hash
}

const fn text(mut hash: u64, text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        hash = step(hash, bytes[i]);
        i += 1;
    }
    step(hash, 0xff)
}

const fn step(hash: u64, byte: u8) -> u64 {
    (hash ^ byte as u64).wrapping_mul(0x100_0000_01b3)
}
