//! Dense matrices, multiplied by several processes that share no memory.
//!
//! The pure parts first: [`matrix`], the file formats [`npy`] and [`market`] ([`mod@file`] tells them apart), random
//! matrices ([`generate`]), the local [`product`], and [`verify`], which shares no code with it.
//!
//! Then what the processes do together: [`run`] is the program, [`rows`] and [`summa`] are its two algorithms.

pub mod error;
pub mod file;
pub mod generate;
mod header;
pub mod market;
pub mod matrix;
pub mod meter;
pub mod npy;
pub mod options;
pub mod plan;
pub mod product;
mod progress;
pub mod report;
pub mod rows;
pub mod run;
pub mod share;
pub mod summa;
pub mod verify;

pub use error::Error;
pub use matrix::Matrix;
