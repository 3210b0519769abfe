//! Attributes that a program attaches to objects, and their keys (MPI 5.0 §7.7).
//!
//! Functions of the program's are called with no lock held: they may do anything with the object.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::number::{
    ANY_SOURCE, APPNUM, COMM_DUP_FN, COMM_NULL_COPY_FN, COMM_NULL_DELETE_FN, ERR_KEYVAL, ERR_OTHER, HOST, IO,
    KEYVAL_INVALID, LASTUSEDCODE, PROC_NULL, SUCCESS, TAG_UB, UNIVERSE_SIZE, WTIME_IS_GLOBAL,
};
use crate::pointer::{Address, Callback, Out};
use crate::table::Table;
use crate::{Error, Result, class, instance};

/// To which objects a key's values can be attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Comm,
    Type,
    Win,
}

struct Key {
    of: Kind,
    copy: usize,
    delete: usize,
    extra_state: usize,
    /// Whether its name was freed.
    freed: AtomicBool,
    /// The name, and every value: a key goes with the last (MPI 5.0 §7.7.2).
    uses: AtomicUsize,
}

static KEYS: Table<Key> = Table::new();

/// The names that there are, but those that the program has freed.
pub(crate) fn names() -> Vec<usize> {
    let is_kept = |name: &usize| KEYS.get(*name).is_some_and(|key| !key.freed.load(Ordering::Relaxed));
    KEYS.names().into_iter().filter(is_kept).collect()
}

/// (object, key, extra state, old value, place of the new value, place of whether there is one)
type Copy =
    unsafe extern "C-unwind" fn(usize, c_int, *mut c_void, *mut c_void, *mut c_void, *mut c_int) -> c_int;

/// (object, key, value, extra state)
type Delete = unsafe extern "C-unwind" fn(usize, c_int, *mut c_void, *mut c_void) -> c_int;

/// The attributes of an object, in the order in which they were set first.
#[derive(Default)]
pub(crate) struct Attributes {
    all: Mutex<Vec<Attribute>>,
    /// Whether there ever was one: most objects have none, and are made and freed without the lock.
    touched: AtomicBool,
}

#[derive(Clone, Copy)]
struct Attribute {
    key: c_int,
    value: usize,
    /// A delete function is called for it: it is still there, but no matter of anybody else's. The function, or another thread, may set the
    /// same key again meanwhile.
    leaves: bool,
}

impl Attribute {
    fn new(key: c_int, value: usize) -> Attribute {
        Attribute { key, value, leaves: false }
    }
}

/// Makes a key.
pub(crate) fn create_key(
    of: Kind,
    copy: Callback,
    delete: Callback,
    key: Out<c_int>,
    extra: Address,
) -> Result {
    key.check()?;
    let uses = AtomicUsize::new(1);
    let extra_state = extra.0.expose_provenance();
    let name = KEYS.insert(Key {
        of,
        copy: copy.0,
        delete: delete.0,
        extra_state,
        freed: AtomicBool::new(false),
        uses,
    });
    let name = name.ok_or_else(|| Error::new(ERR_OTHER, "there are too many attribute keys: free some"))?;
    key.set(name as c_int)
}

/// Frees the name of a key; values that are attached stay.
pub(crate) fn free_key(of: Kind, key: Out<c_int>) -> Result {
    let name = key.get()?;
    check(name, of)?;
    if KEYS.get(name as usize).is_some_and(|key| key.freed.swap(true, Ordering::AcqRel)) {
        return Err(Error::new(ERR_KEYVAL, format!("the key {name} was freed before")));
    }
    release(name);
    key.set(KEYVAL_INVALID)
}

fn check(key: c_int, of: Kind) -> Result {
    let wrong = |why: String| Err(Error::new(ERR_KEYVAL, why));
    if key == KEYVAL_INVALID {
        return wrong("the key is MPI_KEYVAL_INVALID".to_owned());
    }
    match usize::try_from(key).ok().and_then(|key| KEYS.get(key)) {
        None if (TAG_UB..700).contains(&key) => wrong(format!("the predefined key {key} can't be changed")),
        None => wrong(format!("{key} is no attribute key (was it freed?)")),
        Some(found) if found.of != of => {
            wrong(format!("the key is one for {:?}, not for {of:?} objects", found.of))
        }
        Some(_) => Ok(()),
    }
}

fn release(key: c_int) {
    if let Some(found) = KEYS.get(key as usize)
        && found.uses.fetch_sub(1, Ordering::AcqRel) == 1
    {
        KEYS.remove(key as usize);
    }
}

fn keep(key: c_int) {
    if let Some(found) = KEYS.get(key as usize) {
        // Relaxed: who has it keeps it.
        found.uses.fetch_add(1, Ordering::Relaxed);
    }
}

impl Attributes {
    fn all(&self) -> MutexGuard<'_, Vec<Attribute>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// None.
    pub const fn none() -> Attributes {
        Attributes { touched: AtomicBool::new(false), all: Mutex::new(Vec::new()) }
    }

    /// Whether there never was one.
    pub fn is_untouched(&self) -> bool {
        !self.touched.load(Ordering::Relaxed)
    }

    fn new(all: Vec<Attribute>) -> Attributes {
        Attributes { touched: AtomicBool::new(!all.is_empty()), all: Mutex::new(all) }
    }

    /// Sets a value; the old one is deleted first.
    pub fn set(&self, object: usize, of: Kind, key: c_int, value: Address) -> Result {
        check(key, of)?;
        let new = Attribute::new(key, value.0.expose_provenance());
        // Before the old value goes, which may be the last that keeps a key whose name was freed.
        keep(key);
        let mut place = None;
        loop {
            let mut all = self.all();
            let Some(old) = leave(&mut all, |attribute| attribute.key == key) else {
                let place = place.unwrap_or(all.len()).min(all.len());
                all.insert(place, new);
                // Relaxed: the program orders what it does with an object.
                self.touched.store(true, Ordering::Relaxed);
                return Ok(());
            };
            drop(all);
            // Its function may set the key as well: then that value is the next old one.
            place = Some(self.remove(object, old).inspect_err(|_| release(key))?);
        }
    }

    /// Writes a value, if there is one.
    pub fn get(&self, of: Kind, key: c_int, value: Address, flag: Out<c_int>) -> Result {
        flag.check()?;
        value.as_out().check()?;
        let found = match predefined(of, key) {
            Some(found) => Some(found),
            None => {
                check(key, of)?;
                self.all().iter().rfind(|attribute| attribute.key == key).map(|attribute| attribute.value)
            }
        };
        flag.set(c_int::from(found.is_some()))?;
        match found {
            Some(found) => value.as_out().set(Address(std::ptr::with_exposed_provenance_mut(found))),
            None => Ok(()),
        }
    }

    /// Deletes a value.
    pub fn delete(&self, object: usize, of: Kind, key: c_int) -> Result {
        check(key, of)?;
        let old = leave(&mut self.all(), |attribute| attribute.key == key);
        let old = old.ok_or_else(|| Error::new(ERR_KEYVAL, "the object has no such attribute"))?;
        self.remove(object, old).map(drop)
    }

    /// Deletes one that leaves. Returns its place.
    ///
    /// # Errors
    /// Its function refuses: it stays.
    fn remove(&self, object: usize, old: Attribute) -> Result<usize> {
        let outcome = call_delete(object, old.key, old.value);
        let mut all = self.all();
        let is_it = |other: &Attribute| other.leaves && (other.key, other.value) == (old.key, old.value);
        let place = all.iter().position(is_it).unwrap_or(all.len());
        match outcome {
            Ok(()) => {
                if place < all.len() {
                    all.remove(place);
                    release(old.key);
                }
                Ok(place)
            }
            Err(error) => {
                if let Some(attribute) = all.get_mut(place) {
                    attribute.leaves = false;
                }
                Err(error)
            }
        }
    }

    /// Deletes all values, the last first (MPI 5.0 §11.2.4). One whose function refuses stays; the others go all the same.
    ///
    /// # Errors
    /// The first refusal.
    pub fn delete_all(&self, object: usize) -> Result {
        if self.is_untouched() {
            return Ok(());
        }
        let (mut outcome, mut stay) = (Ok(()), Vec::new());
        loop {
            let last = leave(&mut self.all(), |attribute| !stay.contains(&attribute.key));
            let Some(last) = last else { return outcome };
            if let Err(error) = self.remove(object, last) {
                stay.push(last.key);
                outcome = outcome.and(Err(error));
            }
        }
    }

    /// The attributes of a duplicate.
    pub fn copy(&self, object: usize) -> Result<Attributes> {
        if self.is_untouched() {
            return Ok(Attributes::default());
        }
        // The last first, as other libraries do.
        let all = self.all().clone();
        let mut copies = Vec::new();
        for Attribute { key, value, .. } in all.into_iter().rev() {
            match call_copy(object, key, value) {
                Ok(Some(value)) => {
                    keep(key);
                    copies.push(Attribute::new(key, value));
                }
                Ok(None) => {}
                Err(error) => {
                    // They belong to nothing: the program lets go of them here, under the only name that there is.
                    let _ = Attributes::new(copies).delete_all(object);
                    return Err(error);
                }
            }
        }
        copies.reverse();
        Ok(Attributes::new(copies))
    }
}

/// The last one of these, which leaves from now on.
fn leave(all: &mut [Attribute], is_one: impl Fn(&Attribute) -> bool) -> Option<Attribute> {
    let last = all.iter_mut().rfind(|attribute| !attribute.leaves && is_one(attribute))?;
    last.leaves = true;
    Some(*last)
}

fn failed(code: c_int, what: &str) -> Box<Error> {
    Error::new(code, format!("the attribute's {what} function returned code {code}"))
}

fn call_delete(object: usize, key: c_int, value: usize) -> Result {
    let Some((delete, extra)) = KEYS.get(key as usize).map(|key| (key.delete, key.extra_state)) else {
        return Ok(());
    };
    if delete == COMM_NULL_DELETE_FN {
        return Ok(());
    }
    // SAFETY: the program gave it as such a function.
    let delete: Delete = unsafe { std::mem::transmute(delete) };
    let pointer = |number: usize| std::ptr::with_exposed_provenance_mut(number);
    // SAFETY: the arguments are those that the program gave for it.
    match unsafe { delete(object, key, pointer(value), pointer(extra)) } {
        SUCCESS => Ok(()),
        code => Err(failed(code, "delete")),
    }
}

fn call_copy(object: usize, key: c_int, value: usize) -> Result<Option<usize>> {
    let Some((copy, extra)) = KEYS.get(key as usize).map(|key| (key.copy, key.extra_state)) else {
        return Ok(None);
    };
    match copy {
        COMM_NULL_COPY_FN => return Ok(None),
        COMM_DUP_FN => return Ok(Some(value)),
        _ => {}
    }
    // SAFETY: the program gave it as such a function.
    let copy: Copy = unsafe { std::mem::transmute(copy) };
    let pointer = |number: usize| std::ptr::with_exposed_provenance_mut(number);
    let (mut copied, mut flag): (*mut c_void, c_int) = (std::ptr::null_mut(), 0);
    // SAFETY: the arguments are those that the program gave for it, and places of our own.
    let code =
        unsafe { copy(object, key, pointer(extra), pointer(value), (&raw mut copied).cast(), &mut flag) };
    match code {
        SUCCESS => Ok((flag != 0).then(|| copied.expose_provenance())),
        code => Err(failed(code, "copy")),
    }
}

/// The value of a predefined key: the address of a number (MPI 5.0 §9.1.2).
fn predefined(of: Kind, key: c_int) -> Option<usize> {
    static TAGS: AtomicI32 = AtomicI32::new(i32::MAX);
    static NOBODY: AtomicI32 = AtomicI32::new(PROC_NULL);
    static ANYBODY: AtomicI32 = AtomicI32::new(ANY_SOURCE);
    static NUMBER: AtomicI32 = AtomicI32::new(0);
    static SIZE: AtomicI32 = AtomicI32::new(0);
    static GLOBAL: AtomicI32 = AtomicI32::new(0);
    static CODE: AtomicI32 = AtomicI32::new(0);
    if of != Kind::Comm {
        return None;
    }
    let value = match key {
        TAG_UB => &TAGS,
        HOST => &NOBODY,
        IO => &ANYBODY,
        WTIME_IS_GLOBAL => &GLOBAL,
        APPNUM => {
            let app = instance::joined().map_or(0, |process| process.surroundings().app);
            NUMBER.store(app as i32, Ordering::Relaxed);
            &NUMBER
        }
        UNIVERSE_SIZE => {
            let size = instance::joined().map_or(1, |process| process.surroundings().size);
            SIZE.store(size as i32, Ordering::Relaxed);
            &SIZE
        }
        LASTUSEDCODE => {
            CODE.store(class::last_used(), Ordering::Relaxed);
            &CODE
        }
        _ => return None,
    };
    Some(value.as_ptr().expose_provenance())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicPtr;

    use super::*;

    static OBJECT: Attributes = Attributes::none();
    static DELETED: AtomicUsize = AtomicUsize::new(0);
    static AGAIN: AtomicPtr<u8> = AtomicPtr::new(std::ptr::null_mut());

    /// Sets the key again, once, if it is told to.
    unsafe extern "C-unwind" fn delete(_: usize, key: c_int, _: *mut c_void, _: *mut c_void) -> c_int {
        DELETED.fetch_add(1, Ordering::Relaxed);
        let again = AGAIN.swap(std::ptr::null_mut(), Ordering::Relaxed);
        if !again.is_null() {
            OBJECT.set(1, Kind::Comm, key, Address(again)).unwrap();
        }
        SUCCESS
    }

    fn address(value: usize) -> Address {
        Address(std::ptr::without_provenance_mut(value))
    }

    #[test]
    fn every_value_is_deleted_once_whoever_sets_it() {
        let mut key = 0;
        let functions = (Callback(COMM_NULL_COPY_FN), Callback(delete as *const () as usize));
        create_key(Kind::Comm, functions.0, functions.1, Out(&mut key), address(0)).unwrap();
        let values = || OBJECT.all().iter().map(|attribute| attribute.value).collect::<Vec<_>>();
        let set = |value: usize| OBJECT.set(1, Kind::Comm, key, address(value)).unwrap();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                scope.spawn(move || (0..1000).for_each(|turn| set(thread * 1000 + turn + 1)));
            }
        });
        assert_eq!(OBJECT.all().len(), 1);
        assert_eq!(DELETED.load(Ordering::Relaxed), 3999);
        // The function sets another one, which is deleted as well.
        AGAIN.store(address(77).0, Ordering::Relaxed);
        set(78);
        assert_eq!(values(), [78]);
        assert_eq!(DELETED.load(Ordering::Relaxed), 4001);
        AGAIN.store(address(79).0, Ordering::Relaxed);
        OBJECT.delete(1, Kind::Comm, key).unwrap();
        assert_eq!(values(), [79]);
        // The value keeps a key whose name was freed, also while it is replaced, and goes with it.
        let mut name = key;
        free_key(Kind::Comm, Out(&mut name)).unwrap();
        OBJECT.set(1, Kind::Comm, key, address(80)).unwrap();
        assert_eq!(KEYS.get(key as usize).unwrap().uses.load(Ordering::Relaxed), 1);
        OBJECT.delete_all(1).unwrap();
        assert!(values().is_empty() && KEYS.get(key as usize).is_none());
    }
}
