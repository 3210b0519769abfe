//! The one table of algorithms: what there is, when it fits, what it costs.

use super::algorithms as a;
use super::case::{Case, Collective};
use super::cost::{Cost, Price, Traffic};
use super::schedule::{Plan, Role};
use super::step::Step;

/// A condition of an algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The number of members is a power of two.
    PowerOfTwo,
    /// All blocks have one size (not a vector form).
    EqualBlocks,
    /// The operator commutes.
    Commutative,
    /// The call is in place.
    InPlace,
    /// The call is not in place.
    Apart,
    /// All members share a host and a board, and what a member has to say fits a cell.
    Cell,
    /// All members share a host and a board, and can read one another's memory.
    Reads,
}

impl Need {
    /// Whether a case meets it.
    pub fn met(self, case: &Case) -> bool {
        match self {
            Need::PowerOfTwo => case.size.is_power_of_two(),
            Need::EqualBlocks => !case.listed,
            Need::Commutative => case.commutative,
            Need::InPlace => case.in_place,
            Need::Apart => !case.in_place,
            Need::Cell => case.board.is_some_and(|bytes| case.cell_bytes() <= bytes),
            Need::Reads => case.board.is_some() && case.reads,
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Need::PowerOfTwo => "power of two",
            Need::EqualBlocks => "equal blocks",
            Need::Commutative => "commutative",
            Need::InPlace => "in place",
            Need::Apart => "not in place",
            Need::Cell => "one host, fits a cell",
            Need::Reads => "one host, readable memory",
        }
    }
}

/// One row of the table.
pub struct Algorithm {
    /// The operation that it performs.
    pub collective: Collective,
    /// Its name, unique for the collective.
    pub name: &'static str,
    /// When it can be used.
    pub needs: &'static [Need],
    /// Its time, for n members and m bytes (of the vector or a block): L latency, o work per message, β per
    /// byte, γ per byte combined, c per cell.
    pub formula: &'static str,
    /// Rounds, cuts and scratch memory.
    pub plan: fn(&Case, u32) -> Plan,
    /// Appends the steps of a round.
    pub round: fn(&Role, u32, &mut Vec<Step>),
    /// The critical path.
    pub cost: fn(&Case) -> Cost,
    /// All messages and bytes, exactly (of vector forms: if all blocks are equal; without the last hop of a
    /// reduction whose operator doesn't commute).
    pub traffic: fn(&Case) -> Traffic,
}

impl Algorithm {
    /// Whether it works on the communicator's board instead of by messages.
    pub fn uses_board(&self) -> bool {
        self.needs.iter().any(|need| matches!(need, Need::Cell | Need::Reads))
    }

    /// Whether it can be used for a case.
    pub fn fits(&self, case: &Case) -> bool {
        self.collective == case.collective && self.needs.iter().all(|need| need.met(case))
    }
}

/// Rows are the same when they stand at the same place.
impl PartialEq for Algorithm {
    fn eq(&self, other: &Algorithm) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Algorithm {}

impl std::fmt::Debug for Algorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.collective.name(), self.name)
    }
}

macro_rules! table {
    ($($collective:ident $name:literal $module:ident [$($need:ident)*] $formula:literal;)*) => {
        &[$(Algorithm {
            collective: Collective::$collective,
            name: $name,
            needs: &[$(Need::$need),*],
            formula: $formula,
            plan: a::$module::plan,
            round: a::$module::round,
            cost: a::$module::cost,
            traffic: a::$module::traffic,
        }),*]
    };
}

/// All algorithms, by collective; of several that cost the same the first is chosen.
#[rustfmt::skip]
pub static TABLE: &[Algorithm] = table![
    Barrier   "board"            barrier_board              [Cell]                   "(n+1)c";
    Barrier   "dissemination"    barrier_dissemination      []                       "⌈log2 n⌉L";
    Barrier   "tree"             barrier_tree               []                       "2⌈log2 n⌉L";
    Broadcast "board"            broadcast_board            [Cell]                   "2c";
    Broadcast "pull"             broadcast_pull             [Reads]                  "(n+2)c + 3/2·mβ";
    Broadcast "binomial"         broadcast_binomial         []                       "⌈log2 n⌉(L+mβ)";
    Broadcast "scatter-doubling" broadcast_scatter_doubling [PowerOfTwo]             "2·log2 n·L + 2m(n-1)/n·β";
    Broadcast "scatter-ring"     broadcast_scatter_ring     []                       "(⌈log2 n⌉+n-1)L + 2m(n-1)/n·β";
    Broadcast "chain"            broadcast_chain            []                       "(n-2+s)(L+m/s·β)";
    Gather    "board"            gather_board               [Cell EqualBlocks]       "n·c";
    Gather    "binomial"         gather_binomial            [EqualBlocks]            "⌈log2 n⌉L + (n-1)mβ";
    Gather    "linear"           gather_linear              []                       "L + (n-1)(o+mβ)";
    Gather    "paced"            gather_paced               []                       "(1+⌈(n-1)/8⌉)L + 2(n-1)o + (n-1)mβ";
    Scatter   "board"            scatter_board              [Cell EqualBlocks]       "2c";
    Scatter   "binomial"         scatter_binomial           [EqualBlocks]            "⌈log2 n⌉L + (n-1)mβ";
    Scatter   "linear"           scatter_linear             []                       "L + (n-1)(o+mβ)";
    Scatter   "paced"            scatter_paced              []                       "(1+⌈(n-1)/8⌉)L + 2(n-1)o + (n-1)mβ";
    AllGather "board"            all_gather_board           [Cell EqualBlocks]       "(n+1)c";
    AllGather "doubling"         all_gather_doubling        [PowerOfTwo EqualBlocks] "log2 n·L + (n-1)mβ";
    AllGather "bruck"            all_gather_bruck           []                       "⌈log2 n⌉L + (n-1)mβ";
    AllGather "ring"             all_gather_ring            []                       "(n-1)(L+mβ)";
    AllToAll  "board"            all_to_all_board           [Cell EqualBlocks Apart] "(n+1)c";
    AllToAll  "bruck"            all_to_all_bruck           [EqualBlocks Apart]      "⌈log2 n⌉L + ⌈log2 n⌉·n/2·mβ";
    AllToAll  "scattered"        all_to_all_scattered       [Apart]                  "⌈(n-1)/32⌉L + (n-1)(o+mβ)";
    AllToAll  "pairwise"         all_to_all_pairwise        [Apart]                  "(n-1)(L+mβ)";
    AllToAll  "exchange"         all_to_all_exchange        [InPlace]                "n(L+mβ)";
    Reduce    "board"            reduce_board               [Cell]                   "(n+1)c + (n-1)mγ";
    Reduce    "binomial"         reduce_binomial            []                       "⌈log2 n⌉(L+mβ+mγ)";
    Reduce    "rabenseifner"     reduce_rabenseifner        []                       "2·log2 n·L + 2m(n-1)/n·β + m(n-1)/n·γ";
    Reduce    "chain"            reduce_chain               []                       "(n-2+s)(L+m/s·(β+γ))";
    AllReduce "board"            all_reduce_board           [Cell]                   "(n+1)c + (n-1)mγ";
    AllReduce "doubling"         all_reduce_doubling        []                       "log2 n·(L+mβ+mγ)";
    AllReduce "rabenseifner"     all_reduce_rabenseifner    []                       "2·log2 n·L + 2m(n-1)/n·β + m(n-1)/n·γ";
    AllReduce "ring"             all_reduce_ring            [Commutative]            "2(n-1)L + 2m(n-1)/n·β + m(n-1)/n·γ";
    Scan      "board"            scan_board                 [Cell]                   "(n+1)c + (n-1)mγ";
    Scan      "doubling"         scan_doubling              []                       "⌈log2 n⌉(L+mβ+mγ)";
    Scan      "chain"            scan_chain                 []                       "(n-2+s)(L+m/s·(β+γ))";
];

/// The rows of a collective.
pub fn of(collective: Collective) -> impl Iterator<Item = &'static Algorithm> {
    TABLE.iter().filter(move |algorithm| algorithm.collective == collective)
}

/// The cheapest algorithm that fits a case at these prices. All members that ask with the same case get the same.
pub fn choose(case: &Case, price: &Price) -> &'static Algorithm {
    let mut best: Option<(&'static Algorithm, u64)> = None;
    for algorithm in of(case.collective).filter(|algorithm| algorithm.fits(case)) {
        let ps = price.of(&(algorithm.cost)(case));
        if best.is_none_or(|(_, least)| ps < least) {
            best = Some((algorithm, ps));
        }
    }
    // Every collective has an algorithm that fits every case: a test goes through all combinations of needs.
    best.map(|(algorithm, _)| algorithm).expect("an algorithm for every case")
}

/// There is no algorithm of that name for the collective.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoSuchAlgorithm {
    /// The collective.
    pub collective: Collective,
    /// What was asked for.
    pub name: String,
}

impl std::fmt::Display for NoSuchAlgorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no algorithm \"{}\" for {}; there are:", self.name, self.collective.name())?;
        of(self.collective).try_for_each(|algorithm| write!(f, " {}", algorithm.name))
    }
}

impl std::error::Error for NoSuchAlgorithm {}

/// The algorithm of that name.
pub fn named(collective: Collective, name: &str) -> Result<&'static Algorithm, NoSuchAlgorithm> {
    of(collective)
        .find(|algorithm| algorithm.name == name)
        .ok_or_else(|| NoSuchAlgorithm { collective, name: name.to_string() })
}
