//! What packs a layout: loops over runs of bytes, made of its tree.
//!
//! The tree says how a layout was made, the program says what memory looks like: runs that touch are one, loops whose
//! strides fit are one, lists whose displacements are regular are loops. All displacements are relative to the first
//! byte of data of the node that has them, so that each lies within the layout's data, which is proven to have less
//! than 2^63 bytes: no sum here overflows.

use std::sync::Arc;

use super::construct::times_signed;
use super::layout::Layout;
use super::{Constructor, Leaf, array};

/// The bytes of a layout in the order of its message; none if it has none.
#[derive(Debug)]
pub(crate) struct Program {
    pub part: Option<Part>,
}

/// Some of the bytes, at a displacement from where they are applied.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// Where the first byte lies.
    pub at: i64,
    pub node: Node,
}

/// A shape of memory that begins with its first byte of data. None is empty.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    /// Bytes in a row. `unit`: where scalars matter, what they are.
    Run { bytes: u64, unit: Option<Leaf> },
    /// The same thing several times (twice at least), at a distance.
    Loop { count: u64, stride: i64, body: Arc<Node>, bytes: u64 },
    /// The same thing at these displacements.
    Scatter { at: Arc<[i64]>, body: Arc<Node>, bytes: u64 },
    /// Different things.
    List { items: Arc<[Item]>, bytes: u64 },
}

/// An entry of a list.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub part: Part,
    /// Packed bytes of the entries before it.
    pub before: u64,
}

/// Longer lists are shared and not copied into the lists that they are entries of.
const INLINE_ITEMS_MAX: usize = 8;

/// For so many parts of a list there is room at once; more are seldom, or become few.
const LIST_FIRST: usize = 64;

impl Program {
    /// For bytes as they are in memory.
    pub fn native(layout: &Layout) -> Program {
        Program { part: build(layout, &|layout| layout.program().part.clone(), false) }
    }

    /// For scalars that are converted.
    pub fn external(layout: &Layout) -> Program {
        Program { part: build(layout, &|layout| layout.external_program().part.clone(), true) }
    }

    /// Whether it is one run of so many bytes there (or nothing, where it is to have none).
    pub fn is_run_at(&self, at: i64, bytes: u64) -> bool {
        match &self.part {
            None => bytes == 0,
            Some(part) => part.at == at && matches!(part.node, Node::Run { bytes: run, .. } if run == bytes),
        }
    }
}

impl Node {
    /// How many packed bytes.
    pub fn bytes(&self) -> u64 {
        match self {
            Node::Run { bytes, .. }
            | Node::Loop { bytes, .. }
            | Node::Scatter { bytes, .. }
            | Node::List { bytes, .. } => *bytes,
        }
    }
}

impl Part {
    fn shifted(self, by: i64) -> Part {
        Part { at: self.at + by, ..self }
    }

    /// `count` of them, a stride apart.
    pub fn repeated(self, count: u64, stride: i64) -> Option<Part> {
        if count <= 1 {
            return (count == 1).then_some(self);
        }
        let bytes = self.node.bytes() * count;
        let node = match self.node {
            Node::Run { bytes: run, unit } if stride as i128 == run as i128 => Node::Run { bytes, unit },
            Node::Loop { count: inner, stride: step, body, .. }
                if inner as i128 * step as i128 == stride as i128 =>
            {
                Node::Loop { count: inner * count, stride: step, body, bytes }
            }
            node => Node::Loop { count, stride, body: Arc::new(node), bytes },
        };
        Some(Part { at: self.at, node })
    }

    /// One at each of these displacements.
    fn scattered(self, displacements: impl ExactSizeIterator<Item = i64>) -> Option<Part> {
        if let Node::Run { bytes, unit } = self.node {
            return runs(displacements.map(|at| (at + self.at, bytes, unit)));
        }
        let (bytes, own) = (self.node.bytes(), self.at);
        let mut displacements = displacements.map(|at| at + own);
        let first = displacements.next()?;
        let at: Vec<i64> = std::iter::once(0).chain(displacements.map(|at| at - first)).collect();
        if let Some(stride) = regular(&at) {
            return Part { at: first, node: self.node }.repeated(at.len() as u64, stride);
        }
        let bytes = bytes * at.len() as u64;
        Some(Part { at: first, node: Node::Scatter { at: at.into(), body: Arc::new(self.node), bytes } })
    }
}

/// Runs of bytes, those that touch made one.
fn runs(runs: impl Iterator<Item = (i64, u64, Option<Leaf>)>) -> Option<Part> {
    list(runs.map(|(at, bytes, unit)| Part { at, node: Node::Run { bytes, unit } }))
}

/// Parts one after the other.
fn list(parts: impl Iterator<Item = Part>) -> Option<Part> {
    let mut all: Vec<Part> = Vec::with_capacity(parts.size_hint().1.unwrap_or(0).min(LIST_FIRST));
    for part in parts {
        match part.node {
            Node::List { items, .. } if items.len() <= INLINE_ITEMS_MAX => {
                items.iter().for_each(|item| push(&mut all, item.part.clone().shifted(part.at)));
            }
            _ => push(&mut all, part),
        }
    }
    if all.len() <= 1 {
        return all.pop();
    }
    let first = all[0].at;
    if let Node::Run { bytes, unit } = all[0].node
        && all
            .iter()
            .all(|part| matches!(part.node, Node::Run { bytes: b, unit: u } if b == bytes && u == unit))
    {
        let at: Arc<[i64]> = all.iter().map(|part| part.at - first).collect();
        let (node, bytes) = (Node::Run { bytes, unit }, bytes * at.len() as u64);
        if let Some(stride) = regular(&at) {
            return Part { at: first, node }.repeated(at.len() as u64, stride);
        }
        return Some(Part { at: first, node: Node::Scatter { at, body: Arc::new(node), bytes } });
    }
    let mut bytes = 0;
    let items: Arc<[Item]> = all
        .into_iter()
        .map(|part| {
            let before = bytes;
            bytes += part.node.bytes();
            Item { part: part.shifted(-first), before }
        })
        .collect();
    Some(Part { at: first, node: Node::List { items, bytes } })
}

/// Appends a part, to the run before it if it goes on there.
fn push(all: &mut Vec<Part>, part: Part) {
    if let (Some(Part { at, node: Node::Run { bytes, unit } }), Node::Run { bytes: more, unit: of }) =
        (all.last_mut(), &part.node)
        && *unit == *of
        && *at as i128 + *bytes as i128 == part.at as i128
    {
        *bytes += more;
        return;
    }
    all.push(part);
}

/// The stride of displacements, of which there are two at least, that form a loop.
fn regular(at: &[i64]) -> Option<i64> {
    let stride = at.get(1)? - at[0];
    at.windows(2).all(|pair| pair[1] - pair[0] == stride).then_some(stride)
}

/// The program of a layout; `of` gives that of the layouts it is made of.
fn build(layout: &Layout, of: &dyn Fn(&Layout) -> Option<Part>, units: bool) -> Option<Part> {
    if layout.size() == 0 {
        return None;
    }
    let row = |part: Part, count: u64, layout: &Layout| part.repeated(count, layout.extent());
    // Displacements and strides of blocks that have bytes were proven to fit when the layout was made.
    let in_bytes = |elements: i64, layout: &Layout| times_signed(elements, layout.extent()).unwrap_or(0);
    match layout.constructor() {
        Constructor::Basic(leaf) => {
            let node = Node::Run { bytes: leaf.scalar.bytes() as u64, unit: units.then_some(*leaf) };
            Some(Part { at: 0, node })
        }
        Constructor::Duplicate { of: inner } | Constructor::Resized { of: inner, .. } => of(inner),
        Constructor::Contiguous { count, of: inner } => row(of(inner)?, *count, inner),
        Constructor::Vector { count, block, stride, of: inner } => {
            row(of(inner)?, *block, inner)?.repeated(*count, in_bytes(*stride, inner))
        }
        Constructor::HVector { count, block, stride, of: inner } => {
            row(of(inner)?, *block, inner)?.repeated(*count, *stride)
        }
        Constructor::Indexed { blocks, of: inner } => {
            rows(of(inner)?, blocks.iter().map(|&(length, at)| (length, in_bytes(at, inner))), inner)
        }
        Constructor::HIndexed { blocks, of: inner } => rows(of(inner)?, blocks.iter().copied(), inner),
        Constructor::IndexedBlock { block, displacements, of: inner } => {
            row(of(inner)?, *block, inner)?.scattered(displacements.iter().map(|&at| in_bytes(at, inner)))
        }
        Constructor::HIndexedBlock { block, displacements, of: inner } => {
            row(of(inner)?, *block, inner)?.scattered(displacements.iter().copied())
        }
        Constructor::Struct { fields } => list(fields.iter().filter_map(|field| {
            Some(row(of(&field.of)?, field.count, &field.of)?.shifted(field.displacement))
        })),
        Constructor::Subarray { .. } | Constructor::DistributedArray { .. } => {
            let (dimensions, inner) = array::dimensions(layout.constructor())?;
            let mut part = of(inner)?;
            for (stride, share) in dimensions {
                let index = |index: u64| times_signed(index as i64, stride).unwrap_or(0);
                let whole = || {
                    if share.blocks == 0 {
                        // Then the length of a block may be any number.
                        return None;
                    }
                    let block = part.clone().repeated(share.block, stride)?;
                    Some(block.repeated(share.blocks, index(share.step))?.shifted(index(share.first)))
                };
                let rest = part.clone().repeated(share.rest, stride);
                let rest = rest.map(|rest| rest.shifted(index(share.rest_first())));
                part = list(whole().into_iter().chain(rest))?;
            }
            Some(part)
        }
    }
}

/// Blocks of different lengths.
fn rows(part: Part, blocks: impl ExactSizeIterator<Item = (u64, i64)> + Clone, of: &Layout) -> Option<Part> {
    let mut lengths = blocks.clone().map(|(length, _)| length);
    let first = lengths.next()?;
    if lengths.all(|length| length == first) {
        return part.repeated(first, of.extent())?.scattered(blocks.map(|(_, at)| at));
    }
    list(blocks.filter_map(|(length, at)| Some(part.clone().repeated(length, of.extent())?.shifted(at))))
}

/// How many scalars of one element lie within its first `bytes` bytes (fewer than it has), and whether they are exactly these.
pub(crate) fn elements_within(layout: &Layout, bytes: u64) -> (u64, bool) {
    let (mut elements, mut bytes) = (0, bytes);
    let mut layout = layout;
    loop {
        let Constructor::Struct { fields } = layout.constructor() else {
            let Some(of) = layout.constructor().parts().first().copied() else {
                return (elements, bytes == 0);
            };
            elements += bytes / of.size() * of.elements();
            bytes %= of.size();
            layout = of;
            continue;
        };
        let mut next = None;
        for field in fields {
            let all = field.count * field.of.size();
            if bytes < all {
                next = Some(&field.of);
                break;
            }
            elements += field.count * field.of.elements();
            bytes -= all;
        }
        let Some(of) = next else { return (elements, bytes == 0) };
        elements += bytes / of.size() * of.elements();
        bytes %= of.size();
        layout = of;
    }
}

/// How many bytes the first so many scalars of one element have (fewer than it has).
pub(crate) fn bytes_of_elements(layout: &Layout, elements: u64) -> u64 {
    let (mut bytes, mut left, mut layout) = (0, elements, layout);
    while left > 0 {
        let of = match layout.constructor() {
            Constructor::Struct { fields } => fields.iter().find_map(|field| {
                let all = field.count * field.of.elements();
                if left < all {
                    return Some(&field.of);
                }
                bytes += field.count * field.of.size();
                left -= all;
                None
            }),
            constructor => constructor.parts().first().copied(),
        };
        // There is none where nothing is left.
        let Some(of) = of else { break };
        bytes += left / of.elements() * of.size();
        left %= of.elements();
        layout = of;
    }
    bytes
}
