//! The files of code that this process has mapped: its program and the libraries.

use std::ffi::{CStr, OsStr, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// A file of code, as it is mapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// The file; empty where the program itself is meant.
    pub path: PathBuf,
    /// Its addresses here are those in the file plus this.
    pub shift: usize,
}

/// What is searched for, and what was found.
struct Search {
    address: usize,
    found: Option<Image>,
}

/// The file whose code is at an address.
///
/// ```
/// use archipelago_os::image;
/// let own = image::of(image::of as usize).expect("this function lies in a file");
/// assert_eq!(image::of(1), None);
/// assert_eq!(image::of(main as usize), Some(own));
/// ```
pub fn of(address: usize) -> Option<Image> {
    let mut search = Search { address, found: None };
    // SAFETY: the function is called with this value alone, and before this call returns.
    unsafe { libc::dl_iterate_phdr(Some(look), (&raw mut search).cast()) };
    search.found
}

/// Whether the file has the address in one of its segments.
unsafe extern "C" fn look(info: *mut libc::dl_phdr_info, _size: usize, search: *mut c_void) -> c_int {
    // SAFETY: the loader gives a description that is valid for the call, and `of` gave its own value.
    let (info, search) = unsafe { (&*info, &mut *search.cast::<Search>()) };
    let shift = info.dlpi_addr as usize;
    let has = |segment: &libc::Elf64_Phdr| {
        let inside = search.address.wrapping_sub(shift.wrapping_add(segment.p_vaddr as usize));
        segment.p_type == libc::PT_LOAD && inside < segment.p_memsz as usize
    };
    let headers = match info.dlpi_phdr.is_null() {
        true => &[][..],
        // SAFETY: the loader says how many headers lie there.
        false => unsafe { std::slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum as usize) },
    };
    if !headers.iter().any(has) {
        return 0;
    }
    let path = match info.dlpi_name.is_null() {
        true => PathBuf::new(),
        // SAFETY: the name is a string of the loader's.
        false => OsStr::from_bytes(unsafe { CStr::from_ptr(info.dlpi_name) }.to_bytes()).into(),
    };
    search.found = Some(Image { path, shift });
    1
}

/// The name under which a file gives others the function that has an address.
///
/// ```
/// assert_eq!(archipelago_os::image::symbol(1), None);
/// ```
pub fn symbol(address: usize) -> Option<String> {
    let mut info: libc::Dl_info = libc::Dl_info {
        dli_fname: std::ptr::null(),
        dli_fbase: std::ptr::null_mut(),
        dli_sname: std::ptr::null(),
        dli_saddr: std::ptr::null_mut(),
    };
    // SAFETY: any address may be asked for; there is room for the answer.
    let is_known = unsafe { libc::dladdr(address as *const c_void, &mut info) } != 0;
    if !is_known || info.dli_sname.is_null() {
        return None;
    }
    // SAFETY: a name that is given is a string of the loader's.
    Some(unsafe { CStr::from_ptr(info.dli_sname) }.to_string_lossy().into_owned())
}
