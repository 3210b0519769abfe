//! `archi info` and `archi doctor`.
