//! Communicators (MPI 5.0 §7.4, §7.6).

use std::ffi::c_int;
use std::sync::Arc;

use engine::Comparison;
use runtime::inter::Inter;

use super::env::{Resource, SHARED_MEMORY};
use super::session;
use crate::comm::{Communicator, check_tag};
use crate::info::Pairs;
use crate::number::{
    COMM_NULL, COMM_SELF, COMM_TYPE_HW_GUIDED, COMM_TYPE_HW_UNGUIDED, COMM_TYPE_RESOURCE_GUIDED,
    COMM_TYPE_SHARED, COMM_WORLD, CONGRUENT, ERR_ARG, ERR_COMM, ERR_GROUP, ERR_RANK, IDENT, INFO_NULL,
    MAX_OBJECT_NAME, SIMILAR, UNDEFINED, UNEQUAL,
};
use crate::pointer::{Out, Text, TextOut};
use crate::request::{Errors, Object, State};
use crate::{Comm, Error, Group, Info, On, Request, Result, Status, group, info};

pub fn comm_rank(comm: Comm, rank: Out<c_int>) -> Result {
    rank.set(comm.get()?.comm.rank() as c_int)
}

pub fn comm_size(comm: Comm, size: Out<c_int>) -> Result {
    size.set(comm.get()?.comm.size() as c_int)
}

pub fn comm_test_inter(comm: Comm, flag: Out<c_int>) -> Result {
    flag.set(c_int::from(comm.get()?.inter.is_some()))
}

pub fn comm_remote_size(comm: Comm, size: Out<c_int>) -> Result {
    let remote = comm.get()?.inter()?.remote_size();
    size.set(remote as c_int)
}

/// A communicator of the same members, made together, or by each for itself. No hints are propagated (MPI 5.0 §7.4.4).
fn duplicate(name: Comm, info: Info, together: bool) -> Result<Comm> {
    let comm = name.get()?;
    let hints = info.hints()?;
    let made = match &comm.inter {
        _ if !together => comm.sibling(),
        None => Communicator::new(comm.comm.duplicate()?),
        Some(inter) => Communicator::between(inter.duplicate()?),
    };
    made.assert(hints);
    // Afterwards: where a copy function refuses here, the others don't wait for this process.
    made.with_attributes(comm.attributes.copy(name.0)?).like(&comm).register()
}

pub fn comm_dup(comm: Comm, newcomm: Out<Comm>) -> Result {
    comm_dup_with_info(comm, Info(INFO_NULL), newcomm)
}

pub fn comm_dup_with_info(comm: Comm, info: Info, newcomm: Out<Comm>) -> Result {
    newcomm.check()?;
    newcomm.set(duplicate(comm, info, true)?)
}

pub fn comm_idup(comm: Comm, newcomm: Out<Comm>, request: Out<Request>) -> Result {
    comm_idup_with_info(comm, Info(INFO_NULL), newcomm, request)
}

/// Nobody waits: the duplicate is there at once, and the request is complete.
pub fn comm_idup_with_info(comm: Comm, info: Info, newcomm: Out<Comm>, request: Out<Request>) -> Result {
    request.check()?;
    newcomm.check()?;
    let held = comm.get()?;
    newcomm.set(duplicate(comm, info, false)?)?;
    request.set(Object::new(State::Done(Ok(Status::EMPTY)), Errors::of(comm, &held)).register()?)
}

pub fn comm_set_info(comm: Comm, info: Info) -> Result {
    let comm = comm.get()?;
    let hints = info.get()?.pairs().clone();
    comm.assert(hints);
    Ok(())
}

/// Those that were not ignored (MPI 5.0 §7.4.4).
pub fn comm_get_info(comm: Comm, info_used: Out<Info>) -> Result {
    info_used.check()?;
    let mut hints = comm.get()?.hints();
    hints.push(info::memory_kinds());
    info_used.set(info::create(hints)?)
}

pub fn comm_group(comm: Comm, group: Out<Group>) -> Result {
    group.check()?;
    let comm = comm.get()?;
    group.set(group::register(comm.comm.inner().group.clone(), comm.session)?)
}

pub fn comm_remote_group(comm: Comm, group: Out<Group>) -> Result {
    group.check()?;
    let comm = comm.get()?;
    group.set(group::register(comm.inter()?.remote().clone(), comm.session)?)
}

pub fn comm_compare(comm1: Comm, comm2: Comm, result: Out<c_int>) -> Result {
    let (one, other) = (comm1.get()?, comm2.get()?);
    if one.comm.inner().context == other.comm.inner().context {
        return result.set(IDENT);
    }
    let groups = one.comm.inner().group.compare(&other.comm.inner().group);
    let both = match (&one.inter, &other.inter) {
        (None, None) => [groups, groups],
        (Some(one), Some(other)) => [groups, one.remote().compare(other.remote())],
        _ => [Comparison::Unequal; 2],
    };
    let is = |what| both.contains(&what);
    result.set(if is(Comparison::Unequal) {
        UNEQUAL
    } else if is(Comparison::Similar) {
        SIMILAR
    } else {
        CONGRUENT
    })
}

pub fn comm_create(comm: Comm, group: Group, newcomm: Out<Comm>) -> Result {
    newcomm.check()?;
    let comm = comm.get()?;
    let group = group.get()?;
    let made = match &comm.inter {
        None => comm.comm.create(&group)?.map(Communicator::new),
        // Members of this side's group talk to those of the other's.
        Some(inter) => {
            if !group.difference(&comm.comm.inner().group).is_empty() {
                return Err(Error::new(ERR_GROUP, "the group has members that are not on this side"));
            }
            let rank = group.rank(comm.comm.process().me());
            let key = rank.unwrap_or_default() as i64;
            inter.split(rank.map(|_| 0), key)?.map(Communicator::between)
        }
    };
    newcomm.set(name(made, &comm)?)
}

pub fn comm_create_group(comm: Comm, group: Group, tag: c_int, newcomm: Out<Comm>) -> Result {
    newcomm.check()?;
    let comm = comm.get()?;
    check_tag(tag)?;
    comm.check_intra()?;
    let group = group.get()?;
    // MPI 5.0 §7.4.2: who is not in the group gets MPI_COMM_NULL.
    let made = match group.rank(comm.comm.process().me()) {
        Some(_) => Some(Communicator::new(comm.comm.create_from(&group, &tag.to_string())?)),
        None => None,
    };
    newcomm.set(name(made, &comm)?)
}

/// A name for a communicator that was made of another one; the null one where this process is in none.
pub(super) fn name(made: Option<Communicator>, of: &Communicator) -> Result<Comm> {
    match made {
        Some(made) => made.like(of).register(),
        None => Ok(Comm(COMM_NULL)),
    }
}

/// By what a communicator is split.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shared {
    /// A part of the machine.
    Resource(Resource),
    /// A set of processes, by its place in the list of sets.
    Set(usize),
    /// Whatever gives proper parts.
    Proper,
    /// Nothing that is known here: there are no parts.
    Unknown,
}

impl Shared {
    /// What the arguments say; none of who takes no part.
    fn of(split_type: c_int, hints: &Pairs) -> Result<Option<Shared>> {
        let hint = |key: &str| {
            let value = hints.iter().find(|(known, _)| known == key.as_bytes()).map(|(_, value)| value);
            value.and_then(|value| str::from_utf8(value).ok())
        };
        let resource = || hint(RESOURCE).and_then(Resource::of).map(Shared::Resource);
        let set = || hint(SET).and_then(session::set_number).map(Shared::Set);
        Ok(Some(match split_type {
            UNDEFINED => return Ok(None),
            COMM_TYPE_SHARED => Shared::Resource(Resource::Host),
            COMM_TYPE_HW_UNGUIDED => Shared::Proper,
            COMM_TYPE_HW_GUIDED => resource().unwrap_or(Shared::Unknown),
            COMM_TYPE_RESOURCE_GUIDED => resource().or_else(set).unwrap_or(Shared::Unknown),
            _ => return Err(Error::new(ERR_ARG, format!("there is no split type {split_type}"))),
        }))
    }

    /// This process's part, if it is in one.
    fn part(self, whole: &runtime::Comm) -> Result<Option<runtime::Comm>> {
        Ok(match self {
            Shared::Resource(Resource::Host) => Some(whole.split_by_host()?),
            Shared::Resource(Resource::NumaNode) => whole.split_by_numa_node()?,
            Shared::Resource(Resource::Cache) => whole.split_by_cache()?,
            // All are of the world; each is the only one of its own.
            Shared::Set(number) => {
                whole.split(Some(if session::is_world(number) { 0 } else { whole.rank() as u32 }), 0)?
            }
            // MPI 5.0 §7.4.2: a proper part, or none.
            Shared::Proper => Some(whole.split_by_host()?).filter(|host| host.size() < whole.size()),
            Shared::Unknown => None,
        })
    }
}

/// The keys that say which part of the machine is meant, or which set of processes.
const RESOURCE: &str = "mpi_hw_resource_type";
const SET: &str = "mpi_pset_name";

pub fn comm_split_type(comm: Comm, split_type: c_int, key: c_int, info: Info, newcomm: Out<Comm>) -> Result {
    newcomm.check()?;
    let comm = comm.get()?;
    let shared = Shared::of(split_type, &info.hints()?)?;
    // Those who ask for the same, in the order of their keys; then by where they are. Both sides of an inter-communicator together.
    let union = comm.inter.as_ref().map(|inter| inter.merge(false)).transpose()?;
    let whole = union.as_ref().unwrap_or(&comm.comm);
    let alike = whole.split(shared.map(|_| split_type as u32), i64::from(key))?;
    let part = match shared.zip(alike) {
        Some((shared, alike)) => shared.part(&alike)?,
        None => None,
    };
    let made = match &comm.inter {
        None => part.map(Communicator::new),
        Some(inter) => {
            // A part is known by the number of its first rank.
            let first = part.and_then(|part| part.inner().group.process(0));
            let colour = first.and_then(|first| whole.inner().group.rank(first)).map(|rank| rank as u32);
            inter.split(colour, i64::from(key))?.map(Communicator::between)
        }
    };
    if shared == Some(Shared::Proper) && made.is_some() && info.0 != INFO_NULL {
        info.get()?.set(RESOURCE.as_bytes(), SHARED_MEMORY.into())?;
    }
    newcomm.set(name(made, &comm)?)
}

pub fn intercomm_create(
    local_comm: Comm,
    local_leader: c_int,
    peer_comm: Comm,
    remote_leader: c_int,
    tag: c_int,
    newintercomm: Out<Comm>,
) -> Result {
    newintercomm.check()?;
    let local = local_comm.get()?;
    local.check_intra()?;
    check_tag(tag)?;
    let leader = local.peer(local_leader)?.ok_or_else(|| no_leader(local_leader))?;
    // Only the leader's bridge counts.
    let bridge = match local.comm.rank() == leader {
        true => {
            let bridge = peer_comm.get()?;
            let rank = bridge.peer(remote_leader)?.ok_or_else(|| no_leader(remote_leader))?;
            Some((bridge, rank))
        }
        false => None,
    };
    let bridge = bridge.as_ref().map(|(bridge, rank)| (&bridge.comm, *rank));
    let made = Inter::create(&local.comm, leader, bridge, tag)?;
    newintercomm.set(name(Some(Communicator::between(made)), &local)?)
}

fn no_leader(rank: c_int) -> Box<Error> {
    Error::new(ERR_RANK, format!("rank {rank} can't be a leader"))
}

pub fn intercomm_merge(intercomm: Comm, high: c_int, newintracomm: Out<Comm>) -> Result {
    newintracomm.check()?;
    let comm = intercomm.get()?;
    let merged = comm.inter()?.merge(high != 0)?;
    newintracomm.set(name(Some(Communicator::new(merged)), &comm)?)
}

pub fn comm_split(comm: Comm, color: c_int, key: c_int, newcomm: Out<Comm>) -> Result {
    newcomm.check()?;
    let comm = comm.get()?;
    let colour = match u32::try_from(color) {
        Ok(colour) => Some(colour),
        Err(_) if color == UNDEFINED => None,
        Err(_) => return Err(Error::new(ERR_ARG, format!("the colour is negative: {color}"))),
    };
    let part = match &comm.inter {
        None => comm.comm.split(colour, i64::from(key))?.map(Communicator::new),
        Some(inter) => inter.split(colour, i64::from(key))?.map(Communicator::between),
    };
    newcomm.set(name(part, &comm)?)
}

/// The name of a communicator that can be freed.
pub(super) fn freeable(comm: Out<Comm>) -> Result<Comm> {
    let name = comm.get()?;
    name.get()?;
    if [COMM_WORLD, COMM_SELF].contains(&name.0) {
        return Err(Error::new(ERR_COMM, "a predefined communicator can't be freed").on(On::Comm(name)));
    }
    Ok(name)
}

pub fn comm_free(comm: Out<Comm>) -> Result {
    let name = freeable(comm)?;
    let held = name.get()?;
    held.attributes.delete_all(name.0).map_err(|error| error.on(On::Comm(name)))?;
    drop(held);
    name.remove();
    comm.set(Comm(COMM_NULL))
}

pub fn comm_set_name(comm: Comm, comm_name: Text) -> Result {
    comm.get()?.set_name(&comm_name.object_name()?);
    Ok(())
}

pub fn comm_get_name(comm: Comm, comm_name: TextOut, resultlen: Out<c_int>) -> Result {
    resultlen.check()?;
    let name = match comm.0 {
        // MPI 5.0 §7.8: the null handles have names.
        COMM_NULL => Arc::from(*b"MPI_COMM_NULL"),
        _ => comm.get()?.given_name(),
    };
    resultlen.set(comm_name.set(&name, MAX_OBJECT_NAME as usize)? as c_int)
}
