//! Ours beside the bare limits.
