//! Symbols: what an element of a buffer stands for.

/// An element: which one of its vector or block, and whose, or the combination of whose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    /// Which element: its number in the vector or block, with the block's destination in the upper half.
    pub element: u64,
    /// The contributions.
    pub word: Word,
}

/// Contributions, combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Those of the ranks from `first` to before `end`, in order. Whatever is combined of anything else can't
    /// become a part of the right word again.
    Ordered {
        /// The first.
        first: u32,
        /// Past the last.
        end: u32,
    },
    /// Those of a set of ranks below 64, each once.
    Set(u64),
}

impl Value {
    /// The contribution of one rank.
    pub fn of(rank: u32, element: u64, commutative: bool) -> Value {
        Value::of_ranks(rank, rank + 1, element, commutative)
    }

    /// The combined contributions of the ranks from `first` to before `end`.
    pub fn of_ranks(first: u32, end: u32, element: u64, commutative: bool) -> Value {
        let word = if commutative && end <= 64 {
            let below = |n: u32| if n == 64 { u64::MAX } else { (1 << n) - 1 };
            Word::Set(below(end) & !below(first))
        } else {
            Word::Ordered { first, end }
        };
        Value { element, word }
    }

    /// left ∘ right, unless they don't belong together.
    pub fn combine(left: Value, right: Value) -> Option<Value> {
        if left.element != right.element {
            return None;
        }
        let word = match (left.word, right.word) {
            (Word::Ordered { first, end }, Word::Ordered { first: next, end: last }) if end == next => {
                Word::Ordered { first, end: last }
            }
            (Word::Set(left), Word::Set(right)) if left & right == 0 => Word::Set(left | right),
            _ => return None,
        };
        Some(Value { element: left.element, word })
    }
}
