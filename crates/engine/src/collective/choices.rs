//! The algorithms chosen lately, so that a program that repeats its collectives prices each only once.

use super::{Algorithm, Case, Forced, Price, choose};

/// As many cases as are kept: a power of two.
const KEPT: usize = 16;

/// A choice that was made.
#[derive(Clone, Copy, Debug)]
struct Choice {
    case: Case,
    price: &'static Price,
    algorithm: &'static Algorithm,
}

/// The choices made lately, each at the place that its case gives.
#[derive(Debug, Default)]
pub(crate) struct Choices {
    /// What the user has named goes before.
    forced: Forced,
    kept: [Option<Choice>; KEPT],
}

impl Choices {
    /// No choices yet but those that the user has made.
    pub(crate) fn new(forced: Forced) -> Choices {
        Choices { forced, ..Choices::default() }
    }

    /// As [`choose`], unless another was named.
    #[inline]
    pub(crate) fn choose(&mut self, case: &Case, price: &'static Price) -> &'static Algorithm {
        if let Some(forced) = self.forced.choice(case) {
            return forced;
        }
        let kept = &mut self.kept[place(case)];
        match kept {
            Some(kept) if std::ptr::eq(kept.price, price) && kept.case == *case => kept.algorithm,
            _ => {
                let algorithm = choose(case, price);
                *kept = Some(Choice { case: *case, price, algorithm });
                algorithm
            }
        }
    }
}

/// Spreads cases that differ in operation, size or length.
fn place(case: &Case) -> usize {
    let mixed = case.elements.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    (mixed as usize ^ case.collective as usize ^ (case.size as usize) << 2) % KEPT
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collective::Collective;

    #[test]
    fn what_is_kept_is_what_would_be_chosen() {
        let mut choices = Choices::default();
        for round in 0..3 {
            for elements in (0..200).chain([1 << 20]) {
                for collective in [Collective::Broadcast, Collective::AllReduce, Collective::AllToAll] {
                    for price in [&Price::SHARED_MEMORY, &Price::SOCKET] {
                        let mut case = Case::new(collective, 7, elements, 8);
                        case.commutative = (elements + round) % 2 == 0;
                        assert_eq!(choices.choose(&case, price), choose(&case, price), "{case:?}");
                    }
                }
            }
        }
    }
}
