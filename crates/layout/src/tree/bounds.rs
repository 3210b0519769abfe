//! Where a layout begins and ends, in checked arithmetic.

use super::LayoutError;

/// From `low` to `high`, in bytes from a layout's origin. `high` may be below `low` where the program said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub low: i64,
    pub high: i64,
}

impl Span {
    /// The hull of both.
    pub fn union(self, other: Span) -> Span {
        Span { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    pub fn shifted(self, by: i64) -> Result<Span, LayoutError> {
        Ok(Span { low: add(self.low, by)?, high: add(self.high, by)? })
    }

    /// The hull of `count` of them (at least one), each `stride` bytes after the one before.
    pub fn repeated(self, count: u64, stride: i64) -> Result<Span, LayoutError> {
        Ok(self.union(self.shifted(times(count - 1, stride)?)?))
    }
}

/// What bounds a layout.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// What it occupies when layouts follow each other; none of an empty layout.
    pub occupied: Option<Span>,
    /// Whether the program has set that, by resizing this layout or one in it.
    pub set: bool,
    /// From the first to the last byte of its data; none if it has no bytes.
    pub data: Option<Span>,
}

impl Bounds {
    pub const EMPTY: Bounds = Bounds { occupied: None, set: false, data: None };

    /// The bounds of both. MPI 5.0 §5.1.7: bounds that were set hide those that were not.
    pub fn union(self, other: Bounds) -> Bounds {
        let hull = |a: Option<Span>, b: Option<Span>| match (a, b) {
            (Some(a), Some(b)) => Some(a.union(b)),
            (a, b) => a.or(b),
        };
        let occupied = match (self.set, other.set) {
            (true, false) => self.occupied,
            (false, true) => other.occupied,
            _ => hull(self.occupied, other.occupied),
        };
        Bounds { occupied, set: self.set || other.set, data: hull(self.data, other.data) }
    }

    /// The hull of it wherever it is put.
    pub fn over(self, reach: Reach) -> Result<Bounds, LayoutError> {
        self.each(|span| Ok(Span { low: add(span.low, reach.low)?, high: add(span.high, reach.high)? }))
    }

    pub fn repeated(self, count: u64, stride: i64) -> Result<Bounds, LayoutError> {
        match count {
            0 => Ok(Bounds::EMPTY),
            _ => self.each(|span| span.repeated(count, stride)),
        }
    }

    fn each(self, change: impl Fn(Span) -> Result<Span, LayoutError>) -> Result<Bounds, LayoutError> {
        let occupied = self.occupied.map(&change).transpose()?;
        Ok(Bounds { occupied, data: self.data.map(&change).transpose()?, ..self })
    }

    /// Refuses what is wider than a signed number of 64 bits can say.
    pub fn checked(self) -> Result<Bounds, LayoutError> {
        for span in [self.occupied, self.data].into_iter().flatten() {
            span.high.checked_sub(span.low).ok_or(LayoutError::Overflow)?;
        }
        Ok(self)
    }
}

/// The lowest and the highest displacement at which something is put.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reach {
    low: i64,
    high: i64,
}

impl Reach {
    /// Of `count` elements (at least one) in a row, the first of them at this displacement.
    #[inline]
    pub fn row(count: u64, at: i64, extent: i64) -> Result<Reach, LayoutError> {
        let last = match count {
            1 => at,
            _ => add(at, times(count - 1, extent)?)?,
        };
        Ok(Reach { low: last.min(at), high: last.max(at) })
    }

    /// The hull of both.
    #[inline]
    pub fn union(self, other: Reach) -> Reach {
        Reach { low: self.low.min(other.low), high: self.high.max(other.high) }
    }
}

#[inline]
pub(crate) fn add(a: i64, b: i64) -> Result<i64, LayoutError> {
    a.checked_add(b).ok_or(LayoutError::Overflow)
}

/// `count` times `each`.
#[inline]
pub(crate) fn times(count: u64, each: i64) -> Result<i64, LayoutError> {
    match i64::try_from(count) {
        Ok(count) => count.checked_mul(each).ok_or(LayoutError::Overflow),
        Err(_) => i64::try_from(count as i128 * each as i128).map_err(|_| LayoutError::Overflow),
    }
}
