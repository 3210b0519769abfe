//! The algorithms, one file each. Every file has the same four functions, which its row of the
//! [table](super::table) names:
//!
//! - `plan(case, rank)`: how many rounds, how the vector is cut, how much scratch memory;
//! - `round(role, k, out)`: appends the steps of round k;
//! - `cost(case)`: the critical path;
//! - `traffic(case)`: messages and bytes of all members, exactly.

mod accumulate;
pub mod all_gather_board;
pub mod all_gather_bruck;
pub mod all_gather_doubling;
pub mod all_gather_ring;
pub mod all_reduce_board;
pub mod all_reduce_doubling;
pub mod all_reduce_rabenseifner;
pub mod all_reduce_ring;
pub mod all_to_all_board;
pub mod all_to_all_bruck;
pub mod all_to_all_exchange;
pub mod all_to_all_pairwise;
pub mod all_to_all_scattered;
pub mod barrier_board;
pub mod barrier_dissemination;
pub mod barrier_tree;
pub mod broadcast_binomial;
pub mod broadcast_board;
pub mod broadcast_chain;
pub mod broadcast_pull;
pub mod broadcast_scatter_doubling;
pub mod broadcast_scatter_ring;
pub mod gather_binomial;
pub mod gather_board;
pub mod gather_linear;
pub mod gather_paced;
mod halving;
pub mod reduce_binomial;
pub mod reduce_board;
pub mod reduce_chain;
pub mod reduce_rabenseifner;
pub mod scan_board;
pub mod scan_chain;
pub mod scan_doubling;
pub mod scatter_binomial;
pub mod scatter_board;
pub mod scatter_linear;
pub mod scatter_paced;
mod tree;
