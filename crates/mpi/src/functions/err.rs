//! Error handlers, classes and codes (MPI 5.0 §9.3 to §9.5).

use std::ffi::c_int;

use crate::handler::{self, Held, Kind};
use crate::number::{
    ERR_ARG, ERR_ERRHANDLER, ERR_FILE, ERR_LASTCODE, ERR_OTHER, ERR_WIN, ERRHANDLER_NULL, FILE_NULL,
    MAX_ERROR_STRING,
};
use crate::pointer::{Callback, Out, Text, TextOut};
use crate::{Comm, Errhandler, Error, ErrorFunction, File, On, Result, Session, Win, class};

fn create(function: Callback, of: Kind, errhandler: Out<Errhandler>) -> Result {
    errhandler.check()?;
    let function = ErrorFunction::new(function.0)?;
    errhandler.set(handler::create(function, of)?)
}

pub fn comm_create_errhandler(function: Callback, errhandler: Out<Errhandler>) -> Result {
    create(function, Kind::Comm, errhandler)
}

pub fn win_create_errhandler(function: Callback, errhandler: Out<Errhandler>) -> Result {
    create(function, Kind::Win, errhandler)
}

pub fn file_create_errhandler(function: Callback, errhandler: Out<Errhandler>) -> Result {
    create(function, Kind::File, errhandler)
}

pub fn session_create_errhandler(function: Callback, errhandler: Out<Errhandler>) -> Result {
    create(function, Kind::Session, errhandler)
}

pub fn comm_set_errhandler(comm: Comm, errhandler: Errhandler) -> Result {
    let comm = comm.get()?;
    comm.handler.set(Held::of(errhandler, Kind::Comm)?);
    Ok(())
}

pub fn comm_get_errhandler(comm: Comm, errhandler: Out<Errhandler>) -> Result {
    errhandler.check()?;
    errhandler.set(comm.get()?.handler.tell())
}

/// There are no files yet, but the handler that they will have (MPI 5.0 §14.7).
pub fn file_set_errhandler(file: File, errhandler: Errhandler) -> Result {
    check_file(file)?;
    handler::of_files().set(Held::of(errhandler, Kind::File)?);
    Ok(())
}

pub fn file_get_errhandler(file: File, errhandler: Out<Errhandler>) -> Result {
    errhandler.check()?;
    check_file(file)?;
    errhandler.set(handler::of_files().tell())
}

fn check_file(file: File) -> Result {
    match file.0 {
        FILE_NULL => Ok(()),
        name => Err(Error::new(ERR_FILE, format!("{name:#x} is no file"))),
    }
}

pub fn session_set_errhandler(session: Session, errhandler: Errhandler) -> Result {
    let session = session.get()?;
    session.handler.set(Held::of(errhandler, Kind::Session)?);
    Ok(())
}

pub fn session_get_errhandler(session: Session, errhandler: Out<Errhandler>) -> Result {
    errhandler.check()?;
    errhandler.set(session.get()?.handler.tell())
}

pub fn session_call_errhandler(session: Session, errorcode: c_int) -> Result {
    session.get()?;
    raised(errorcode, On::Session(session))
}

pub fn errhandler_free(errhandler: Out<Errhandler>) -> Result {
    let name = errhandler.get()?;
    if name.0 == ERRHANDLER_NULL || !handler::free(name) {
        let text = format!("{:#x} is no error handler that could be freed", name.0);
        return Err(Error::new(ERR_ERRHANDLER, text));
    }
    errhandler.set(Errhandler(ERRHANDLER_NULL))
}

/// An error that the program raises: its handler is called, and then all is well (MPI 5.0 §9.3.5).
fn raised(code: i32, on: On) -> Result {
    let text = class::text(code).unwrap_or_else(|| format!("error code {code}").into());
    Err(Error::new(code, String::from_utf8_lossy(&text)).on(on).of_program())
}

pub fn comm_call_errhandler(comm: Comm, errorcode: c_int) -> Result {
    comm.get()?;
    raised(errorcode, On::Comm(comm))
}

/// There are no windows yet.
pub fn win_call_errhandler(win: Win, _errorcode: c_int) -> Result {
    Err(Error::new(ERR_WIN, format!("{:#x} is no window", win.0)))
}

pub fn file_call_errhandler(file: File, errorcode: c_int) -> Result {
    check_file(file)?;
    raised(errorcode, On::File(file))
}

pub fn error_class(errorcode: c_int, errorclass: Out<c_int>) -> Result {
    errorclass.set(class::class(errorcode).ok_or_else(|| no_code(errorcode))?)
}

pub fn error_string(errorcode: c_int, string: TextOut, resultlen: Out<c_int>) -> Result {
    resultlen.check()?;
    let mut text = class::text(errorcode).ok_or_else(|| no_code(errorcode))?;
    // A code is all that a program has of an error: what happened is told with the latest one's.
    if let Some(words) = handler::last_words(errorcode).filter(|_| class::is_predefined(errorcode)) {
        text.extend_from_slice(&[b" (", &words[..], b")"].concat());
    }
    resultlen.set(string.set(&text, MAX_ERROR_STRING as usize)? as c_int)
}

pub fn add_error_class(errorclass: Out<c_int>) -> Result {
    errorclass.check()?;
    errorclass.set(class::add(None)?)
}

pub fn add_error_code(errorclass: c_int, errorcode: Out<c_int>) -> Result {
    errorcode.check()?;
    class::class(errorclass).filter(|class| *class == errorclass).ok_or_else(|| no_code(errorclass))?;
    errorcode.set(class::add(Some(errorclass))?)
}

pub fn add_error_string(errorcode: c_int, string: Text) -> Result {
    let text = string.bytes()?;
    if text.len() >= MAX_ERROR_STRING as usize {
        let text = format!("the text has {} bytes; {} is the most", text.len(), MAX_ERROR_STRING - 1);
        return Err(Error::new(ERR_ARG, text));
    }
    let changed = class::change(errorcode, |added| {
        added.as_mut().is_some_and(|added| {
            added.text = Some(text);
            true
        })
    });
    if changed { Ok(()) } else { Err(not_added(errorcode)) }
}

pub fn remove_error_string(errorcode: c_int) -> Result {
    let removed =
        class::change(errorcode, |added| added.as_mut().is_some_and(|added| added.text.take().is_some()));
    if removed { Ok(()) } else { Err(not_added(errorcode)) }
}

pub fn remove_error_code(errorcode: c_int) -> Result {
    remove(errorcode, |class| class.is_some())
}

pub fn remove_error_class(errorclass: c_int) -> Result {
    if class::has_codes(errorclass) {
        let text = format!("error class {errorclass} still has codes: remove these first");
        return Err(Error::new(ERR_OTHER, text));
    }
    remove(errorclass, |class| class.is_none())
}

/// MPI 5.0 §9.5.4: a text must be removed before.
fn remove(code: i32, is_such: impl FnOnce(Option<i32>) -> bool) -> Result {
    let mut has_text = false;
    let removed = class::change(code, |entry| {
        has_text = entry.as_ref().is_some_and(|added| added.text.is_some());
        let goes = !has_text && entry.as_ref().is_some_and(|added| is_such(added.class));
        if goes {
            *entry = None;
        }
        goes
    });
    match (removed, has_text) {
        (true, _) => Ok(()),
        (_, true) => {
            Err(Error::new(ERR_OTHER, format!("error code {code} still has a text: remove it first")))
        }
        _ => Err(not_added(code)),
    }
}

fn no_code(code: i32) -> Box<Error> {
    Error::new(ERR_ARG, format!("there is no error class or code {code}"))
}

fn not_added(code: i32) -> Box<Error> {
    let which = if code <= ERR_LASTCODE { "a predefined one" } else { "none that the program has added" };
    Error::new(ERR_ARG, format!("error code {code} is {which}"))
}
