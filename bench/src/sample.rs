//! Several figures of one thing: the median and how far they spread.

/// Figures in the order in which they were taken.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample(Vec<f64>);

impl Sample {
    /// Adds a figure; what is no number (a limit that this machine denies, a run that failed) is left out.
    pub fn push(&mut self, figure: f64) {
        if figure.is_finite() {
            self.0.push(figure);
        }
    }

    /// The figures.
    pub fn figures(&self) -> &[f64] {
        &self.0
    }

    /// The middle one, or the mean of the two in the middle.
    pub fn median(&self) -> Option<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let (lower, upper) = (sorted.get((sorted.len().max(1) - 1) / 2)?, sorted.get(sorted.len() / 2)?);
        Some((lower + upper) / 2.0)
    }

    /// The smallest and the largest.
    pub fn spread(&self) -> Option<(f64, f64)> {
        let least = self.0.iter().copied().min_by(f64::total_cmp)?;
        let most = self.0.iter().copied().max_by(f64::total_cmp)?;
        Some((least, most))
    }

    /// `median (least to most)`, or a dash.
    pub fn spelled(&self) -> String {
        match (self.median(), self.spread()) {
            (Some(median), Some((least, most))) if self.0.len() > 1 => {
                format!("{} ({} to {})", digits(median), digits(least), digits(most))
            }
            (Some(median), _) => digits(median),
            _ => "–".to_owned(),
        }
    }
}

/// A figure with three digits that count.
pub fn digits(figure: f64) -> String {
    match figure.abs() {
        size if size >= 100.0 => format!("{figure:.0}"),
        size if size >= 10.0 => format!("{figure:.1}"),
        size if size >= 0.1 => format!("{figure:.2}"),
        size if size >= 0.001 => format!("{figure:.4}"),
        0.0 => "0".to_owned(),
        _ => format!("{figure:.1e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_spreads() {
        let sample = |figures: &[f64]| {
            let mut sample = Sample::default();
            figures.iter().for_each(|figure| sample.push(*figure));
            sample
        };
        assert_eq!(sample(&[]).median(), None);
        assert_eq!(sample(&[3.0]).spelled(), "3.00");
        assert_eq!(sample(&[3.0, 1.0, f64::NAN, 2.0]).median(), Some(2.0));
        assert_eq!(sample(&[4.0, 1.0, 2.0, 3.0]).median(), Some(2.5));
        assert_eq!(sample(&[250.0, 100.0, 12.0]).spelled(), "100 (12.0 to 250)");
    }

    #[test]
    fn figures_keep_three_digits() {
        let check = |figure, expected: &str| assert_eq!(digits(figure), expected);
        check(1234.5, "1234");
        check(12.345, "12.3");
        check(1.2345, "1.23");
        check(0.012345, "0.0123");
        check(0.0, "0");
        check(0.00001234, "1.2e-5");
    }
}
