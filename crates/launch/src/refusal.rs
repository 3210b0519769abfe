//! What the system's refusals mean to somebody who starts a job.

use std::io;

const EAGAIN: i32 = 11;
const ENOMEM: i32 = 12;
const EMFILE: i32 = 24;

/// The refusal in the words of whoever can do something about it.
pub fn explain(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(EAGAIN) => {
            let limit = match os::limits::processes() {
                Some(limit) => format!("this user may have {limit} in all (ulimit -u)"),
                None => "this user has no limit of its own".to_owned(),
            };
            format!("no more processes are allowed: {limit}, and a container may allow fewer (pids.max)")
        }
        Some(EMFILE) => {
            let limit = os::limits::Descriptors::of_this_process().soft;
            let limit = limit.map_or_else(String::new, |limit| format!(" of {limit}"));
            format!("the limit on descriptors{limit} is too low (ulimit -n)")
        }
        Some(ENOMEM) => "the system has no memory left for another process".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_names_what_can_be_raised() {
        let check = |code: i32, expected: &str| {
            let text = explain(&io::Error::from_raw_os_error(code));
            assert!(text.contains(expected), "{text}");
        };
        check(EAGAIN, "ulimit -u");
        check(EMFILE, "ulimit -n");
        check(ENOMEM, "memory");
        check(2, "No such file");
    }
}
