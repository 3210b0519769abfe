//! What a member of a collective says that it calls, where calls are compared before they begin.

use serde::{Deserialize, Serialize};

/// The bytes of each of its texts; longer ones are cut.
const TEXT_BYTES_MAX: usize = 200;

/// Which members state the same: all of them, unless a collective is one between two groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// All members.
    #[default]
    All,
    /// Those of the first group, whose elements need not be as those of the second.
    First,
    /// Those of the second group.
    Second,
    /// Those of the root's group but the root: they give nothing and get nothing.
    Beside,
}

/// A call of a collective.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The operation, such as "broadcast".
    pub collective: String,
    /// The function by which the program calls it, where that is not the operation's name. Others may call it by another one.
    pub function: String,
    /// The algorithm's name.
    pub algorithm: String,
    /// The root, if it has one.
    pub root: Option<u32>,
    /// Whose call it is.
    pub part: Part,
    /// Elements of the vector, or of a rank's block.
    pub elements: u64,
    /// Bytes of an element.
    pub element_bytes: u64,
    /// Blocks have lengths of their own.
    pub listed: bool,
    /// All contribute what lies in their outputs.
    pub in_place: bool,
    /// The signature of the elements' type; 0 fits any.
    pub signature: u64,
    /// What it is called.
    pub of: String,
    /// Bytes of one of these, where the program counts otherwise than the operation; else 0.
    pub unit_bytes: u64,
    /// What combines the elements; empty if nothing does.
    pub operator: String,
    /// Where the program calls, if that is known.
    pub place: String,
}

impl Call {
    /// The same with texts that are not too long for a frame.
    pub fn bounded(mut self) -> Call {
        let texts = [&mut self.collective, &mut self.function, &mut self.algorithm];
        for text in texts.into_iter().chain([&mut self.of, &mut self.operator, &mut self.place]) {
            text.truncate(text.floor_char_boundary(text.len().min(TEXT_BYTES_MAX)));
        }
        self
    }

    /// Whether another member may call this together with that.
    pub fn agrees(&self, other: &Call) -> bool {
        if self.part != other.part || self.part == Part::Beside {
            // What two groups have in common. Who is beside the root knows neither it nor the operator.
            let shared = |call: &Call| (call.collective.clone(), call.algorithm.clone());
            let (mine, theirs) = (&self.operator, &other.operator);
            let is_beside = self.part == Part::Beside || other.part == Part::Beside;
            return shared(self) == shared(other)
                && (is_beside || self.root == other.root)
                && (mine.is_empty() || theirs.is_empty() || mine == theirs);
        }
        // How the program says it, makes no difference.
        let alike = |call: &Call| Call {
            place: String::new(),
            of: String::new(),
            function: String::new(),
            unit_bytes: 0,
            signature: if self.signature == 0 || other.signature == 0 { 0 } else { call.signature },
            ..call.clone()
        };
        alike(self) == alike(other)
    }

    /// How many of what the program counts in.
    fn count(&self) -> u64 {
        let bytes = self.elements.saturating_mul(self.element_bytes);
        bytes.checked_div(self.unit_bytes).unwrap_or(self.elements)
    }

    /// In words; what it shares with `other` is said as far as it tells something.
    pub fn words(&self, other: &Call) -> String {
        let mut text = if self.function.is_empty() { self.collective.clone() } else { self.function.clone() };
        if let Some(root) = self.root {
            text += &format!(" with root {root}");
        }
        // Of a barrier, nothing.
        if !self.of.is_empty() {
            text += &match self.listed {
                true => format!(" of {} in blocks of any lengths", self.of),
                false => format!(" of {} {}", self.count(), self.of),
            };
        }
        if self.collective == other.collective {
            if self.operator != other.operator {
                text += &format!(" with the operator {}", self.operator);
            }
            if self.in_place != other.in_place {
                text += if self.in_place { " in place" } else { " not in place" };
            }
            let by_any = |call: &Call| Call { algorithm: String::new(), ..call.clone() };
            if by_any(self).agrees(&by_any(other)) {
                text += &format!(" by the algorithm \"{}\"", self.algorithm);
            }
        }
        if !self.place.is_empty() {
            text += &format!(" (at {})", self.place);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_agree_in_all_but_their_places_and_say_what_differs() {
        let call = Call {
            collective: "reduce".into(),
            algorithm: "binomial".into(),
            root: Some(1),
            elements: 4,
            element_bytes: 8,
            signature: 7,
            of: "f64".into(),
            operator: "Sum of f64".into(),
            place: "a.rs:1".into(),
            ..Call::default()
        };
        assert!(call.agrees(&Call { place: "b.rs:9".into(), ..call.clone() }));
        let check = |other: Call, mine: &str| {
            assert!(!call.agrees(&other));
            assert_eq!(call.words(&other), mine);
        };
        let text = "reduce with root 1 of 4 f64";
        check(Call { root: Some(2), ..call.clone() }, &format!("{text} (at a.rs:1)"));
        check(Call { elements: 5, ..call.clone() }, &format!("{text} (at a.rs:1)"));
        let text = format!("{text} with the operator Sum of f64 (at a.rs:1)");
        check(Call { operator: "Max of f64".into(), ..call.clone() }, &text);
        let text = "reduce with root 1 of 4 f64 by the algorithm \"binomial\" (at a.rs:1)";
        check(Call { algorithm: "chain".into(), ..call.clone() }, text);
        // In another language's words, for one whose type fits any.
        let in_c = Call {
            function: "MPI_Reduce".into(),
            elements: 32,
            element_bytes: 1,
            unit_bytes: 8,
            of: "MPI_DOUBLE".into(),
            ..call.clone()
        };
        assert_eq!(in_c.words(&call), "MPI_Reduce with root 1 of 4 MPI_DOUBLE (at a.rs:1)");
        let of_bytes = Call { signature: 0, unit_bytes: 1, of: "MPI_BYTE".into(), ..in_c.clone() };
        assert!(of_bytes.agrees(&in_c) && !in_c.agrees(&Call { signature: 8, ..in_c.clone() }));
        // Between two groups elements are compared within each.
        let part = |part, elements| Call { part, elements, ..call.clone() };
        assert!(part(Part::First, 4).agrees(&part(Part::Second, 5)));
        assert!(!part(Part::First, 4).agrees(&part(Part::First, 5)));
        let beside = Call { operator: String::new(), of: String::new(), ..part(Part::Beside, 0) };
        assert!(beside.agrees(&part(Part::First, 4)) && part(Part::First, 4).agrees(&beside));
        assert!(beside.agrees(&Call { elements: 7, ..beside.clone() }));
        assert!(beside.agrees(&Call { root: Some(2), ..part(Part::First, 4) }));
        assert!(!part(Part::First, 4).agrees(&Call { root: Some(2), ..part(Part::Second, 4) }));
        assert!(
            !part(Part::First, 4).agrees(&Call { operator: "Max of f64".into(), ..part(Part::Second, 4) })
        );
        let long = Call { of: "é".repeat(300), ..call }.bounded();
        assert!(long.of.len() <= TEXT_BYTES_MAX);
    }
}
