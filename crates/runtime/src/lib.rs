//! One process: bootstrap, progress and waiting, failure detection, shutdown.
