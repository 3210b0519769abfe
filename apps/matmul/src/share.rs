//! Who gets how much: a range split into nearly equal parts.

use std::ops::Range;

/// Part `index` of `total` things dealt to `parts`: the first `total % parts` get one more. Parts may be empty.
pub fn share(total: usize, parts: usize, index: usize) -> Range<usize> {
    let (each, more) = (total / parts, total % parts);
    let start = index * each + index.min(more);
    start..start + each + usize::from(index < more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_cover_everything_once_and_differ_by_one() {
        for total in 0..40 {
            for parts in 1..12 {
                let shares: Vec<_> = (0..parts).map(|index| share(total, parts, index)).collect();
                assert_eq!(shares[0].start, 0);
                assert_eq!(shares[parts - 1].end, total);
                assert!(shares.windows(2).all(|pair| pair[0].end == pair[1].start));
                let (least, most) =
                    (shares.iter().map(|s| s.len()).min(), shares.iter().map(|s| s.len()).max());
                assert!(most.unwrap() - least.unwrap() <= 1);
            }
        }
    }
}
