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

    /// The figure below which this part of them lies, between two of them in proportion (the method of most programs: R's type 7).
    pub fn quantile(&self, part: f64) -> Option<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let place = part.clamp(0.0, 1.0) * sorted.len().checked_sub(1)? as f64;
        let (lower, upper) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
        Some(lower + (upper - lower) * place.fract())
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

impl FromIterator<f64> for Sample {
    fn from_iter<I: IntoIterator<Item = f64>>(figures: I) -> Sample {
        let mut sample = Sample::default();
        figures.into_iter().for_each(|figure| sample.push(figure));
        sample
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

/// A ratio with three significant digits: 1.05, 0.00244, 410.
pub fn significant(ratio: f64) -> String {
    let places = match ratio.abs() {
        0.0 => return "0".to_owned(),
        size => (2.0 - size.log10().floor()).clamp(0.0, 9.0),
    };
    format!("{ratio:.*}", places as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_have_three_digits() {
        let check = |ratio, expected| assert_eq!(significant(ratio), expected);
        check(1.049, "1.05");
        check(0.002_438, "0.00244");
        check(0.5, "0.500");
        check(410.4, "410");
        check(12_345.0, "12345");
        check(0.0, "0");
        check(-2.5, "-2.50");
    }

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
    fn quantiles_lie_between_the_figures() {
        let sample: Sample = [4.0, 1.0, 3.0, 2.0].into_iter().collect();
        assert_eq!(sample.quantile(0.5), sample.median());
        assert_eq!(sample.quantile(0.25), Some(1.75));
        assert_eq!((sample.quantile(0.0), sample.quantile(1.0)), (Some(1.0), Some(4.0)));
        assert_eq!(Sample::default().quantile(0.5), None);
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
