//! Parts of arrays: subarrays, and what a process holds of a distributed array.

use super::bounds::{Bounds, Span, times};
use super::construct::times_signed;
use super::layout::Facts;
use super::{Constructor, Dimension, Distribution, Layout, LayoutError, Order};

/// The indices of one dimension that are part of it: whole blocks, and at last a shorter one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    /// Whole blocks.
    pub blocks: u64,
    /// Elements of a whole block.
    pub block: u64,
    /// The first index.
    pub first: u64,
    /// From one block to the next; 0 where there is at most one.
    pub step: u64,
    /// Elements of the last block, if it is shorter.
    pub rest: u64,
}

impl Share {
    /// How many indices.
    fn count(&self) -> u64 {
        self.blocks * self.block + self.rest
    }

    /// The index at which the shorter block begins.
    pub fn rest_first(&self) -> u64 {
        self.first + self.blocks * self.step
    }

    /// The part from `start` on.
    fn slice(start: u64, length: u64) -> Share {
        Share { blocks: (length > 0) as u64, block: length, first: start, step: 0, rest: 0 }
    }

    /// What a process gets of `size` elements that are dealt to so many processes in blocks of `block`.
    fn dealt(size: u64, block: u64, processes: u64, process: u64) -> Share {
        let all = size.div_ceil(block);
        if process >= all {
            return Share::slice(0, 0);
        }
        let owned = (all - 1 - process) / processes + 1;
        let last = process + (owned - 1) * processes;
        let shorter = last == all - 1 && !size.is_multiple_of(block);
        let blocks = owned - shorter as u64;
        // A second block lies within the size, and then so does the step.
        let step = if owned > 1 { block * processes } else { 0 };
        Share { blocks, block, first: process * block, step, rest: if shorter { size % block } else { 0 } }
    }
}

/// An array as seen from its elements: of each dimension, from the fastest to the slowest, the distance of neighbours in
/// bytes and the share of its indices.
pub(crate) fn dimensions(constructor: &Constructor) -> Option<(Vec<(i64, Share)>, &Layout)> {
    let (sizes, shares, order, of) = match constructor {
        Constructor::Subarray { sizes, subsizes, starts, order, of } => {
            let shares = subsizes.iter().zip(starts).map(|(&length, &start)| Share::slice(start, length));
            (sizes.to_vec(), shares.collect(), order, of)
        }
        Constructor::DistributedArray { rank, dimensions, order, of, .. } => {
            let shares = shares(*rank, dimensions).ok()?;
            (dimensions.iter().map(|dimension| dimension.size).collect(), shares, order, of)
        }
        _ => return None,
    };
    Some((strides(&sizes, &shares, *order, of).ok()?.0, of))
}

/// Distance and share of each dimension, from the fastest on, and the length of the whole array in bytes.
fn strides(
    sizes: &[u64],
    shares: &[Share],
    order: Order,
    of: &Layout,
) -> Result<(Vec<(i64, Share)>, i64), LayoutError> {
    let mut stride = of.extent();
    let mut all = Vec::with_capacity(sizes.len());
    let mut one = |(&size, &share): (&u64, &Share)| -> Result<(), LayoutError> {
        all.push((stride, share));
        stride = times(size, stride)?;
        Ok(())
    };
    let pairs = sizes.iter().zip(shares);
    match order {
        Order::C => pairs.rev().try_for_each(&mut one)?,
        Order::Fortran => pairs.into_iter().try_for_each(&mut one)?,
    }
    Ok((all, stride))
}

fn facts(sizes: &[u64], shares: &[Share], order: Order, of: &Layout) -> Result<Facts, LayoutError> {
    let (dimensions, whole) = strides(sizes, shares, order, of)?;
    let mut count = 1u64;
    let mut data = of.facts().bounds.data;
    for (stride, share) in dimensions {
        count = count.checked_mul(share.count()).ok_or(LayoutError::Overflow)?;
        let Some(inner) = data else { continue };
        let index = |index: u64| {
            i64::try_from(index)
                .map_err(|_| LayoutError::Overflow)
                .and_then(|index| times_signed(index, stride))
        };
        let blocks = match share.blocks {
            0 => None,
            blocks => {
                let block = inner.repeated(share.block, stride)?.shifted(index(share.first)?)?;
                Some(block.repeated(blocks, index(share.step)?)?)
            }
        };
        let rest = match share.rest {
            0 => None,
            rest => Some(inner.repeated(rest, stride)?.shifted(index(share.rest_first())?)?),
        };
        data = match (blocks, rest) {
            (Some(blocks), Some(rest)) => Some(blocks.union(rest)),
            (blocks, rest) => blocks.or(rest),
        };
    }
    // MPI 5.0 §4.1.3, §4.1.4: the bounds are those of the whole array, and set.
    let occupied = Some(Span { low: 0, high: whole });
    let data = if count == 0 { None } else { data };
    Ok(Facts { bounds: Bounds { occupied, set: true, data }, ..of.facts().times(count)? })
}

/// What a process holds of each dimension.
fn shares(rank: u64, dimensions: &[Dimension]) -> Result<Vec<Share>, LayoutError> {
    // MPI 5.0 §4.1.4: the grid of processes is in the order of C, whatever the order of the array.
    let mut place = rank;
    let mut shares = Vec::with_capacity(dimensions.len());
    for (number, dimension) in dimensions.iter().enumerate().rev() {
        let Dimension { size, distribution, processes } = *dimension;
        let process = place.checked_rem(processes).unwrap_or(0);
        place = place.checked_div(processes).unwrap_or(0);
        let block = match distribution {
            Distribution::None if processes != 1 => {
                return Err(LayoutError::NotDistributed { dimension: number, processes });
            }
            Distribution::None => size.max(1),
            Distribution::Block(block) => {
                let block = block.unwrap_or(size.div_ceil(processes.max(1)).max(1));
                if (block as u128 * processes as u128) < size as u128 {
                    return Err(LayoutError::Block { dimension: number, block });
                }
                block
            }
            Distribution::Cyclic(block) => block.unwrap_or(1),
        };
        if block == 0 {
            return Err(LayoutError::Block { dimension: number, block });
        }
        shares.push(Share::dealt(size, block, processes, process));
    }
    shares.reverse();
    Ok(shares)
}

impl Layout {
    /// The part of an array of `sizes` elements that has `subsizes` elements from `starts` on, in each dimension. Its bounds
    /// are those of the whole array.
    ///
    /// # Errors
    /// [`LayoutError::Dimensions`], [`LayoutError::Subarray`]; as [`contiguous`](Layout::contiguous).
    pub fn subarray(
        sizes: &[u64],
        subsizes: &[u64],
        starts: &[u64],
        order: Order,
        of: &Layout,
    ) -> Result<Layout, LayoutError> {
        for list in [sizes.len(), subsizes.len(), starts.len()] {
            if list != sizes.len() || list == 0 {
                return Err(LayoutError::Dimensions { expected: sizes.len(), found: list });
            }
        }
        for (dimension, ((&size, &subsize), &start)) in sizes.iter().zip(subsizes).zip(starts).enumerate() {
            if start.checked_add(subsize).is_none_or(|end| end > size) {
                return Err(LayoutError::Subarray { dimension, size, subsize, start });
            }
        }
        let shares: Vec<Share> =
            subsizes.iter().zip(starts).map(|(&length, &start)| Share::slice(start, length)).collect();
        let facts = facts(sizes, &shares, order, of)?;
        let (sizes, subsizes, starts) = (sizes.into(), subsizes.into(), starts.into());
        Layout::new(Constructor::Subarray { sizes, subsizes, starts, order, of: of.clone() }, facts)
    }

    /// What process `rank` of `processes`, which form a grid, holds of an array whose dimensions are distributed. Its bounds
    /// are those of the whole array: it says where its elements lie in a file or in one process's memory.
    ///
    /// # Errors
    /// [`LayoutError::Dimensions`], [`LayoutError::Block`], [`LayoutError::NotDistributed`], [`LayoutError::Grid`]; as
    /// [`contiguous`](Layout::contiguous).
    ///
    /// ```
    /// use archipelago_layout::{Dimension, Distribution, Layout, Order};
    ///
    /// // Seven elements, dealt to two processes in pairs.
    /// let dealt = [Dimension { size: 7, distribution: Distribution::Cyclic(Some(2)), processes: 2 }];
    /// let mine = Layout::distributed_array(2, 1, &dealt, Order::C, &Layout::of::<u8>())?;
    /// assert_eq!(mine.over(b"abcdefg").unwrap().to_vec::<u8>(), b"cdg");
    /// # Ok::<(), archipelago_layout::LayoutError>(())
    /// ```
    pub fn distributed_array(
        processes: u64,
        rank: u64,
        dimensions: &[Dimension],
        order: Order,
        of: &Layout,
    ) -> Result<Layout, LayoutError> {
        if dimensions.is_empty() {
            return Err(LayoutError::Dimensions { expected: 0, found: 0 });
        }
        let grid = dimensions.iter().try_fold(1u64, |grid, dimension| grid.checked_mul(dimension.processes));
        let grid = grid.unwrap_or(u64::MAX);
        if grid != processes || rank >= processes {
            return Err(LayoutError::Grid { grid, processes, rank });
        }
        let shares = shares(rank, dimensions)?;
        let sizes: Vec<u64> = dimensions.iter().map(|dimension| dimension.size).collect();
        let facts = facts(&sizes, &shares, order, of)?;
        let dimensions = dimensions.into();
        let constructor =
            Constructor::DistributedArray { processes, rank, dimensions, order, of: of.clone() };
        Layout::new(constructor, facts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_is_dealt_to_one_process() {
        for size in 0..30u64 {
            for processes in 1..6u64 {
                for block in 1..9u64 {
                    let mut owners = vec![0; size as usize];
                    for process in 0..processes {
                        let share = Share::dealt(size, block, processes, process);
                        let whole = (0..share.blocks)
                            .flat_map(|b| (0..share.block).map(move |i| share.first + b * share.step + i));
                        let rest = (0..share.rest).map(|i| share.rest_first() + i);
                        for index in whole.chain(rest) {
                            assert_eq!(index / block % processes, process);
                            owners[index as usize] += 1;
                        }
                    }
                    assert!(owners.iter().all(|&owners| owners == 1), "{size} {processes} {block}");
                }
            }
        }
    }
}
