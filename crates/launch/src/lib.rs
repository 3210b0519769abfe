//! Starts processes, keeps them, and ends them.
