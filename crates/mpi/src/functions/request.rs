//! Completion of operations (MPI 5.0 §3.7, §3.8.4).

use std::ffi::c_int;

use crate::number::{ERR_COUNT, ERR_IN_STATUS, ERR_REQUEST, REQUEST_NULL, SUCCESS, UNDEFINED};
use crate::pointer::{self, List, ListMut, Out, StatusIn, Statuses};
use crate::request::{Extra, Moved, Object, Outcome, Standing, wait_for_any};
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
    let outcome = object.complete();
    request.set(name.end(object))?;
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
    if object.standing(&mut Moved::default()) == Standing::UnderWay {
        return flag.set(0);
    }
    let outcome = object.take();
    request.set(name.end(object))?;
    flag.set(1)?;
    tell_one(status, outcome)
}

/// Checks that there is no name in a list that is none of a request.
fn check(requests: ListMut<Request>, count: usize) -> Result {
    (0..count).try_for_each(|at| requests.get(at)?.check())
}

/// Ends one of a list whose outcome was taken; of what was inactive it is empty.
fn end_one(
    requests: ListMut<Request>,
    at: usize,
    object: Ref<'static, Object>,
    outcome: Option<Outcome>,
) -> Result<Outcome> {
    requests.set(at, requests.get(at)?.end(object))?;
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

/// Takes the outcomes of a whole list; what is not active has an empty one.
fn take_all(requests: ListMut<Request>, count: usize, statuses: Statuses, waits: bool) -> Result {
    let mut telling = Telling::to(statuses);
    for at in 0..count {
        let outcome = match requests.get(at)?.get() {
            Ok(Some(object)) => {
                let outcome = if waits { object.complete() } else { object.take() };
                end_one(requests, at, object, outcome)?
            }
            Ok(None) => Ok(Status::EMPTY),
            // It was one before: it stands in the list twice, or another thread has completed it.
            Err(error) => Err(error),
        };
        telling.tell(at, outcome);
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
    check(requests, count)?;
    take_all(requests, count, statuses, true)
}

pub fn testall(count: c_int, requests: ListMut<Request>, flag: Out<c_int>, statuses: Statuses) -> Result {
    flag.check()?;
    let count = length(count)?;
    check(requests, count)?;
    let (mut complete, mut moved) = (true, Moved::default());
    for at in 0..count {
        // All are moved on, also behind one that is not complete.
        let object = requests.get(at)?.get()?;
        complete &= object.is_none_or(|object| object.standing(&mut moved) != Standing::UnderWay);
    }
    flag.set(c_int::from(complete))?;
    if complete { take_all(requests, count, statuses, false) } else { Ok(()) }
}

/// What a look at a list has found.
enum Found {
    /// This one is complete.
    Complete(usize, Ref<'static, Object>),
    /// Some are under way, and none of them is complete.
    UnderWay,
    /// None is active.
    Inactive,
}

/// Moves a list on up to the first that is complete.
fn find(requests: ListMut<Request>, count: usize) -> Result<Found> {
    let (mut found, mut moved) = (Found::Inactive, Moved::default());
    for at in 0..count {
        let Some(object) = requests.get(at)?.get()? else { continue };
        match object.standing(&mut moved) {
            Standing::Complete => return Ok(Found::Complete(at, object)),
            Standing::UnderWay => found = Found::UnderWay,
            Standing::Inactive => {}
        }
    }
    Ok(found)
}

/// Waits until one of a list is complete.
fn await_any(requests: ListMut<Request>, count: usize) -> Result {
    let objects = active(&requests.values(count)?)?;
    let waited: Vec<&Object> = objects.iter().flatten().map(|object| &**object).collect();
    wait_for_any(&waited);
    Ok(())
}

/// Takes the outcome of the one that was found.
fn take_found(
    requests: ListMut<Request>,
    (at, object): (usize, Ref<'static, Object>),
    index: Out<c_int>,
    status: Statuses,
) -> Result {
    index.set(at as c_int)?;
    let outcome = object.take();
    status.tell(0, end_one(requests, at, object, outcome)?)
}

pub fn waitany(count: c_int, requests: ListMut<Request>, index: Out<c_int>, status: Statuses) -> Result {
    index.check()?;
    let count = length(count)?;
    check(requests, count)?;
    loop {
        match find(requests, count)? {
            Found::Complete(at, object) => return take_found(requests, (at, object), index, status),
            Found::UnderWay => await_any(requests, count)?,
            Found::Inactive => {
                status.set_all(0, Status::EMPTY);
                return index.set(UNDEFINED);
            }
        }
    }
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
    let count = length(count)?;
    check(requests, count)?;
    let found = find(requests, count)?;
    // An error is one of a complete request.
    flag.set(c_int::from(!matches!(found, Found::UnderWay)))?;
    match found {
        Found::Complete(at, object) => return take_found(requests, (at, object), index, status),
        Found::UnderWay => {}
        Found::Inactive => status.set_all(0, Status::EMPTY),
    }
    index.set(UNDEFINED)
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
    let count = length(count)?;
    check(requests, count)?;
    loop {
        let (mut telling, mut moved, mut is_any_active) = (Telling::to(statuses), Moved::default(), false);
        for at in 0..count {
            let Some(object) = requests.get(at)?.get()? else { continue };
            let standing = object.standing(&mut moved);
            is_any_active |= standing != Standing::Inactive;
            if standing == Standing::Complete {
                indices.set(telling.told, at as c_int)?;
                let outcome = object.take();
                telling.tell(at, end_one(requests, at, object, outcome)?);
            }
        }
        if !is_any_active {
            return outcount.set(UNDEFINED);
        }
        if telling.told > 0 || !waits {
            outcount.set(telling.told as c_int)?;
            return telling.end();
        }
        await_any(requests, count)?;
    }
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
