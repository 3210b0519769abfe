//! Sessions, and communicators from groups (MPI 5.0 §7.4.2, §7.6.2, §11.3).

use std::ffi::c_int;

use engine::Group as Members;

use crate::comm::Communicator;
use crate::handler::{Held, Kind};
use crate::number::{COMM_NULL, ERR_ARG, ERR_GROUP, GROUP_NULL, SESSION_NULL};
use crate::pointer::{Out, Text, TextOut};
use crate::{Comm, Errhandler, Error, Group, Info, On, Result, Session, group, info, instance};

/// The process sets that there are (MPI 5.0 §11.3.2).
const SETS: [&str; 2] = ["mpi://WORLD", "mpi://SELF"];

/// The place of a set in their list.
pub(super) fn set_number(name: &str) -> Option<usize> {
    SETS.iter().position(|known| known.eq_ignore_ascii_case(name))
}

/// Whether it is that of all processes; else each has its own.
pub(super) fn is_world(number: usize) -> bool {
    number == 0
}

pub fn session_init(info: Info, errhandler: Errhandler, session: Out<Session>) -> Result {
    session.check()?;
    let handler = Held::of(errhandler, Kind::Session).map_err(|error| error.on(On::Nothing))?;
    info.hints()?;
    session.set(instance::begin_session(handler)?)
}

pub fn session_finalize(session: Out<Session>) -> Result {
    let name = session.get()?;
    name.get()?;
    instance::end_session(name);
    session.set(Session(SESSION_NULL))
}

pub fn session_get_info(session: Session, info_used: Out<Info>) -> Result {
    info_used.check()?;
    session.get()?;
    // MPI 5.0 §11.3.1: the level that is provided, whatever was asked for. Other hints are ignored.
    let level = info::pair("thread_level", "MPI_THREAD_MULTIPLE");
    info_used.set(info::create(vec![level, info::memory_kinds()])?)
}

pub fn session_get_num_psets(session: Session, info: Info, npset_names: Out<c_int>) -> Result {
    session.get()?;
    info.hints()?;
    npset_names.set(SETS.len() as c_int)
}

pub fn session_get_nth_pset(
    session: Session,
    info: Info,
    n: c_int,
    pset_len: Out<c_int>,
    pset_name: TextOut,
) -> Result {
    session.get()?;
    info.hints()?;
    let name = usize::try_from(n).ok().and_then(|n| SETS.get(n));
    let name = name.ok_or_else(|| Error::new(ERR_ARG, format!("there is no process set {n}")))?;
    // A length of 0 asks for the length, which counts the end mark.
    pset_name.set(name, usize::try_from(pset_len.get()?).unwrap_or(0))?;
    pset_len.set(name.len() as c_int + 1)
}

pub fn session_get_pset_info(session: Session, pset_name: Text, info: Out<Info>) -> Result {
    info.check()?;
    session.get()?;
    let name = pset_name.get()?;
    let size = members(&name)?.ok_or_else(|| no_set(&name))?.size();
    info.set(info::create(vec![info::pair("mpi_size", size.to_string())])?)
}

pub fn group_from_session_pset(session: Session, pset_name: Text, newgroup: Out<Group>) -> Result {
    newgroup.check()?;
    session.get()?;
    let name = pset_name.get()?;
    let Some(members) = members(&name)? else {
        // MPI 5.0 §7.3.2: the group is null. Who doesn't look at it learns why from the error.
        newgroup.set(Group(GROUP_NULL))?;
        return Err(no_set(&name));
    };
    newgroup.set(group::register(members, Some(session))?)
}

fn no_set(name: &str) -> Box<Error> {
    Error::new(ERR_ARG, format!("there is no process set `{name}`"))
}

/// The processes of a set, if there is one of this name.
fn members(name: &str) -> Result<Option<Members>> {
    let process = instance::process()?;
    let of = |number| if is_world(number) { process.world() } else { process.alone() };
    Ok(set_number(name).map(|number| of(number).inner().group.clone()))
}

pub fn comm_create_from_group(
    group: Group,
    stringtag: Text,
    info: Info,
    errhandler: Errhandler,
    newcomm: Out<Comm>,
) -> Result {
    newcomm.check()?;
    let handler = Held::of(errhandler, Kind::Comm).map_err(|error| error.on(On::Nothing))?;
    let (members, tag, hints) = (group.get()?, stringtag.get()?, info.hints()?);
    if members.is_empty() {
        return newcomm.set(Comm(COMM_NULL));
    }
    let made = Communicator::new(instance::process()?.create(&members, &tag)?);
    made.handler.set(handler);
    made.assert(hints);
    newcomm.set(made.of_session(group.session()).register()?)
}

/// Over a passing communicator of both groups.
pub fn intercomm_create_from_groups(
    local_group: Group,
    local_leader: c_int,
    remote_group: Group,
    remote_leader: c_int,
    stringtag: Text,
    info: Info,
    errhandler: Errhandler,
    newintercomm: Out<Comm>,
) -> Result {
    newintercomm.check()?;
    let handler = Held::of(errhandler, Kind::Comm).map_err(|error| error.on(On::Nothing))?;
    let (local, remote) = (local_group.get()?, remote_group.get()?);
    let (tag, hints) = (stringtag.get()?, info.hints()?);
    // MPI 5.0 §7.6.2: then the call is local.
    if local.is_empty() || remote.is_empty() {
        return newintercomm.set(Comm(COMM_NULL));
    }
    let leader = |group: &Members, rank: c_int| {
        let leader = usize::try_from(rank).ok().filter(|rank| *rank < group.size());
        leader.ok_or_else(|| Error::new(ERR_ARG, format!("rank {rank} can't be a leader")))
    };
    let own_leader = leader(&local, local_leader)?;
    if !local.intersection(&remote).is_empty() {
        return Err(Error::new(ERR_GROUP, "the groups have members in common"));
    }
    let process = instance::process()?;
    // MPI 5.0 §7.6.2: the other leader is significant at this side's leader alone.
    let leads = local.rank(process.me()) == Some(own_leader);
    let other_leader = if leads { leader(&remote, remote_leader)? } else { 0 };
    // Both sides make the same union: first the group that has the lowest process.
    let lowest = |group: &Members| group.processes().min();
    let is_first = lowest(&local) < lowest(&remote);
    let both = if is_first { local.union(&remote) } else { remote.union(&local) };
    let bridge = process.create(&both, &tag)?;
    let own = process.create(&local, &tag)?;
    let rank = if is_first { local.size() + other_leader } else { other_leader };
    let made = runtime::inter::Inter::create(&own, own_leader, Some((&bridge, rank)), 0)?;
    let made = Communicator::between(made);
    made.handler.set(handler);
    made.assert(hints);
    newintercomm.set(made.of_session(local_group.session()).register()?)
}
