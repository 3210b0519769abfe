//! Completion of operations (MPI 5.0 §3.7, §3.8.4).

use std::ffi::c_int;

use crate::number::{ERR_COUNT, ERR_IN_STATUS, ERR_REQUEST, REQUEST_NULL, SUCCESS, UNDEFINED};
use crate::pointer::{self, List, ListMut, Out, StatusIn, Statuses};
use crate::request::{Extra, Object, Outcome, wait_for_any};
use crate::table::Ref;
use crate::{Error, Request, Result, Status};

type Active = Option<Ref<'static, Object>>;

fn length(count: c_int) -> Result<usize> {
    pointer::length("the count", count, ERR_COUNT)
}

/// Requests that are active; the others are null or inactive.
fn active(names: &[Request]) -> Result<Vec<Active>> {
    let of = |name: &Request| Ok(name.get()?.filter(|object| !object.is_inactive()));
    names.iter().map(of).collect()
}

/// Writes the status of one of several. MPI 5.0 §3.7.3: an empty status says success as well.
fn tell(statuses: Statuses, at: usize, status: Status) {
    match status == Status::EMPTY {
        true => statuses.set_all(at, status),
        false => statuses.set(at, status),
    }
}

pub fn wait(request: Out<Request>, status: Statuses) -> Result {
    let name = request.get()?;
    let Some(object) = name.get()? else {
        status.set_all(0, Status::EMPTY);
        return Ok(());
    };
    let (name, outcome) = name.complete(object);
    request.set(name)?;
    tell_one(status, outcome)
}

/// Writes the status of one; without an outcome, of an inactive one, the empty status.
fn tell_one(place: Statuses, outcome: Option<Outcome>) -> Result {
    match outcome {
        Some(outcome) => place.tell(0, outcome),
        None => {
            place.set_all(0, Status::EMPTY);
            Ok(())
        }
    }
}

pub fn test(request: Out<Request>, flag: Out<c_int>, status: Statuses) -> Result {
    flag.check()?;
    let name = request.get()?;
    let Some(object) = name.get()? else {
        status.set_all(0, Status::EMPTY);
        return flag.set(1);
    };
    if !object.is_complete() {
        return flag.set(0);
    }
    let (name, outcome) = name.complete(object);
    request.set(name)?;
    flag.set(1)?;
    tell_one(status, outcome)
}

/// Completes one of a list; what is not active has an empty outcome.
fn complete_one(requests: ListMut<Request>, at: usize) -> Result<Outcome> {
    let name = requests.get(at)?;
    let Some(object) = name.get()? else { return Ok(Ok(Status::EMPTY)) };
    let (name, outcome) = name.complete(object);
    requests.set(at, name)?;
    Ok(outcome.unwrap_or(Ok(Status::EMPTY)))
}

/// Statuses of several, which are written one behind the other. From the first error on each says how it went (MPI 5.0 §3.7.5).
struct Telling {
    statuses: Statuses,
    told: usize,
    failed: Option<Box<Error>>,
}

impl Telling {
    fn to(statuses: Statuses) -> Telling {
        Telling { statuses, told: 0, failed: None }
    }

    /// The next one, of that request in the list.
    fn tell(&mut self, at: usize, outcome: Outcome) {
        let place = self.told;
        self.told += 1;
        match outcome {
            Ok(status) if self.failed.is_some() => {
                self.statuses.set_all(place, Status { error: SUCCESS, ..status });
            }
            Ok(status) => tell(self.statuses, place, status),
            Err(error) => {
                let status = error.status.unwrap_or(Status::EMPTY);
                self.statuses.set_all(place, Status { error: error.code, ..status });
                if self.failed.is_none() {
                    (0..place).for_each(|earlier| self.statuses.set_error(earlier, SUCCESS));
                    self.failed = Some(in_status(at, &error));
                }
            }
        }
    }

    /// The error of the list, if there was any.
    fn end(self) -> Result {
        self.failed.map_or(Ok(()), Err)
    }
}

/// Completes some of a list, in this order.
fn complete_listed(
    requests: ListMut<Request>,
    which: impl Iterator<Item = usize>,
    statuses: Statuses,
) -> Result {
    let mut telling = Telling::to(statuses);
    for at in which {
        telling.tell(at, complete_one(requests, at)?);
    }
    telling.end()
}

fn in_status(at: usize, error: &Error) -> Box<Error> {
    let text =
        format!("request {at} of the list failed ({}): {}", crate::class::name(error.code), error.text);
    Box::new(Error { on: error.on, held: error.held.clone(), ..*Error::new(ERR_IN_STATUS, text) })
}

pub fn waitall(count: c_int, requests: ListMut<Request>, statuses: Statuses) -> Result {
    let count = length(count)?;
    // What is no request is told before any is completed.
    (0..count).try_for_each(|at| requests.get(at)?.check())?;
    complete_listed(requests, 0..count, statuses)
}

pub fn testall(count: c_int, requests: ListMut<Request>, flag: Out<c_int>, statuses: Statuses) -> Result {
    flag.check()?;
    let count = length(count)?;
    let mut complete = true;
    for at in 0..count {
        // All are moved on, also behind one that is not complete.
        complete &= requests.get(at)?.get()?.is_none_or(|object| object.is_complete());
    }
    flag.set(c_int::from(complete))?;
    if complete { complete_listed(requests, 0..count, statuses) } else { Ok(()) }
}

/// Takes the first that is complete.
fn take_any(
    objects: &[Active],
    requests: ListMut<Request>,
    index: Out<c_int>,
    status: Statuses,
) -> Result<bool> {
    let complete = |object: &Active| object.as_ref().is_some_and(|object| object.is_complete());
    let Some(at) = objects.iter().position(complete) else { return Ok(false) };
    index.set(at as c_int)?;
    status.tell(0, complete_one(requests, at)?).map(|()| true)
}

pub fn waitany(count: c_int, requests: ListMut<Request>, index: Out<c_int>, status: Statuses) -> Result {
    index.check()?;
    let names = requests.values(length(count)?)?;
    let objects = active(&names)?;
    let waited: Vec<&Object> = objects.iter().flatten().map(|object| &**object).collect();
    if waited.is_empty() {
        status.set_all(0, Status::EMPTY);
        return index.set(UNDEFINED);
    }
    while !take_any(&objects, requests, index, status)? {
        wait_for_any(&waited);
    }
    Ok(())
}

pub fn testany(
    count: c_int,
    requests: ListMut<Request>,
    index: Out<c_int>,
    flag: Out<c_int>,
    status: Statuses,
) -> Result {
    index.check()?;
    flag.check()?;
    let names = requests.values(length(count)?)?;
    let objects = active(&names)?;
    if objects.iter().flatten().next().is_none() {
        status.set_all(0, Status::EMPTY);
        index.set(UNDEFINED)?;
        return flag.set(1);
    }
    index.set(UNDEFINED)?;
    // An error is one of a complete request.
    flag.set(1)?;
    if !take_any(&objects, requests, index, status)? {
        flag.set(0)?;
    }
    Ok(())
}

/// Takes all that are complete.
fn take_some(
    objects: &[Active],
    requests: ListMut<Request>,
    (outcount, indices): (Out<c_int>, ListMut<c_int>),
    statuses: Statuses,
) -> Result<usize> {
    let mut complete = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        if object.as_ref().is_some_and(|object| object.is_complete()) {
            indices.set(complete.len(), at as c_int)?;
            complete.push(at);
        }
    }
    outcount.set(complete.len() as c_int)?;
    complete_listed(requests, complete.iter().copied(), statuses).map(|()| complete.len())
}

fn some(
    count: c_int,
    requests: ListMut<Request>,
    outcount: Out<c_int>,
    indices: ListMut<c_int>,
    statuses: Statuses,
    waits: bool,
) -> Result {
    outcount.check()?;
    let names = requests.values(length(count)?)?;
    let objects = active(&names)?;
    let waited: Vec<&Object> = objects.iter().flatten().map(|object| &**object).collect();
    if waited.is_empty() {
        return outcount.set(UNDEFINED);
    }
    while take_some(&objects, requests, (outcount, indices), statuses)? == 0 && waits {
        wait_for_any(&waited);
    }
    Ok(())
}

pub fn waitsome(
    count: c_int,
    requests: ListMut<Request>,
    outcount: Out<c_int>,
    indices: ListMut<c_int>,
    statuses: Statuses,
) -> Result {
    some(count, requests, outcount, indices, statuses, true)
}

pub fn testsome(
    count: c_int,
    requests: ListMut<Request>,
    outcount: Out<c_int>,
    indices: ListMut<c_int>,
    statuses: Statuses,
) -> Result {
    some(count, requests, outcount, indices, statuses, false)
}

pub fn request_get_status(request: Request, flag: Out<c_int>, status: Statuses) -> Result {
    flag.check()?;
    let object = request.get()?.filter(|object| !object.is_inactive());
    match object.as_ref().map(|object| object.look()) {
        None => {
            status.set_all(0, Status::EMPTY);
            flag.set(1)
        }
        Some(None) => flag.set(0),
        Some(Some(outcome)) => {
            flag.set(1)?;
            status.tell(0, outcome)
        }
    }
}

pub fn request_get_status_all(
    count: c_int,
    requests: List<Request>,
    flag: Out<c_int>,
    statuses: Statuses,
) -> Result {
    flag.check()?;
    let names = requests.values(length(count)?)?;
    let mut seen = Vec::with_capacity(names.len());
    for name in &names {
        seen.push(name.get()?.map_or(Some(Ok(Status::EMPTY)), |object| object.look()));
    }
    if seen.iter().any(Option::is_none) {
        return flag.set(0);
    }
    flag.set(1)?;
    let mut telling = Telling::to(statuses);
    seen.into_iter().flatten().enumerate().for_each(|(at, outcome)| telling.tell(at, outcome));
    telling.end()
}

pub fn request_get_status_any(
    count: c_int,
    requests: List<Request>,
    index: Out<c_int>,
    flag: Out<c_int>,
    status: Statuses,
) -> Result {
    flag.check()?;
    index.check()?;
    let names = requests.values(length(count)?)?;
    let objects = active(&names)?;
    index.set(UNDEFINED)?;
    if objects.iter().flatten().next().is_none() {
        status.set_all(0, Status::EMPTY);
        return flag.set(1);
    }
    for (at, object) in objects.iter().enumerate() {
        if let Some(outcome) = object.as_ref().and_then(|object| object.look()) {
            index.set(at as c_int)?;
            flag.set(1)?;
            status.tell(0, outcome)?;
            return Ok(());
        }
    }
    flag.set(0)
}

pub fn request_get_status_some(
    count: c_int,
    requests: List<Request>,
    outcount: Out<c_int>,
    indices: ListMut<c_int>,
    statuses: Statuses,
) -> Result {
    outcount.check()?;
    let names = requests.values(length(count)?)?;
    let objects = active(&names)?;
    if objects.iter().flatten().next().is_none() {
        return outcount.set(UNDEFINED);
    }
    let mut telling = Telling::to(statuses);
    for (at, object) in objects.iter().enumerate() {
        if let Some(outcome) = object.as_ref().and_then(|object| object.look()) {
            indices.set(telling.told, at as c_int)?;
            telling.tell(at, outcome);
        }
    }
    outcount.set(telling.told as c_int)?;
    telling.end()
}

pub fn request_free(request: Out<Request>) -> Result {
    let name = request.get()?;
    let object = name.get_one()?;
    object.detach()?;
    // Who completes a generalised one needs its name.
    if !matches!(object.extra(), Extra::Generalised(operation) if !operation.is_complete()) {
        name.remove();
    }
    request.set(Request(REQUEST_NULL))
}

pub fn cancel(request: Out<Request>) -> Result {
    request.get()?.get_one()?.cancel()
}

pub fn test_cancelled(status: StatusIn, flag: Out<c_int>) -> Result {
    flag.set(c_int::from(status.get()?.is_cancelled()))
}

pub fn start(request: Out<Request>) -> Result {
    request.get()?.get_one()?.start()
}

pub fn startall(count: c_int, requests: ListMut<Request>) -> Result {
    let names = requests.values(length(count)?)?;
    let objects = names.iter().map(|name| name.get_one()).collect::<Result<Vec<_>>>()?;
    if let Some(at) = objects.iter().position(|object| !object.is_inactive()) {
        let text = format!("request {at} of the list is active, or not a persistent one");
        return Err(Error::new(ERR_REQUEST, text));
    }
    objects.iter().try_for_each(|object| object.start())
}
