//! What travels, so that it can be told whether it has arrived.

/// The value number `index` of `rank` in batch `round`: small, so that sums over all ranks are exact, and another one in each
/// batch, so that what a former batch left behind is not taken for it.
pub(crate) fn value(round: u64, rank: usize, index: usize) -> u8 {
    ((round * 7 + rank as u64 * 13 + index as u64 + index as u64 / 61) % 61) as u8
}

/// What no batch sends.
pub(crate) const POISON: u8 = 255;

/// Fills a buffer with what a rank sends in a batch.
pub(crate) fn fill(buffer: &mut [u8], round: u64, rank: usize) {
    buffer.iter_mut().enumerate().for_each(|(index, byte)| *byte = value(round, rank, index));
}

/// What is wrong with a buffer that should hold what a rank sent in a batch.
pub(crate) fn wrong(buffer: &[u8], round: u64, rank: usize) -> Option<String> {
    let at = buffer.iter().enumerate().position(|(index, byte)| *byte != value(round, rank, index))?;
    let (found, expected) = (buffer[at], value(round, rank, at));
    Some(format!("byte {at} of {} is {found} and should be {expected}", buffer.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planted_fault_is_found() {
        let mut buffer = vec![0; 1000];
        fill(&mut buffer, 3, 1);
        assert_eq!(wrong(&buffer, 3, 1), None);
        assert!(wrong(&buffer, 4, 1).is_some() && wrong(&buffer, 3, 0).is_some());
        buffer[999] ^= 1;
        assert!(wrong(&buffer, 3, 1).unwrap().starts_with("byte 999 of 1000 is "));
    }
}
