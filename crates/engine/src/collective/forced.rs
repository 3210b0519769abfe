//! Algorithms that a user has named for collectives, in the place of the cheapest.

use super::case::{Case, Collective};
use super::table::{self, Algorithm, NoSuchAlgorithm};

/// At most one algorithm for each collective. All processes of a job are told the same.
#[derive(Clone, Copy, Debug, Default)]
pub struct Forced {
    rows: [Option<&'static Algorithm>; Collective::ALL.len()],
}

impl Forced {
    /// Names the algorithm for the collective with this name; `None` if there is no such collective.
    ///
    /// ```
    /// # use archipelago_engine::collective::Forced;
    /// let mut forced = Forced::default();
    /// assert_eq!(forced.set("all-reduce", "ring"), Some(Ok(())));
    /// assert!(forced.set("all-reduce", "magic").unwrap().is_err());
    /// assert!(forced.set("pool_bytes", "7").is_none());
    /// ```
    pub fn set(&mut self, collective: &str, algorithm: &str) -> Option<Result<(), NoSuchAlgorithm>> {
        let place = Collective::ALL.iter().position(|one| one.name() == collective)?;
        let named = table::named(Collective::ALL[place], algorithm);
        Some(named.map(|algorithm| self.rows[place] = Some(algorithm)))
    }

    /// What was named for a case, if that fits it: where it doesn't, the cheapest is taken.
    #[inline]
    pub fn choice(&self, case: &Case) -> Option<&'static Algorithm> {
        self.rows[case.collective as usize].filter(|algorithm| algorithm.fits(case))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_is_chosen_where_it_fits() {
        let mut forced = Forced::default();
        for collective in Collective::ALL {
            for algorithm in table::of(collective) {
                forced.set(collective.name(), algorithm.name).unwrap().unwrap();
                let case = Case { board: Some(4096), ..Case::new(collective, 8, 4, 8) };
                assert_eq!(forced.choice(&case).is_some(), algorithm.fits(&case), "{algorithm:?}");
                assert!(forced.choice(&case).is_none_or(|choice| choice == algorithm));
            }
        }
        let ordered = Case { commutative: false, ..Case::new(Collective::AllReduce, 8, 4, 8) };
        forced.set("all-reduce", "ring").unwrap().unwrap();
        assert_eq!(forced.choice(&ordered), None);
    }
}
