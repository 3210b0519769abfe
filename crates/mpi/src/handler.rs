//! Error handlers, and who decides about an error.
#![allow(unsafe_code)]

use std::any::Any;
use std::cell::Cell;
use std::ffi::c_int;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::number::{
    COMM_NULL, COMM_SELF, ERR_ERRHANDLER, ERR_OTHER, ERRHANDLER_NULL, ERRORS_ABORT, ERRORS_ARE_FATAL,
    ERRORS_RETURN, MAX_ERROR_STRING, SESSION_NULL, SUCCESS,
};
use crate::table::{ALWAYS, Table};
use crate::{Comm, Errhandler, Error, On, Result, Session, caller, class, comm, instance, session};

/// A function of the program's: (the object's name, the code, ...).
type Function = unsafe extern "C-unwind" fn(*mut usize, *mut c_int, ...);

/// A handler that the program made.
struct Handler {
    function: ErrorFunction,
    of: Kind,
    uses: Mutex<Uses>,
}

/// Who needs a handler. Its number is valid until nobody does (MPI 5.0 §9.3.4).
struct Uses {
    /// How many names the program has for it: that which made it, and those that it asked for. It frees no more.
    names: usize,
    objects: usize,
}

/// The handler of an object, or one that is on its way to one. It stays while this has it.
#[derive(Debug)]
pub(crate) struct Held(AtomicUsize);

/// To which objects a handler can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Comm,
    Win,
    File,
    Session,
}

/// The address of a program's error handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorFunction(usize);

impl ErrorFunction {
    /// Of this address.
    ///
    /// # Errors
    /// Null.
    pub(crate) fn new(address: usize) -> Result<ErrorFunction> {
        match address {
            0 => Err(Error::new(crate::number::ERR_ARG, "the error handler is a null pointer")),
            address => Ok(ErrorFunction(address)),
        }
    }

    /// Calls it. It may throw, and jump out.
    pub fn call(self, object: &mut usize, code: &mut c_int) {
        // SAFETY: the program gave it as such a function.
        let function: Function = unsafe { std::mem::transmute(self.0) };
        // SAFETY: both pointers are valid for the call.
        unsafe { function(object, code) }
    }
}

/// What becomes of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The function returns this.
    Return(c_int),
    /// This function is called first.
    Call {
        /// The handler.
        handler: ErrorFunction,
        /// The object's name.
        handle: usize,
        /// The error's code, which it is told.
        error: c_int,
        /// What the function returns when the handler does.
        code: c_int,
    },
}

/// All handlers that the program made.
static HANDLERS: Table<Handler, ALWAYS> = Table::new();

/// Held by whoever gives an object another handler, or takes the handler of one: what is read is there.
static GIVING: Mutex<()> = Mutex::new(());

/// Makes a handler of a function.
pub(crate) fn create(function: ErrorFunction, of: Kind) -> Result<Errhandler> {
    let uses = Mutex::new(Uses { names: 1, objects: 0 });
    let name = HANDLERS.insert(Handler { function, of, uses }).map(Errhandler);
    name.ok_or_else(|| Error::new(ERR_OTHER, "there are too many error handlers"))
}

/// Changes who needs a handler, if somebody does; who was the last takes its name away. Returns what `change` says.
fn change(name: Errhandler, change: impl FnOnce(&mut Uses) -> bool) -> bool {
    let Some(handler) = HANDLERS.get(name.0) else { return false };
    let mut uses = handler.uses.lock().unwrap_or_else(PoisonError::into_inner);
    if uses.names + uses.objects == 0 || !change(&mut uses) {
        return false;
    }
    if uses.names + uses.objects == 0 {
        HANDLERS.remove(name.0);
    }
    true
}

/// The program frees a name; false: it has none.
pub(crate) fn free(name: Errhandler) -> bool {
    is_predefined(name)
        || change(name, |uses| {
            let has = uses.names > 0;
            uses.names -= usize::from(has);
            has
        })
}

fn is_predefined(name: Errhandler) -> bool {
    [ERRORS_ARE_FATAL, ERRORS_ABORT, ERRORS_RETURN].contains(&name.0)
}

impl Held {
    /// One of the standard's.
    pub const fn predefined(name: Errhandler) -> Held {
        Held(AtomicUsize::new(name.0))
    }

    /// The handler that the program names for such an object.
    ///
    /// # Errors
    /// `ERR_ERRHANDLER`: it is none for such an object.
    pub fn of(name: Errhandler, kind: Kind) -> Result<Held> {
        let refuse = |text: String| Err(Error::new(ERR_ERRHANDLER, text));
        let one_more = |uses: &mut Uses| {
            let is_named = uses.names > 0;
            uses.objects += usize::from(is_named);
            is_named
        };
        match (name.0, HANDLERS.get(name.0).map(|handler| handler.of)) {
            (ERRORS_ARE_FATAL | ERRORS_ABORT | ERRORS_RETURN, _) => Ok(Held::predefined(name)),
            (ERRHANDLER_NULL, _) => refuse("the handler is MPI_ERRHANDLER_NULL".to_owned()),
            (_, Some(of)) if of != kind => {
                refuse(format!("the handler is one for {of:?}, not for {kind:?} objects"))
            }
            _ if change(name, one_more) => Ok(Held(AtomicUsize::new(name.0))),
            (name, _) => refuse(format!("{name:#x} is no error handler (was it freed?)")),
        }
    }

    /// Which.
    pub fn name(&self) -> Errhandler {
        // Relaxed: what it names was made before it could be given.
        Errhandler(self.0.load(Ordering::Relaxed))
    }

    /// The same once more. No lock where it is one of the standard's, which is nearly always.
    pub fn share(&self) -> Held {
        let name = self.name();
        if is_predefined(name) {
            return Held::predefined(name);
        }
        let _giving = GIVING.lock().unwrap_or_else(PoisonError::into_inner);
        let name = self.name();
        change(name, |uses| {
            uses.objects += 1;
            true
        });
        Held(AtomicUsize::new(name.0))
    }

    /// A name of the program's for it, which it frees.
    pub fn tell(&self) -> Errhandler {
        let held = self.share();
        change(held.name(), |uses| {
            uses.names += 1;
            true
        });
        held.name()
    }

    /// Another one from now on.
    pub fn set(&self, other: Held) {
        let _giving = GIVING.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.0.swap(other.name().0, Ordering::Relaxed);
        // What it had goes with the other.
        other.0.store(before, Ordering::Relaxed);
    }
}

impl Clone for Held {
    fn clone(&self) -> Held {
        self.share()
    }
}

impl PartialEq for Held {
    fn eq(&self, other: &Held) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Held {}

impl Drop for Held {
    fn drop(&mut self) {
        change(self.name(), |uses| {
            uses.objects -= 1;
            true
        });
    }
}

/// The handler of files; of the null file's errors too (MPI 5.0 §14.7).
pub(crate) fn of_files() -> &'static Held {
    static FILES: Held = Held::predefined(Errhandler(ERRORS_RETURN));
    &FILES
}

const WORDS: usize = MAX_ERROR_STRING as usize;

/// The latest error that the program was told of in a thread. Plain bytes, without a destructor: exit handlers come after those.
#[derive(Clone, Copy)]
struct Last {
    code: i32,
    length: usize,
    words: [u8; WORDS],
}

thread_local! {
    static LAST: Cell<Last> = const { Cell::new(Last { code: SUCCESS, length: 0, words: [0; WORDS] }) };
}

fn remember(code: i32, words: &str) {
    let mut last = Last { code, length: 0, words: [0; WORDS] };
    last.length = words.floor_char_boundary(last.words.len());
    last.words[..last.length].copy_from_slice(&words.as_bytes()[..last.length]);
    LAST.set(last);
}

/// What happened, in the words that the default handler would have printed, if the latest error of this thread has this code.
pub(crate) fn last_words(code: i32) -> Option<Vec<u8>> {
    let last = LAST.get();
    (last.code == code && last.length > 0).then(|| last.words[..last.length].to_vec())
}

/// Decides about an error: prints and ends the job, or says what the door must do. Nothing of the error is left.
#[cold]
pub fn verdict(function: &'static str, on: On, said: &dyn Fn() -> String, error: Box<Error>) -> Verdict {
    let mut error = placed(error);
    let on = error.on.unwrap_or(on);
    let (held, object) = handler_of(on, error.held.take());
    // MPI 5.0 §9.3.5: what the program raises is no error of the call that raises it.
    let code = if error.by_program { SUCCESS } else { error.code };
    let name = held.name();
    if !matches!(name.0, ERRORS_ARE_FATAL | ERRORS_ABORT) && !error.by_program {
        remember(error.code, &format!("{function}: {}", error.text));
    }
    match name.0 {
        ERRORS_RETURN => Verdict::Return(code),
        // MPI 5.0 §9.3, §11.2.1: of a session, and where there is no communicator, it ends this process alone.
        ERRORS_ABORT if on == On::Session(Session(object)) || is_nowhere(object) => {
            instance::end_alone(status(&error), &report(&said(), &error))
        }
        ERRORS_ARE_FATAL | ERRORS_ABORT => fatal(&said(), &error),
        name => match HANDLERS.get(name) {
            Some(handler) => {
                Verdict::Call { handler: handler.function, handle: object, error: error.code, code }
            }
            None => fatal(&said(), &error),
        },
    }
}

/// Whether the error is seen by the initial handler, which has no communicator.
fn is_nowhere(object: usize) -> bool {
    object == COMM_SELF && comm::find(Comm(COMM_SELF)).is_none()
}

/// Where programs are checked, the error says where it was called.
fn placed(error: Box<Error>) -> Box<Error> {
    if !instance::is_checking() || error.by_program {
        return error;
    }
    let place = caller::suffix();
    // What the members of a collective call is said with its places.
    let text = if error.text.contains(&place) { error.text.clone() } else { error.text.clone() + &place };
    Box::new(Error { text, ..*error })
}

/// The handler that sees errors on an object, and the object that it is told. `kept`: one whose object has no name any more.
fn handler_of(on: On, kept: Option<Held>) -> (Held, usize) {
    let of_self = || {
        let own = comm::find(Comm(COMM_SELF));
        let initial = || Held::predefined(instance::initial_handler().1);
        (own.map_or_else(initial, |own| own.handler.share()), COMM_SELF)
    };
    match on {
        On::Comm(name) => comm::find(name).map_or_else(of_self, |comm| (comm.handler.share(), name.0)),
        On::Session(name) => {
            session::find(name).map_or_else(of_self, |session| (session.handler.share(), name.0))
        }
        On::File(name) => (of_files().share(), name.0),
        On::Handler(name) => {
            let of_comm = kept.or_else(|| Held::of(name, Kind::Comm).ok()).map(|held| (held, COMM_NULL));
            let of_session = || Held::of(name, Kind::Session).ok().map(|held| (held, SESSION_NULL));
            of_comm.or_else(of_session).unwrap_or_else(of_self)
        }
        On::Win(_) | On::Nothing => of_self(),
    }
}

fn fatal(call: &str, error: &Error) -> ! {
    // The launcher says it, once for the job and with the rank; without one the process does.
    instance::abort(status(error), &report(call, error))
}

/// The exit status that tells of an error.
fn status(error: &Error) -> i32 {
    error.code.clamp(1, 255)
}

/// What was called, with what, what is wrong, and what to do.
fn report(call: &str, error: &Error) -> String {
    let class = class::name(error.code);
    // An object that the call itself doesn't name: a request's communicator.
    let object = match error.on {
        Some(On::Comm(name)) => comm::find(name).map(|comm| comm.name()),
        _ => None,
    };
    let object = object.filter(|name| !call.contains(&**name)).map(|name| format!(" on {name}"));
    let hint = class::hint(error.code).map(|hint| format!("; {hint}"));
    let (object, hint) = (object.unwrap_or_default(), hint.unwrap_or_default());
    // Before the beginning and after the end no communicator has a handler.
    let other = match instance::is_busy() {
        true => "MPI_ERRORS_RETURN would return the error",
        false => "`mpiexec -initial-errhandler mpi_errors_return` would return the error",
    };
    format!("{call}{object}: {class}: {}{hint} ({other})", error.text)
}

/// A panic is a mistake of ours: reports it and ends the job.
#[cold]
pub fn bug(function: &'static str, panic: Box<dyn Any + Send>) -> ! {
    let what = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "a panic".to_owned(),
    };
    let text = format!("{function} met a mistake in Archipelago itself: {what}");
    // Nobody may read it any more.
    let _ = writeln!(std::io::stderr(), "archipelago: {text}; please report it with the lines above");
    instance::abort(134, &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made() -> Errhandler {
        create(ErrorFunction::new(4096).unwrap(), Kind::Comm).unwrap()
    }

    #[test]
    fn a_handler_stays_while_it_has_a_name_or_an_object() {
        let name = made();
        let held = Held::of(name, Kind::Comm).unwrap();
        assert!(Held::of(name, Kind::Session).is_err());
        // Its only name: no copy of that frees it once more, and nobody else is given it under that.
        assert!(free(name) && !free(name) && Held::of(name, Kind::Comm).is_err());
        assert!(HANDLERS.get(name.0).is_some());
        // Who asks for it has one again.
        assert_eq!(held.tell(), name);
        drop(held);
        assert!(free(name) && HANDLERS.get(name.0).is_none() && !free(name));
    }

    #[test]
    fn what_is_shared_while_others_give_another_one_is_there() {
        let object = Held::predefined(Errhandler(ERRORS_RETURN));
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    for _ in 0..5000 {
                        let name = made();
                        object.set(Held::of(name, Kind::Comm).unwrap());
                        assert!(free(name));
                    }
                });
            }
            scope.spawn(|| {
                for _ in 0..10_000 {
                    let held = object.share();
                    assert!(is_predefined(held.name()) || HANDLERS.get(held.name().0).is_some());
                }
            });
        });
        let last = object.name();
        object.set(Held::predefined(Errhandler(ERRORS_RETURN)));
        assert!(HANDLERS.get(last.0).is_none());
    }

    #[test]
    fn the_latest_words_are_cut_between_characters() {
        remember(7, &"ü".repeat(WORDS));
        let words = last_words(7).unwrap();
        assert!(words.len() <= WORDS && String::from_utf8(words).is_ok());
        assert!(last_words(8).is_none());
    }
}
