//! Where a value stands on an axis, and where its ticks are.

/// How values are spread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scale {
    /// By the logarithm, with ticks at powers of this.
    Powers(f64),
    /// From 0 to 100.
    Hundred,
}

/// An axis from one place of the picture to another.
pub(crate) struct Axis {
    scale: Scale,
    /// The least and the largest value, in the scale's own measure.
    ends: (f64, f64),
    places: (f64, f64),
}

/// More ticks than this can't be read.
const TICKS_MAX: usize = 12;

impl Axis {
    /// An axis for these values.
    pub(crate) fn new(scale: Scale, values: impl Iterator<Item = f64>, from: f64, to: f64) -> Axis {
        let ends = match scale {
            Scale::Hundred => (0.0, 100.0),
            Scale::Powers(base) => {
                let (least, most) = values
                    .filter(|value| *value > 0.0)
                    .map(|value| value.log(base))
                    .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| {
                        (least.min(value), most.max(value))
                    });
                // A small error of the logarithm would add a power.
                let (least, most) = ((least + 1e-9).floor(), (most - 1e-9).ceil());
                match (least.is_finite() && most.is_finite(), least < most) {
                    (false, _) => (0.0, 1.0),
                    (true, false) => (least, least + 1.0),
                    (true, true) => (least, most),
                }
            }
        };
        Axis { scale, ends, places: (from, to) }
    }

    /// Where a value stands; one that no logarithm has stands at the beginning.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let measure = match self.scale {
            Scale::Hundred => value,
            Scale::Powers(_) if value <= 0.0 => self.ends.0,
            Scale::Powers(base) => value.log(base),
        };
        let part = ((measure - self.ends.0) / (self.ends.1 - self.ends.0)).clamp(0.0, 1.0);
        self.places.0 + part * (self.places.1 - self.places.0)
    }

    /// Values that are marked, with their places.
    pub(crate) fn ticks(&self) -> Vec<(f64, f64)> {
        let values: Vec<f64> = match self.scale {
            Scale::Hundred => [0.0, 25.0, 50.0, 75.0, 100.0].to_vec(),
            Scale::Powers(base) => {
                let (first, last) = (self.ends.0 as i32, self.ends.1 as i32);
                let step = (last - first) as usize / TICKS_MAX + 1;
                (first..=last).step_by(step).map(|power| base.powi(power)).collect()
            }
        };
        values.into_iter().map(|value| (value, self.place(value))).collect()
    }
}

/// A power of ten as people read it.
pub(crate) fn number(value: f64) -> String {
    match value {
        value if value >= 1e6 => format!("{}M", value / 1e6),
        value if value >= 1e3 => format!("{}k", value / 1e3),
        value if value >= 1.0 || value == 0.0 => format!("{value}"),
        value => format!("{:.*}", (-value.log10()).round().max(0.0) as usize, value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_spread_evenly() {
        let axis = Axis::new(Scale::Powers(2.0), [1.0, 1024.0].into_iter(), 0.0, 100.0);
        assert_eq!((axis.place(1.0), axis.place(32.0), axis.place(1024.0)), (0.0, 50.0, 100.0));
        assert_eq!(axis.place(0.0), 0.0);
        assert_eq!(axis.ticks().len(), 11);
        let axis = Axis::new(Scale::Powers(2.0), [1.0, (1u64 << 30) as f64].into_iter(), 0.0, 100.0);
        assert!(axis.ticks().len() <= TICKS_MAX);
    }

    #[test]
    fn axes_exist_for_any_values() {
        for values in [vec![], vec![0.0], vec![8.0], vec![1e-300, 1e300]] {
            let axis = Axis::new(Scale::Powers(10.0), values.iter().copied(), 10.0, 0.0);
            assert!(
                axis.ticks().iter().all(|(value, place)| value.is_finite() && place.is_finite()),
                "{values:?}"
            );
            assert!(values.iter().all(|value| (0.0..=10.0).contains(&axis.place(*value))));
        }
    }

    #[test]
    fn numbers() {
        for (value, text) in
            [(0.0, "0"), (0.001, "0.001"), (0.1, "0.1"), (1.0, "1"), (1e3, "1k"), (1e7, "10M")]
        {
            assert_eq!(number(value), text);
        }
    }
}
