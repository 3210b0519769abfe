//! Groups (MPI 5.0 §7.3).

use std::ffi::c_int;

use engine::Comparison;
use engine::group::Ranks;

use crate::number::{
    ERR_ARG, ERR_GROUP, ERR_RANK, GROUP_EMPTY, GROUP_NULL, IDENT, PROC_NULL, SIMILAR, UNDEFINED, UNEQUAL,
};
use crate::pointer::{self, List, ListMut, Out};
use crate::{Error, Group, Result, group, instance};

pub fn group_size(group: Group, size: Out<c_int>) -> Result {
    size.set(group.get()?.size() as c_int)
}

pub fn group_rank(group: Group, rank: Out<c_int>) -> Result {
    let group = group.get()?;
    let own = instance::joined().and_then(|process| group.rank(process.me()));
    rank.set(own.map_or(UNDEFINED, |rank| rank as c_int))
}

pub fn group_translate_ranks(
    group1: Group,
    n: c_int,
    ranks1: List<c_int>,
    group2: Group,
    ranks2: ListMut<c_int>,
) -> Result {
    let (from, to) = (group1.get()?, group2.get()?);
    for at in 0..length(n)? {
        let rank = ranks1.get(at)?;
        let translated = match rank {
            PROC_NULL => PROC_NULL,
            rank => from.translate(&[rank_of(rank)?], &to)?[0].map_or(UNDEFINED, |rank| rank as c_int),
        };
        ranks2.set(at, translated)?;
    }
    Ok(())
}

pub fn group_compare(group1: Group, group2: Group, result: Out<c_int>) -> Result {
    result.set(match group1.get()?.compare(&group2.get()?) {
        Comparison::Identical => IDENT,
        Comparison::Similar => SIMILAR,
        Comparison::Unequal => UNEQUAL,
    })
}

pub fn group_union(group1: Group, group2: Group, newgroup: Out<Group>) -> Result {
    newgroup.check()?;
    newgroup.set(group::register(group1.get()?.union(&group2.get()?), group1.session().or(group2.session()))?)
}

pub fn group_intersection(group1: Group, group2: Group, newgroup: Out<Group>) -> Result {
    newgroup.check()?;
    newgroup.set(group::register(
        group1.get()?.intersection(&group2.get()?),
        group1.session().or(group2.session()),
    )?)
}

pub fn group_difference(group1: Group, group2: Group, newgroup: Out<Group>) -> Result {
    newgroup.check()?;
    newgroup.set(group::register(
        group1.get()?.difference(&group2.get()?),
        group1.session().or(group2.session()),
    )?)
}

pub fn group_incl(group: Group, n: c_int, ranks: List<c_int>, newgroup: Out<Group>) -> Result {
    newgroup.check()?;
    newgroup.set(group::register(group.get()?.include(&read(n, ranks)?)?, group.session())?)
}

pub fn group_excl(group: Group, n: c_int, ranks: List<c_int>, newgroup: Out<Group>) -> Result {
    newgroup.check()?;
    newgroup.set(group::register(group.get()?.exclude(&read(n, ranks)?)?, group.session())?)
}

pub fn group_range_incl(group: Group, n: c_int, ranges: ListMut<[c_int; 3]>, newgroup: Out<Group>) -> Result {
    newgroup.check()?;
    newgroup.set(group::register(group.get()?.include_ranges(&read_ranges(n, ranges)?)?, group.session())?)
}

pub fn group_range_excl(group: Group, n: c_int, ranges: ListMut<[c_int; 3]>, newgroup: Out<Group>) -> Result {
    newgroup.check()?;
    newgroup.set(group::register(group.get()?.exclude_ranges(&read_ranges(n, ranges)?)?, group.session())?)
}

pub fn group_free(group: Out<Group>) -> Result {
    let name = group.get()?;
    if !name.remove() && name.0 != GROUP_EMPTY {
        let what = if name.0 == GROUP_NULL { "MPI_GROUP_NULL" } else { "no group (was it freed?)" };
        return Err(Error::new(ERR_GROUP, format!("the group is {what}")));
    }
    group.set(Group(GROUP_NULL))
}

fn length(n: c_int) -> Result<usize> {
    pointer::length("the number of ranks", n, ERR_ARG)
}

fn rank_of(rank: c_int) -> Result<usize> {
    usize::try_from(rank).map_err(|_| Error::new(ERR_RANK, format!("there is no rank {rank}")))
}

fn read(n: c_int, ranks: List<c_int>) -> Result<Vec<usize>> {
    ranks.values(length(n)?)?.into_iter().map(rank_of).collect()
}

fn read_ranges(n: c_int, ranges: ListMut<[c_int; 3]>) -> Result<Vec<Ranks>> {
    let range = |[first, last, stride]: [c_int; 3]| {
        Ok(Ranks { first: rank_of(first)?, last: rank_of(last)?, stride: stride as isize })
    };
    ranges.values(length(n)?)?.into_iter().map(range).collect()
}
