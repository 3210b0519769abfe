//! The binomial tree over relative ranks: the parent of a rank is the rank without its lowest set bit.

/// ⌈log2 n⌉, for n ≥ 1.
pub fn ceil_log2(n: u32) -> u32 {
    32 - (n.max(1) - 1).leading_zeros()
}

/// ⌊log2 n⌋, for n ≥ 1.
pub fn floor_log2(n: u32) -> u32 {
    31 - n.max(1).leading_zeros()
}

/// ⌈log n⌉ to base `radix`, for n ≥ 1.
pub fn levels(n: u32, radix: u32) -> u32 {
    let mut levels = 0;
    let mut reached = 1u64;
    while reached < n as u64 {
        reached *= radix as u64;
        levels += 1;
    }
    levels
}

/// The number with its lowest `bits` bits in the opposite order.
pub fn reversed(number: u32, bits: u32) -> u32 {
    if bits == 0 { number } else { number.reverse_bits() >> (32 - bits) }
}

/// What a rank has to do at one level of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// Nothing.
    None,
    /// To talk with its parent.
    Parent(u32),
    /// To talk with a child.
    Child(u32),
}

/// The edge of `rank` at the level whose parents and children are 2^`level` apart.
pub fn edge(rank: u32, size: u32, level: u32) -> Edge {
    let distance = 1u32 << level;
    if rank & (distance - 1) != 0 {
        Edge::None
    } else if rank & distance != 0 {
        Edge::Parent(rank - distance)
    } else if rank as u64 + (distance as u64) < size as u64 {
        Edge::Child(rank + distance)
    } else {
        Edge::None
    }
}

/// How many ranks the subtree of `rank` has: those from `rank` on.
pub fn subtree(rank: u32, size: u32) -> u32 {
    if rank == 0 { size } else { (1 << rank.trailing_zeros()).min(size - rank) }
}

/// How many set bits the numbers below `n` have together: the edges from the root to all blocks of a tree.
pub fn set_bits_below(n: u32) -> u64 {
    (0..32).map(|bit| with_bit_below(n, bit)).sum()
}

/// How many numbers below `n` have `bit` set.
pub fn with_bit_below(n: u32, bit: u32) -> u64 {
    let (n, half) = (n as u64, 1u64 << bit);
    n / (2 * half) * half + (n % (2 * half)).saturating_sub(half)
}

/// The bytes of a vector's parts, each as often as its number has set bits: what a binomial scatter or gather of
/// the parts moves.
pub fn bytes_by_set_bits(elements: u64, element_bytes: u64, parts: u32) -> u64 {
    let (short, longer) = (elements / parts as u64, elements % parts as u64);
    (short * set_bits_below(parts) + set_bits_below(longer as u32)) * element_bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms() {
        let check = |n, floor, ceil| assert_eq!((floor_log2(n), ceil_log2(n)), (floor, ceil), "{n}");
        check(1, 0, 0);
        check(2, 1, 1);
        check(3, 1, 2);
        check(4, 2, 2);
        check(5, 2, 3);
        check(1024, 10, 10);
    }

    #[test]
    fn every_rank_has_one_parent_and_its_subtree() {
        for size in 1..70 {
            let mut seen = 0;
            for rank in 0..size {
                let mut below = 1;
                for level in 0..ceil_log2(size) {
                    match edge(rank, size, level) {
                        Edge::Parent(p) => {
                            assert_eq!(edge(p, size, level), Edge::Child(rank));
                            seen += 1;
                        }
                        Edge::Child(c) => below += subtree(c, size),
                        Edge::None => {}
                    }
                }
                assert_eq!(below, subtree(rank, size));
            }
            assert_eq!(seen, size - 1);
        }
    }

    #[test]
    fn set_bits() {
        for n in 0..200u32 {
            assert_eq!(set_bits_below(n), (0..n).map(|i| i.count_ones() as u64).sum::<u64>());
        }
    }
}
