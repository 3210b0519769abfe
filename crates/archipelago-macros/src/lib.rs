//! The attribute macros of archipelago.
