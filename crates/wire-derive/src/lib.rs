//! The derive macro of Wire.
