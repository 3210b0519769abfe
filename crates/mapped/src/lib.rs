//! Lock-free structures in memory that several processes map.
