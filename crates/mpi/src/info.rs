//! Info objects: keys with values (MPI 5.0 §10).

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crate::number::{
    ERR_INFO, ERR_INFO_KEY, ERR_INFO_NOKEY, ERR_INFO_VALUE, ERR_OTHER, INFO_ENV, INFO_NULL, MAX_INFO_KEY,
    MAX_INFO_VAL,
};
use crate::table::{ALWAYS, Ref, Table};
use crate::{Error, Info, Result, instance};

/// Keys with their values, in the order in which they were set first: bytes, as C gives them.
pub(crate) type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// A key and its value, of words of our own.
pub(crate) fn pair(key: &str, value: impl Into<Vec<u8>>) -> (Vec<u8>, Vec<u8>) {
    (key.into(), value.into())
}

/// The kinds of memory that buffers can be of, on every object (MPI 5.0 §11.4.3).
pub(crate) fn memory_kinds() -> (Vec<u8>, Vec<u8>) {
    pair("mpi_memory_alloc_kinds", "mpi,system")
}

/// What the standard lets a program assert of a communicator (MPI 5.0 §7.4.4): that is accepted. Other hints are ignored.
const ASSERTIONS: [&str; 5] = [
    "mpi_assert_no_any_tag",
    "mpi_assert_no_any_source",
    "mpi_assert_exact_length",
    "mpi_assert_allow_overtaking",
    "mpi_assert_strict_persistent_collective_ordering",
];

/// Which of these hints are accepted.
pub(crate) fn accepted(hints: Pairs) -> Pairs {
    let is_accepted = |(key, value): &(Vec<u8>, Vec<u8>)| {
        ASSERTIONS.iter().any(|known| known.as_bytes() == key) && matches!(&value[..], b"true" | b"false")
    };
    hints.into_iter().filter(is_accepted).collect()
}

/// An info object.
pub(crate) struct Object {
    pairs: Mutex<Pairs>,
    /// Whether the program may change it.
    writable: bool,
}

static INFOS: Table<Object, ALWAYS> = Table::new();

/// The names that there are.
pub(crate) fn names() -> Vec<usize> {
    INFOS.names()
}

/// An info object in use.
pub(crate) enum InfoRef {
    Environment(&'static Object),
    Made(Ref<'static, Object, ALWAYS>),
}

impl std::ops::Deref for InfoRef {
    type Target = Object;

    fn deref(&self) -> &Object {
        match self {
            InfoRef::Environment(object) => object,
            InfoRef::Made(object) => object,
        }
    }
}

impl Object {
    /// What is in it.
    pub fn pairs(&self) -> MutexGuard<'_, Pairs> {
        self.pairs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value of a key.
    pub fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.pairs().iter().find(|(known, _)| known == key).map(|(_, value)| value.clone())
    }

    /// Sets the value of a key.
    ///
    /// # Errors
    /// `ERR_INFO_KEY`, `ERR_INFO_VALUE`; an object that can't be changed.
    pub fn set(&self, key: &[u8], value: Vec<u8>) -> Result {
        self.check_writable()?;
        check_key(key)?;
        if value.len() >= MAX_INFO_VAL as usize {
            let text = format!("the value has {} bytes; {} is the most", value.len(), MAX_INFO_VAL - 1);
            return Err(Error::new(ERR_INFO_VALUE, text));
        }
        let mut pairs = self.pairs();
        match pairs.iter_mut().find(|(known, _)| known == key) {
            Some((_, old)) => *old = value,
            None => pairs.push((key.to_owned(), value)),
        }
        Ok(())
    }

    /// Removes a key.
    ///
    /// # Errors
    /// `ERR_INFO_NOKEY`; as for [`set`](Object::set).
    pub fn remove(&self, key: &[u8]) -> Result {
        self.check_writable()?;
        check_key(key)?;
        let mut pairs = self.pairs();
        let at = pairs.iter().position(|(known, _)| known == key);
        let at = at.ok_or_else(|| {
            Error::new(ERR_INFO_NOKEY, format!("there is no key `{}`", String::from_utf8_lossy(key)))
        })?;
        pairs.remove(at);
        Ok(())
    }

    fn check_writable(&self) -> Result {
        match self.writable {
            true => Ok(()),
            false => Err(Error::new(ERR_INFO, "MPI_INFO_ENV can't be changed")),
        }
    }
}

/// Refuses keys that can't be.
pub(crate) fn check_key(key: &[u8]) -> Result {
    if key.is_empty() || key.len() >= MAX_INFO_KEY as usize {
        let text = format!("a key has 1 to {} bytes, and this one {}", MAX_INFO_KEY - 1, key.len());
        return Err(Error::new(ERR_INFO_KEY, text));
    }
    Ok(())
}

/// Makes an object.
pub(crate) fn create(pairs: Pairs) -> Result<Info> {
    let object = Object { pairs: Mutex::new(pairs), writable: true };
    let name = INFOS.insert(object).map(Info);
    name.ok_or_else(|| Error::new(ERR_OTHER, "there are too many info objects: free some"))
}

/// What is known of how this process was started (MPI 5.0 §11.2.1).
pub(crate) fn environment() -> Pairs {
    let mut words = std::env::args_os().map(OsString::into_vec);
    let mut pairs = Pairs::new();
    let mut add = |key: &str, mut value: Vec<u8>| {
        value.truncate(MAX_INFO_VAL as usize - 1);
        if !value.is_empty() {
            pairs.push((key.into(), value));
        }
    };
    add("command", words.next().unwrap_or_default());
    add("argv", words.collect::<Vec<_>>().join(&b' '));
    let size = instance::joined().map_or(1, |process| process.surroundings().size);
    add("maxprocs", size.to_string().into());
    add("mpi_initial_errhandler", instance::initial_handler().0.into());
    add("host", os::host::name().into());
    add("arch", std::env::consts::ARCH.into());
    add("wdir", std::env::current_dir().map_or_else(|_| Vec::new(), |path| path.into_os_string().into_vec()));
    pairs
}

impl Info {
    /// The object of this name.
    ///
    /// # Errors
    /// `ERR_INFO`.
    pub(crate) fn get(self) -> Result<InfoRef> {
        static ENVIRONMENT: OnceLock<Object> = OnceLock::new();
        match self.0 {
            INFO_ENV => Ok(InfoRef::Environment(
                ENVIRONMENT.get_or_init(|| Object { pairs: Mutex::new(environment()), writable: false }),
            )),
            INFO_NULL => Err(Error::new(ERR_INFO, "the info object is MPI_INFO_NULL")),
            name => {
                let missing = || Error::new(ERR_INFO, format!("{name:#x} is no info object (was it freed?)"));
                INFOS.get(name).map(InfoRef::Made).ok_or_else(missing)
            }
        }
    }

    /// What an argument says that may be null: then nothing.
    ///
    /// # Errors
    /// `ERR_INFO`.
    pub(crate) fn hints(self) -> Result<Pairs> {
        match self.0 {
            INFO_NULL => Ok(Pairs::new()),
            _ => Ok(self.get()?.pairs().clone()),
        }
    }

    /// Frees the name.
    pub(crate) fn remove(self) -> bool {
        INFOS.remove(self.0)
    }
}
