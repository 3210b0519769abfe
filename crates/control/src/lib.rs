//! Messages between launcher, keepers and processes; the handshake and the job's secret.
