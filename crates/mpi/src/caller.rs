//! From where the program has called into the library: found on the stack, when somebody asks. A call that nobody asks about
//! pays nothing for it.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use os::image;
use runtime::place::{Caller, Place, Site};

/// A call in the program's code.
#[derive(Debug)]
struct Call {
    /// The function of the standard.
    function: String,
    /// Where it returns to.
    address: usize,
    /// The place in words, once somebody has asked for it.
    place: OnceLock<String>,
}

/// The calls that somebody has asked about, by their addresses and functions (where calls go through one place, it has many): as many as the program has, and kept for ever.
static CALLS: Mutex<BTreeMap<(usize, String), &'static Call>> = Mutex::new(BTreeMap::new());

/// Where the calling thread has called into this library, and which function.
pub(crate) fn find() -> Site {
    let at = walk().map(|(function, address)| {
        let mut calls = CALLS.lock().unwrap_or_else(PoisonError::into_inner);
        let call = calls
            .entry((address, function.clone()))
            .or_insert_with(|| Box::leak(Box::new(Call { function, address, place: OnceLock::new() })));
        Place::Foreign(*call)
    });
    Site { at, is_blind: false }
}

/// The place in words, in brackets; nothing where it isn't known.
pub(crate) fn suffix() -> String {
    find().words().map_or_else(String::new, |place| format!(" (at {place})"))
}

impl Caller for Call {
    fn function(&self) -> &str {
        &self.function
    }

    fn place(&self) -> &str {
        self.place.get_or_init(|| described(self.address))
    }
}

/// The function of the standard that was called last on this stack, and where its caller goes on. What a tool puts between is no
/// caller: it has the same name.
fn walk() -> Option<(String, usize)> {
    let own = image::of(walk as *const () as usize)?;
    let (mut function, mut found) = (None, None);
    backtrace::trace(|frame| {
        // The instruction before the one that is returned to is the call.
        let address = (frame.ip() as usize).wrapping_sub(1);
        let name = image::symbol(address).as_deref().and_then(standard);
        let is_own = image::of(address).as_ref() == Some(&own);
        if is_own || name.is_some() {
            function = name.or(function.take());
            return true;
        }
        found = function.take().map(|function| (function, frame.ip() as usize));
        false
    });
    found
}

/// The function of the standard that goes by a symbol.
fn standard(symbol: &str) -> Option<String> {
    let name = symbol.strip_prefix('P').unwrap_or(symbol);
    name.starts_with("MPI_").then(|| name.to_owned())
}

/// `file:line in function` where the program says so much of itself; else what `addr2line` can be asked.
fn described(address: usize) -> String {
    let (mut line, mut name) = (None, None);
    backtrace::resolve(address as *mut c_void, |symbol| {
        let file = symbol.filename().map(|file| shortened(file).display().to_string());
        line = line.take().or_else(|| Some(format!("{}:{}", file?, symbol.lineno()?)));
        // Of a name that a compiler has made, nobody is helped.
        let plain = symbol.name().map(|name| name.to_string()).filter(|name| !name.starts_with("_Z"));
        name = name.take().or(plain);
    });
    let place = line.unwrap_or_else(|| in_file(address.wrapping_sub(1)));
    name.map_or_else(|| place.clone(), |name| format!("{place} in {name}"))
}

/// As seen from where the program works.
fn shortened(file: &Path) -> &Path {
    static FOLDER: OnceLock<Option<std::path::PathBuf>> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| std::env::current_dir().ok());
    folder.as_ref().and_then(|folder| file.strip_prefix(folder).ok()).unwrap_or(file)
}

/// `program+0x1234`.
fn in_file(address: usize) -> String {
    let Some(image) = image::of(address) else { return format!("{address:#x}") };
    let program = std::env::current_exe().unwrap_or_default();
    let path = if image.path.as_os_str().is_empty() { &program } else { &image.path };
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    format!("{name}+{:#x}", address.wrapping_sub(image.shift))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_of_the_standard() {
        assert_eq!(standard("PMPI_Send").as_deref(), Some("MPI_Send"));
        assert_eq!(standard("MPI_Send").as_deref(), Some("MPI_Send"));
        assert_eq!((standard("PMIx_Init"), standard("main"), standard("PMI_Init")), (None, None, None));
    }

    #[test]
    fn a_place_is_a_line_or_an_offset() {
        let here = a_place_is_a_line_or_an_offset as *const () as usize + 1;
        assert!(described(here).contains("caller.rs:"), "{}", described(here));
        assert!(in_file(here).contains("+0x"), "{}", in_file(here));
        assert_eq!(in_file(1), "0x1");
        // Nobody has called through a front door here.
        assert!(find().at.is_none() && suffix().is_empty());
    }
}
