//! Error handlers, and who decides about an error.
#![allow(unsafe_code)]

use std::any::Any;
use std::cell::Cell;
use std::ffi::c_int;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::number::{
    COMM_NULL, COMM_SELF, ERR_ERRHANDLER, ERR_OTHER, ERRHANDLER_NULL, ERRORS_ABORT, ERRORS_ARE_FATAL,
    ERRORS_RETURN, SESSION_NULL, SUCCESS,
};
use crate::table::{ALWAYS, Table};
use crate::{Comm, Errhandler, Error, On, Result, caller, class, comm, instance};

/// A function of the program's: (the object's name, the code, ...).
type Function = unsafe extern "C-unwind" fn(*mut usize, *mut c_int, ...);

/// A handler that the program made.
struct Handler {
    function: ErrorFunction,
    of: Kind,
    /// How many names and objects it has. Its name is valid until there are none (MPI 5.0 §9.3.4).
    uses: AtomicUsize,
}

/// The handler of an object.
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

/// Makes a handler of a function.
pub(crate) fn create(function: ErrorFunction, of: Kind) -> Result<Errhandler> {
    let name = HANDLERS.insert(Handler { function, of, uses: AtomicUsize::new(1) }).map(Errhandler);
    name.ok_or_else(|| Error::new(ERR_OTHER, "there are too many error handlers"))
}

/// One more has this handler.
pub(crate) fn keep(name: Errhandler) {
    if let Some(handler) = HANDLERS.get(name.0) {
        // Relaxed: who has it keeps it.
        handler.uses.fetch_add(1, Ordering::Relaxed);
    }
}

/// One fewer has this handler; false: it is none.
pub(crate) fn release(name: Errhandler) -> bool {
    if is_predefined(name) {
        return true;
    }
    let Some(handler) = HANDLERS.get(name.0) else { return false };
    if handler.uses.fetch_sub(1, Ordering::AcqRel) == 1 {
        HANDLERS.remove(name.0);
    }
    true
}

fn is_predefined(name: Errhandler) -> bool {
    [ERRORS_ARE_FATAL, ERRORS_ABORT, ERRORS_RETURN].contains(&name.0)
}

impl Held {
    /// This handler.
    pub fn new(name: Errhandler) -> Held {
        keep(name);
        Held(AtomicUsize::new(name.0))
    }

    /// Which.
    pub fn get(&self) -> Errhandler {
        Errhandler(self.0.load(Ordering::Relaxed))
    }

    /// Another one from now on.
    pub fn set(&self, name: Errhandler) {
        keep(name);
        release(Errhandler(self.0.swap(name.0, Ordering::Relaxed)));
    }
}

/// The handler of files; of the null file's errors too (MPI 5.0 §14.7).
pub(crate) fn of_files() -> &'static Held {
    static FILES: Held = Held(AtomicUsize::new(ERRORS_RETURN));
    &FILES
}

impl Drop for Held {
    fn drop(&mut self) {
        release(self.get());
    }
}

/// Refuses what is no handler for such an object.
pub(crate) fn check(name: Errhandler, kind: Kind) -> Result {
    match name.0 {
        ERRORS_ARE_FATAL | ERRORS_ABORT | ERRORS_RETURN => Ok(()),
        ERRHANDLER_NULL => Err(Error::new(ERR_ERRHANDLER, "the handler is MPI_ERRHANDLER_NULL")),
        name => match HANDLERS.get(name) {
            Some(handler) if handler.of == kind => Ok(()),
            Some(handler) => {
                let text = format!("the handler is one for {:?}, not for {kind:?} objects", handler.of);
                Err(Error::new(ERR_ERRHANDLER, text))
            }
            None => Err(Error::new(ERR_ERRHANDLER, format!("{name:#x} is no error handler (was it freed?)"))),
        },
    }
}

thread_local! {
    /// The latest error that the program was told of in this thread: its code, and what is more to be said of it.
    static LAST: Cell<Option<(i32, String)>> = const { Cell::new(None) };
}

/// What happened, in the words that the default handler would have printed, if the latest error of this thread has this code.
pub(crate) fn last_words(code: i32) -> Option<String> {
    // In exit handlers of a thread that ends there is nothing of its own any more.
    let words = LAST.try_with(|latest| {
        let last = latest.take();
        let words = last.as_ref().filter(|(of, _)| *of == code).map(|(_, words)| words.clone());
        latest.set(last);
        words
    });
    words.ok().flatten()
}

/// Decides about an error: prints and ends the job, or says what the door must do. Nothing of the error is left.
#[cold]
pub fn verdict(function: &'static str, on: On, error: Box<Error>) -> Verdict {
    let error = placed(error);
    let on = error.on.unwrap_or(on);
    let (handler, object) = handler_of(on);
    // MPI 5.0 §9.3.5: what the program raises is no error of the call that raises it.
    let code = if error.by_program { SUCCESS } else { error.code };
    if !matches!(handler.0, ERRORS_ARE_FATAL | ERRORS_ABORT) && !error.by_program {
        let words = format!("{function}: {}", error.text);
        // Where the thread's own is gone already, nobody is told more than the code.
        let _ = LAST.try_with(|last| last.set(Some((error.code, words))));
    }
    match handler.0 {
        ERRORS_RETURN => Verdict::Return(code),
        ERRORS_ARE_FATAL | ERRORS_ABORT => fatal(function, object, &error),
        name => match HANDLERS.get(name) {
            Some(handler) => {
                Verdict::Call { handler: handler.function, handle: object, error: error.code, code }
            }
            None => fatal(function, object, &error),
        },
    }
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

/// The handler that sees errors on an object, and the object that it is told.
fn handler_of(on: On) -> (Errhandler, usize) {
    let of_self = || {
        let own = Comm(COMM_SELF);
        (own.get().map_or(instance::initial_handler(), |comm| comm.handler()), own.0)
    };
    match on {
        On::Comm(name) => comm::find(name).map_or_else(of_self, |comm| (comm.handler(), name.0)),
        On::Session(name) => {
            instance::session_handler(name).map_or_else(of_self, |handler| (handler, name.0))
        }
        On::File(name) => (of_files().get(), name.0),
        On::Handler(name) => match (is_predefined(name), HANDLERS.get(name.0).map(|handler| handler.of)) {
            (true, _) | (_, Some(Kind::Comm)) => (name, COMM_NULL),
            (_, Some(Kind::Session)) => (name, SESSION_NULL),
            _ => of_self(),
        },
        On::Win(_) | On::Nothing => of_self(),
    }
}

fn fatal(function: &str, object: usize, error: &Error) -> ! {
    let class = class::name(error.code);
    let name = comm::find(Comm(object)).map_or_else(String::new, |comm| format!(" on {}", comm.name()));
    // The launcher says it, once for the job and with the rank; without one the process does.
    let text =
        format!("{function}{name}: {class}: {} (MPI_ERRORS_RETURN would return the error)", error.text);
    instance::abort(error.code.clamp(1, 255), &text)
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
