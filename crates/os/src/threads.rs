//! The threads of this process.

/// How many threads this process has; `None` where the kernel doesn't say.
pub fn count() -> Option<usize> {
    Some(std::fs::read_dir("/proc/self/task").ok()?.count())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_new_thread_counts() {
        let (begun, go) = (std::sync::Barrier::new(2), std::sync::Barrier::new(2));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                begun.wait();
                go.wait();
            });
            begun.wait();
            assert!(super::count().is_some_and(|threads| threads >= 2));
            go.wait();
        });
    }
}
