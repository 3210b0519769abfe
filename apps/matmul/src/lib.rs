//! Dense matrices, multiplied by several processes that share no memory.
//!
//! The pure parts first: [`matrix`], the file formats [`npy`] and [`market`] ([`file`] tells them apart), random
//! matrices ([`generate`]), the local [`product`], and [`verify`], which shares no code with it.

pub mod error;
pub mod file;
pub mod generate;
mod header;
pub mod market;
pub mod matrix;
pub mod npy;
pub mod product;
pub mod share;
pub mod verify;

pub use error::Error;
pub use matrix::Matrix;
