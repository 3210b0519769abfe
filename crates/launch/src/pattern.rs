//! Paths of output files, one for each process.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// Makes a process's path of a pattern: `%r` becomes its number, `%h` the host's name, `%%` a per cent sign.
///
/// # Errors
/// The first placeholder that is none of these, such as "%q"; "%" for one that ends with the pattern.
pub fn expand(pattern: &OsStr, number: u32, host: &str) -> Result<OsString, String> {
    let mut path = Vec::new();
    let mut bytes = pattern.as_bytes().iter();
    while let Some(&byte) = bytes.next() {
        match (byte, byte == b'%') {
            (byte, false) => path.push(byte),
            _ => match bytes.next() {
                Some(b'r') => path.extend_from_slice(number.to_string().as_bytes()),
                Some(b'h') => path.extend_from_slice(host.as_bytes()),
                Some(b'%') => path.push(b'%'),
                Some(&other) => return Err(format!("%{}", char::from(other))),
                None => return Err("%".to_owned()),
            },
        }
    }
    Ok(OsString::from_vec(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let check = |pattern: &str, expected: Result<&str, &str>| {
            let path = expand(OsStr::new(pattern), 12, "node");
            assert_eq!(path, expected.map(OsString::from).map_err(str::to_owned));
        };
        check("out.%r", Ok("out.12"));
        check("%r/%h-%r.txt", Ok("12/node-12.txt"));
        check("100%%", Ok("100%"));
        check("%", Err("%"));
        check("out.%q", Err("%q"));
    }
}
