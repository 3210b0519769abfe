//! Finding a program as a shell does, with an answer that a user can act on.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Why a program cannot be started: one line, and what a shell would exit with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotFound {
    /// The line.
    pub why: String,
    /// 127 when there is nothing, 126 when there is something that cannot be executed.
    pub status: u8,
}

/// The file that `program` means in `directory` with `path` as the search path.
pub fn find(program: &OsStr, directory: &Path, path: Option<&OsStr>) -> Result<PathBuf, NotFound> {
    if program.as_bytes().contains(&b'/') {
        // Without the `.` that nobody wants to read.
        let file: PathBuf = directory.join(program).components().collect();
        return match judge(&file) {
            Verdict::Program => Ok(file),
            Verdict::Nothing => {
                Err(NotFound { why: format!("there is no file {}", file.display()), status: 127 })
            }
            Verdict::Else(what) => Err(NotFound { why: format!("{} {what}", file.display()), status: 126 }),
        };
    }
    let path = path.unwrap_or(OsStr::new("/bin:/usr/bin"));
    let mut unfit = None;
    for folder in std::env::split_paths(path) {
        let file = directory.join(folder).join(program);
        match judge(&file) {
            Verdict::Program => return Ok(file),
            Verdict::Nothing => {}
            Verdict::Else(what) => {
                unfit.get_or_insert(NotFound { why: format!("{} {what}", file.display()), status: 126 });
            }
        }
    }
    let name = program.to_string_lossy();
    let here = match judge(&directory.join(program)) {
        Verdict::Program => format!(" (there is one in the working directory: ./{name})"),
        _ => String::new(),
    };
    let why = format!("no program named {name:?} is in the search path PATH{here}");
    Err(unfit.unwrap_or(NotFound { why, status: 127 }))
}

enum Verdict {
    Program,
    Nothing,
    Else(&'static str),
}

fn judge(file: &Path) -> Verdict {
    match std::fs::metadata(file) {
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            Verdict::Else("lies in a directory that may not be entered")
        }
        Err(_) => Verdict::Nothing,
        Ok(data) if data.is_dir() => Verdict::Else("is a directory"),
        Ok(data) if data.permissions().mode() & 0o111 == 0 => Verdict::Else("is not executable"),
        Ok(_) => Verdict::Program,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(program: &str, path: &str, expected: Result<&str, u8>) {
        let found = find(OsStr::new(program), Path::new("/"), Some(OsStr::new(path)));
        let found = found.map_err(|error| error.status);
        assert_eq!(found.as_deref().map_err(|status| *status), expected.map(Path::new));
    }

    #[test]
    fn programs_are_found_or_not() {
        check("sh", "/nowhere:/bin", Ok("/bin/sh"));
        check("/bin/sh", "", Ok("/bin/sh"));
        check("bin/sh", "", Ok("/bin/sh"));
        check("./bin/./sh", "", Ok("/bin/sh"));
        check("no-such-program", "/bin:/usr/bin", Err(127));
        check("/no/such", "/bin", Err(127));
        check("/etc", "/bin", Err(126));
        check("/etc/passwd", "/bin", Err(126));
        check("passwd", "/etc", Err(126));
    }
}
