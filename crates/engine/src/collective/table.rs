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
    /// The number of members is even.
    Even,
    /// It is a vector form.
    AnyBlocks,
    /// It is between two groups (an inter-communicator). No other row is for that.
    Sides,
    /// The members are on several hosts.
    Hosts,
    /// The members are on several hosts, and the ranks of each host follow one another.
    Rows,
    /// The operator commutes, or the ranks of each host follow one another.
    HostOrder,
    /// All members share a host and a board, of which a cell holds an element (of each rank's block).
    Board,
    /// All members share a host and a board, of which a cell holds two elements for each member.
    WideBoard,
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
            Need::Even => case.size.is_multiple_of(2),
            Need::AnyBlocks => case.listed,
            Need::Sides => case.sides > 0,
            Need::Hosts => case.spread.is_some(),
            Need::Rows => case.spread.is_some_and(|spread| spread.in_rows),
            Need::HostOrder => case.commutative || case.spread.is_some_and(|spread| spread.in_rows),
            Need::Board => case.board.is_some() && (case.elements == 0 || case.cell_elements() > 0),
            Need::WideBoard => case.board.is_some() && case.cell_elements() >= 2 * case.size as u64,
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
            Need::Even => "even number",
            Need::AnyBlocks => "blocks of any lengths",
            Need::Sides => "between two groups",
            Need::Hosts => "several hosts",
            Need::Rows => "several hosts, each with ranks in a row",
            Need::HostOrder => "commutative, or each host's ranks in a row",
            Need::Board => "one host",
            Need::WideBoard => "one host, small elements",
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
    /// byte, γ per byte combined, c per cell; s segments or pieces, m' bytes that fit no slot, d neighbours; on h hosts
    /// of up to g members L' and β' within a host; b members on the larger of two sides.
    pub formula: &'static str,
    /// What speaks for it.
    pub reason: &'static str,
    /// Rounds, cuts and scratch memory.
    pub plan: fn(&Case, u32) -> Plan,
    /// Appends the steps of a round.
    pub round: fn(&Role, u32, &mut Vec<Step>),
    /// The critical path.
    pub cost: fn(&Case) -> Cost,
    /// All messages and bytes, exactly (of vector forms: if all blocks are equal; without the last hop of a
    /// reduction whose operator doesn't commute; of some forms of two levels as if all hosts had one size).
    pub traffic: fn(&Case) -> Traffic,
}

impl Algorithm {
    /// Whether it works on the communicator's board instead of by messages.
    pub fn uses_board(&self) -> bool {
        self.needs.iter().any(|need| matches!(need, Need::Board | Need::WideBoard))
    }

    /// Whether it can be used for a case.
    pub fn fits(&self, case: &Case) -> bool {
        let is_between = self.needs.contains(&Need::Sides);
        self.collective == case.collective
            && is_between == (case.sides > 0)
            && self.needs.iter().all(|need| need.met(case))
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
    ($($collective:ident $name:literal $module:ident [$($need:ident)*] $formula:literal, $reason:literal;)*) => {
        &[$(Algorithm {
            collective: Collective::$collective,
            name: $name,
            needs: &[$(Need::$need),*],
            formula: $formula,
            reason: $reason,
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
    Barrier            "board"             barrier_board               [Board]                  "(n+1)c", "one wait";
    Barrier            "dissemination"     barrier_dissemination       []                       "⌈log2 n⌉L", "fewest rounds of one message";
    Barrier            "k-dissemination"   barrier_k_dissemination     []                       "⌈log4 n⌉(L+2o)", "half the rounds where sending is cheap";
    Barrier            "doubling"          barrier_doubling            []                       "log2 n·L", "pairs only";
    Barrier            "multiplying"      barrier_multiplying         []                       "⌈log4 n⌉(L+2o)", "the same among groups of four";
    Barrier            "tree"              barrier_tree                []                       "2⌈log2 n⌉L", "few messages";
    Barrier            "linear"            barrier_linear              []                       "2L + 2(n-1)o", "two latencies for a few members";
    Barrier            "direct"           barrier_direct              []                       "⌈(n-1)/32⌉L + (n-1)o", "one latency for a few members";
    Barrier            "double-ring"       barrier_double_ring         []                       "(2n-1)L", "one message at a time";
    Barrier            "two-level"        barrier_two_level           [Hosts]                  "⌈log4 h⌉(L+2o) + 2⌈log2 g⌉L'", "one member of each host crosses";
    Broadcast          "board"             broadcast_board             [Board]                  "2s·c", "the root writes once, all read at once";
    Broadcast          "binomial"          broadcast_binomial          []                       "⌈log2 n⌉(L+mβ)", "fewest rounds of one message";
    Broadcast          "k-nomial"          broadcast_k_nomial          []                       "⌈log4 n⌉L + 3⌈log4 n⌉(o+mβ)", "half the rounds where sending is cheap";
    Broadcast          "linear"            broadcast_linear            []                       "L + (n-1)(o+mβ)", "one latency for a few members";
    Broadcast          "scatter-doubling"  broadcast_scatter_doubling  [PowerOfTwo]             "2·log2 n·L + 2m(n-1)/n·β", "large vectors: each byte passes a member twice";
    Broadcast          "scatter-ring"      broadcast_scatter_ring      []                       "(⌈log2 n⌉+n-1)L + 2m(n-1)/n·β", "the same for any number";
    Broadcast          "scatter-circulant" broadcast_scatter_circulant []                       "2⌈log2 n⌉L + 2m(n-1)/n·β", "the same for any number, with one copy";
    Broadcast          "scatter-k-bruck"  broadcast_scatter_k_bruck   []                       "2⌈log4 n⌉L + 6⌈log4 n⌉o + 2m(n-1)/n·β", "the same in half the rounds";
    Broadcast          "scattered"        broadcast_scattered         []                       "(1+⌈(n-1)/32⌉)L + 5/2(n-1)(o+m/n·β)", "two latencies, each byte passes a member twice";
    Broadcast          "binary"            broadcast_binary            []                       "(⌊log2 n⌋-1+s)(L+2(o+m/s·β))", "pipeline of little depth";
    Broadcast          "split-binary"     broadcast_split_binary      []                       "(d+s)(L+2(o+m/2s·β)) + m/2·β", "the root sends each byte once";
    Broadcast          "circulant"        broadcast_circulant         []                       "(⌈log2 n⌉-1+s)(L+m/s·β)", "pipeline of the fewest rounds for any number";
    Broadcast          "chain"             broadcast_chain             []                       "(n-2+s)(L+m/s·β)", "very large vectors: each byte passes a member once";
    Broadcast          "two-level"        broadcast_two_level         [Hosts]                  "⌈log4 h⌉L + 3⌈log4 h⌉(o+mβ) + ⌈log2 g⌉(L'+mβ')", "each host is reached once";
    Broadcast          "two-level-chain"  broadcast_two_level_chain   [Hosts]                  "(h-2+s)(L+m/s·β) + (g-1+s)(L'+m/s·β')", "large vectors: each byte reaches a host once";
    Broadcast          "between"          broadcast_between           [Sides]                  "⌈log2 (b+1)⌉(L+mβ)", "to the other side on a tree";
    Gather             "board"             gather_board                [Board EqualBlocks]      "s·n·c", "one wait";
    Gather             "slots"             gather_slots                [Board]                  "n·c + m'β", "one wait for blocks that fit a cell";
    Gather             "binomial"          gather_binomial             [EqualBlocks]            "⌈log2 n⌉L + (n-1)mβ", "few messages at the root";
    Gather             "k-nomial"         gather_k_nomial             [EqualBlocks]            "⌈log4 n⌉L + 3⌈log4 n⌉o + (n-1)mβ", "half the rounds where sending is cheap";
    Gather             "linear"            gather_linear               []                       "L + (n-1)(o+mβ)", "each block straight to its place";
    Gather             "paced"             gather_paced                []                       "(1+⌈(n-1)/8⌉)L + 2(n-1)o + (n-1)mβ", "bounded memory at the root";
    Gather             "two-level"        gather_two_level            [Hosts EqualBlocks]      "⌈log4 h⌉L + 3⌈log4 h⌉o + (n-g)mβ + (g-1)mβ'", "one message from each host";
    Gather             "between"          gather_between              [Sides]                  "L + b(o+mβ)", "each block straight to its place";
    Scatter            "board"             scatter_board               [Board EqualBlocks]      "2s·c", "one wait";
    Scatter            "slots"             scatter_slots               [Board]                  "2c + m'β", "one wait for blocks that fit a slot";
    Scatter            "binomial"          scatter_binomial            [EqualBlocks]            "⌈log2 n⌉L + (n-1)mβ", "few messages at the root";
    Scatter            "k-nomial"         scatter_k_nomial            [EqualBlocks]            "⌈log4 n⌉L + 3⌈log4 n⌉o + (n-1)mβ", "half the rounds where sending is cheap";
    Scatter            "linear"            scatter_linear              []                       "L + (n-1)(o+mβ)", "each block straight from its place";
    Scatter            "paced"             scatter_paced               []                       "(1+⌈(n-1)/8⌉)L + 2(n-1)o + (n-1)mβ", "no block waits unexpected";
    Scatter            "two-level"        scatter_two_level           [Hosts EqualBlocks]      "⌈log4 h⌉L + 3⌈log4 h⌉o + (n-g)mβ + (g-1)mβ'", "one message to each host";
    Scatter            "between"          scatter_between             [Sides]                  "L + b(o+mβ)", "each block straight from its place";
    AllGather          "board"             all_gather_board            [Board EqualBlocks]      "s(n+1)c", "one wait; each block is written once";
    AllGather          "slots"             all_gather_slots            [Board]                  "(n+1)c + m'β", "one wait for blocks that fit a cell";
    AllGather          "doubling"          all_gather_doubling         [PowerOfTwo EqualBlocks] "log2 n·L + (n-1)mβ", "fewest rounds";
    AllGather          "bruck"             all_gather_bruck            []                       "⌈log2 n⌉L + (n-1)mβ", "fewest rounds for any number";
    AllGather          "k-bruck"           all_gather_k_bruck          []                       "⌈log4 n⌉L + 3⌈log4 n⌉o + (n-1)mβ", "half the rounds where sending is cheap";
    AllGather          "circulant"        all_gather_circulant        []                       "⌈log2 n⌉L + (n-1)mβ", "as bruck, with even messages";
    AllGather          "sparbit"          all_gather_sparbit          [EqualBlocks]            "⌈log2 n⌉L + (n-1)mβ", "as bruck, the longest messages to the nearest";
    AllGather          "multiplying"      all_gather_multiplying      [EqualBlocks]            "⌈log4 n⌉L + 3⌈log4 n⌉o + (n-1)mβ", "half the rounds, and no copy";
    AllGather          "neighbour"         all_gather_neighbour        [Even EqualBlocks]       "n/2·L + (n-1)mβ", "half the rounds of a ring, and no copy";
    AllGather          "ring"              all_gather_ring             []                       "(n-1)(L+mβ)", "no copy; neighbours only";
    AllGather          "linear"            all_gather_linear           []                       "⌈(n-1)/32⌉L + (n-1)(o+mβ)", "one latency for a few members";
    AllGather          "two-level"        all_gather_two_level        [Hosts EqualBlocks]      "⌈log4 h⌉L + 3⌈log4 h⌉o + (n-g)mβ + ⌈log2 g⌉nmβ'", "each block reaches a host once";
    AllGather          "between"          all_gather_between          [Sides]                  "⌈b/32⌉L + b(o+mβ)", "each block straight to the other side";
    AllToAll           "board"             all_to_all_board            [Board EqualBlocks]      "s(n+1)c", "one wait, also in place";
    AllToAll           "slots"             all_to_all_slots            [Board Apart]            "(n+1)c + m'β", "one wait for blocks that fit a slot";
    AllToAll           "bruck"             all_to_all_bruck            [EqualBlocks Apart]      "⌈log2 n⌉L + ⌈log2 n⌉·n/2·mβ", "fewest rounds for small blocks";
    AllToAll           "k-bruck"           all_to_all_k_bruck          [EqualBlocks Apart]      "⌈log4 n⌉L + 3⌈log4 n⌉o + 3/4·⌈log4 n⌉·n·mβ", "half the rounds, and fewer bytes, where sending is cheap";
    AllToAll           "scattered"         all_to_all_scattered        [Apart]                  "⌈(n-1)/32⌉L + (n-1)(o+mβ)", "many messages under way";
    AllToAll           "pairwise"          all_to_all_pairwise         [Apart]                  "(n-1)(L+mβ)", "one message at a time to each member";
    AllToAll           "exchange"          all_to_all_exchange         [InPlace]                "n(L+mβ)", "in place: room for one block is enough";
    AllToAll           "two-level"        all_to_all_two_level        [Rows EqualBlocks]       "⌈(h-1)/32⌉L + (h-1)o + g(n-g)mβ + 2L' + 2(g-1)(o'+n·mβ')", "one message from host to host";
    AllToAll           "between"          all_to_all_between          [Sides]                  "⌈b/32⌉L + b(o+mβ)", "many messages under way";
    Reduce             "board"             reduce_board                [Board]                  "s(n+1)c + (n-1)mγ", "one wait";
    Reduce             "board-spread"     reduce_board_spread         [WideBoard]              "s(n+1)c + ⌈s/n⌉nc + m(n-1)/n·γ", "two waits, the work is spread";
    Reduce             "pairwise-board"   reduce_pairwise_board       [Board Commutative]      "(n-1)(L+m/n·(β+γ)) + s·n·c", "very large vectors: cells hold only what is combined";
    Reduce             "binomial"          reduce_binomial             []                       "⌈log2 n⌉(L+mβ+mγ)", "fewest rounds of one message";
    Reduce             "k-nomial"          reduce_k_nomial             []                       "⌈log4 n⌉L + 3⌈log4 n⌉(o+mβ+mγ)", "half the rounds where sending is cheap";
    Reduce             "linear"            reduce_linear               []                       "L + (n-1)(o+mβ+mγ)", "one latency for a few members";
    Reduce             "scattered"        reduce_scattered            []                       "(1+⌈(n-1)/32⌉)L + 2(n-1)(o+m/n·β) + m(n-1)/n·γ", "two latencies, the work is spread";
    Reduce             "rabenseifner"      reduce_rabenseifner         []                       "2·log2 n·L + 2m(n-1)/n·β + m(n-1)/n·γ", "large vectors: the work is spread";
    Reduce             "k-rabenseifner"   reduce_k_rabenseifner       []                       "2⌈log4 n⌉L + 6⌈log4 n⌉o + 2m(n-1)/n·β + m(n-1)/n·γ", "the same in half the rounds";
    Reduce             "scatter-gather"   reduce_scatter_gather       [Commutative]            "2⌈log2 n⌉L + 2m(n-1)/n·β + m(n-1)/n·γ", "the same for any number, with one copy";
    Reduce             "binary"           reduce_binary               []                       "(d-1+s)(L+2(o+m/s·(β+γ)))", "pipeline of little depth";
    Reduce             "circulant"        reduce_circulant            [Commutative]            "(⌈log2 n⌉-1+s)(L+m/s·(β+γ))", "pipeline of the fewest rounds for any number";
    Reduce             "chain"             reduce_chain                []                       "(n-2+s)(L+m/s·(β+γ))", "very large vectors: each byte passes a member once";
    Reduce             "two-level"        reduce_two_level            [Hosts HostOrder]        "⌈log4 h⌉L + 3⌈log4 h⌉(o+mβ+mγ) + ⌈log2 g⌉(L'+mβ'+mγ)", "one message from each host";
    Reduce             "between"          reduce_between              [Sides]                  "(⌈log2 b⌉+1)(L+mβ) + ⌈log2 b⌉mγ", "one message between the sides";
    AllReduce          "board"             all_reduce_board            [Board]                  "s(n+1)c + (n-1)mγ", "one wait";
    AllReduce          "board-spread"      all_reduce_board_spread     [WideBoard]              "s(n+1)c + ⌈s/n⌉nc + m(n-1)/n·γ", "two waits, the work is spread";
    AllReduce          "pairwise-board"   all_reduce_pairwise_board   [Board Commutative]      "(n-1)(L+m/n·(β+γ)) + s(n+1)c", "very large vectors: cells hold only what is combined";
    AllReduce          "doubling"          all_reduce_doubling         []                       "log2 n·(L+mβ+mγ)", "fewest rounds";
    AllReduce          "multiplying"      all_reduce_multiplying      []                       "⌈log4 n⌉L + 3⌈log4 n⌉(o+mβ+mγ)", "half the rounds where sending is cheap";
    AllReduce          "linear"           all_reduce_linear           []                       "L + (n-1)(o+mβ+mγ)", "one latency for a few members";
    AllReduce          "scattered"        all_reduce_scattered        []                       "2⌈(n-1)/32⌉L + 2(n-1)(o+m/n·β) + m(n-1)/n·γ", "two latencies, the work is spread";
    AllReduce          "rabenseifner"      all_reduce_rabenseifner     []                       "2·log2 n·L + 2m(n-1)/n·β + m(n-1)/n·γ", "large vectors: the work is spread";
    AllReduce          "k-rabenseifner"   all_reduce_k_rabenseifner   []                       "2⌈log4 n⌉L + 6⌈log4 n⌉o + 2m(n-1)/n·β + m(n-1)/n·γ", "the same in half the rounds";
    AllReduce          "circulant"         all_reduce_circulant        [Commutative]            "2⌈log2 n⌉L + 2m(n-1)/n·β + m(n-1)/n·γ", "the same for any number";
    AllReduce          "ring"              all_reduce_ring             [Commutative]            "2(n-1)L + 2m(n-1)/n·β + m(n-1)/n·γ", "no copy; neighbours only";
    AllReduce          "ring-pair"         all_reduce_ring_pair        [Commutative]            "4(n-1)L + 2m(n-1)/n·β + m(n-1)/n·γ", "combines behind the messages";
    AllReduce          "reduce-broadcast"  all_reduce_reduce_broadcast []                       "2⌈log2 n⌉(L+mβ) + ⌈log2 n⌉mγ", "fewest messages";
    AllReduce          "two-level"        all_reduce_two_level        [Hosts HostOrder]        "⌈log4 h⌉L + 3⌈log4 h⌉(o+mβ+mγ) + 2⌈log2 g⌉(L'+mβ')", "one member of each host crosses";
    AllReduce          "two-level-large"  all_reduce_two_level_large  [Hosts HostOrder]        "2⌈log4 h⌉L + 2m(h-1)/h·β + 2⌈log2 g⌉(L'+mβ')", "large vectors: each crosses twice at most";
    AllReduce          "between"          all_reduce_between          [Sides]                  "(2⌈log2 b⌉+1)(L+mβ) + ⌈log2 b⌉mγ", "one message each way between the sides";
    ReduceScatter      "board"             reduce_scatter_board        [Board EqualBlocks]      "s(n+1)c + (n-1)mγ", "one wait, the work is spread";
    ReduceScatter      "slots"             reduce_scatter_slots        [Board]                  "(n+1)c + m'β + (n-1)mγ", "one wait for blocks that fit a slot";
    ReduceScatter      "halving"           reduce_scatter_halving      [Commutative]            "log2 n·L + (n-1)m(β+γ)", "fewest rounds";
    ReduceScatter      "butterfly"         reduce_scatter_butterfly    []                       "(log2 n+1)L + n·m(β+γ)", "fewest rounds with the order kept";
    ReduceScatter      "circulant"         reduce_scatter_circulant    [Commutative]            "⌈log2 n⌉L + (n-1)m(β+γ)", "fewest rounds for any number";
    ReduceScatter      "multiplying"      reduce_scatter_multiplying  []                       "⌈log4 n⌉L + 3⌈log4 n⌉(o + n·m(β+γ))", "half the rounds for small blocks";
    ReduceScatter      "pairwise"          reduce_scatter_pairwise     [Commutative]            "(n-1)(L+mβ+mγ)", "no copy, little memory";
    ReduceScatter      "ring"              reduce_scatter_ring         [Commutative]            "(n-1)(L+mβ+mγ)", "neighbours only";
    ReduceScatter      "scattered"         reduce_scatter_scattered    []                       "⌈(n-1)/32⌉L + (n-1)(o+mβ+mγ)", "one latency, the order kept";
    ReduceScatter      "two-level"        reduce_scatter_two_level    [Rows Commutative]       "⌈log2 h⌉L + (n-g)m(β+γ) + (⌈log2 g⌉+1)L' + ⌈log2 g⌉n·m(β'+γ)", "one member of each host crosses";
    ReduceScatter      "two-level-scattered" reduce_scatter_two_level_scattered [Rows]                   "⌈(h-1)/32⌉L + (h-1)o + (n-g)m(β+γ) + (⌈log2 g⌉+1)L' + ⌈log2 g⌉n·m(β'+γ)", "one latency between a few hosts, the order kept";
    ReduceScatter      "between"          reduce_scatter_between      [Sides]                  "(⌈log2 b⌉+2)(L+bmβ) + ⌈log2 b⌉bmγ", "one message each way between the sides";
    Scan               "board"             scan_board                  [Board]                  "s(n+1)c + (n-1)mγ", "one wait";
    Scan               "doubling"          scan_doubling               []                       "⌈log2 n⌉(L+mβ+mγ)", "fewest rounds";
    Scan               "chain"             scan_chain                  []                       "(n-2+s)(L+m/s·(β+γ))", "large vectors: each byte passes a member once";
    Scan               "two-level"        scan_two_level              [Rows]                   "⌈log2 h⌉(L+mβ+2mγ) + 2⌈log2 g⌉(L'+mβ')", "one member of each host crosses";
    ExclusiveScan      "board"             exclusive_scan_board        [Board]                  "s(n+1)c + (n-1)mγ", "one wait";
    ExclusiveScan      "doubling"          exclusive_scan_doubling     []                       "(1+⌈log2 (n-1)⌉)(L+mβ) + ⌈log2 (n-1)⌉mγ", "fewest rounds";
    ExclusiveScan      "doubling-pair"    exclusive_scan_doubling_pair []                       "⌈log2 n⌉(L+mβ+2mγ)", "a round less for a second combination";
    ExclusiveScan      "chain"             exclusive_scan_chain        []                       "(n-2+s)(L+m/s·(β+γ))", "large vectors: each byte passes a member once";
    ExclusiveScan      "two-level"        exclusive_scan_two_level    [Rows]                   "⌈log2 h⌉(L+mβ+2mγ) + (2⌈log2 g⌉+2)(L'+mβ')", "one member of each host crosses";
    NeighbourAllGather "slots"             neighbour_slots             [Board]                  "(d+1)c + m'β", "waits for neighbours only, once for each";
    NeighbourAllGather "direct"            neighbour_direct            []                       "L + d(o+mβ)", "all neighbours at once";
    NeighbourAllGather "ordered"           neighbour_ordered           []                       "d(L+mβ)", "one message at a time";
    NeighbourAllToAll  "slots"             neighbour_slots             [Board]                  "(d+1)c + m'β", "waits for neighbours only, once for each";
    NeighbourAllToAll  "direct"            neighbour_direct            []                       "L + d(o+mβ)", "all neighbours at once";
    NeighbourAllToAll  "ordered"           neighbour_ordered           []                       "d(L+mβ)", "one message at a time";
];

/// The rows of a collective.
pub fn of(collective: Collective) -> impl Iterator<Item = &'static Algorithm> {
    TABLE.iter().filter(move |algorithm| algorithm.collective == collective)
}

/// The number of a row among those of its collective.
pub fn number(algorithm: &'static Algorithm) -> u32 {
    let place = of(algorithm.collective).position(|row| row == algorithm);
    // Proof: there are no rows but those of the table.
    place.expect("a row of the table") as u32
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
