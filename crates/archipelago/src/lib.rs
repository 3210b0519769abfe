//! Message passing between processes: a safe SPMD runtime.
