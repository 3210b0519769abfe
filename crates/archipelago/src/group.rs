//! Groups: sets of processes in an order, from which communicators are made.

use std::sync::Arc;

use engine::group::{Comparison, GroupError, Ranks};
use runtime::Process;

use crate::{Comm, Error, Result};

/// Processes in an order, as a value (MPI 5.0 §7.3): nothing is sent until a communicator is made of it, by
/// [`Comm::create`], [`Comm::create_from`] or [`communicator`](Group::communicator). Cheap to clone. Operations are local;
/// they take time n·log n at most, for n members in all.
///
/// ```
/// # archipelago::testing::run(4, |world| {
/// let all = world.group();
/// let (low, even) = (all.include(&[0, 1, 2])?, all.exclude(&[1, 3])?);
/// assert_eq!(low.union(&all), all);
/// assert_eq!(format!("{low:?}"), "Group[0, 1, 2]");
/// assert_eq!(low.intersection(&even), all.include(&[0, 2])?);
/// assert_eq!(low.difference(&even), all.include(&[1])?);
/// assert_eq!(even.translate(&[0, 1], &low)?, [Some(0), Some(2)]);
/// assert_eq!(even.rank(), (world.rank() % 2 == 0).then_some(world.rank() / 2));
/// # Ok::<(), archipelago::Error>(())
/// # });
/// ```
#[derive(Clone)]
pub struct Group {
    process: Arc<Process>,
    inner: engine::Group,
}

impl Group {
    pub(crate) fn of(process: Arc<Process>, inner: engine::Group) -> Group {
        Group { process, inner }
    }

    pub(crate) fn inner(&self) -> &engine::Group {
        &self.inner
    }

    fn with(&self, inner: engine::Group) -> Group {
        Group { process: self.process.clone(), inner }
    }

    /// How many processes.
    pub fn size(&self) -> usize {
        self.inner.size()
    }

    /// Whether nobody is in it.
    pub fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }

    /// This process's rank in it, if it is a member.
    pub fn rank(&self) -> Option<usize> {
        self.inner.rank(self.process.me())
    }

    /// All of this group, followed by those of the other that are not in this one.
    pub fn union(&self, other: &Group) -> Group {
        self.with(self.inner.union(&other.inner))
    }

    /// Those of this group that are in the other as well, in this one's order.
    pub fn intersection(&self, other: &Group) -> Group {
        self.with(self.inner.intersection(&other.inner))
    }

    /// Those of this group that are not in the other, in this one's order.
    pub fn difference(&self, other: &Group) -> Group {
        self.with(self.inner.difference(&other.inner))
    }

    /// The processes of these ranks, in this order.
    ///
    /// # Errors
    /// A rank that there isn't, or that is named twice.
    pub fn include(&self, ranks: &[usize]) -> Result<Group> {
        self.inner
            .include(ranks)
            .map(|inner| self.with(inner))
            .map_err(|error| refuse("include", "ranks", error))
    }

    /// All but the processes of these ranks, in this group's order.
    ///
    /// # Errors
    /// A rank that there isn't, or that is named twice.
    pub fn exclude(&self, ranks: &[usize]) -> Result<Group> {
        self.inner
            .exclude(ranks)
            .map(|inner| self.with(inner))
            .map_err(|error| refuse("exclude", "ranks", error))
    }

    /// The processes of all ranks of these ranges, one range after the other.
    ///
    /// # Errors
    /// A rank that there isn't, or that is named twice; a range whose stride is 0 or leads away from its last rank.
    ///
    /// ```
    /// use archipelago::Ranks;
    /// # archipelago::testing::run(7, |world| {
    /// let falling = world.group().include_ranges(&[Ranks { first: 6, last: 0, stride: -3 }])?;
    /// assert_eq!(falling, world.group().include(&[6, 3, 0])?);
    /// let error = world.group().include_ranges(&[Ranks { first: 5, last: 7, stride: 1 }]).unwrap_err();
    /// assert_eq!(error.to_string(), "include_ranges: `ranges`: entry 0 names rank 7; the group's ranks are 0 to 6");
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn include_ranges(&self, ranges: &[Ranks]) -> Result<Group> {
        let included = self.inner.include_ranges(ranges);
        included.map(|inner| self.with(inner)).map_err(|error| refuse("include_ranges", "ranges", error))
    }

    /// All but the processes of the ranks of these ranges, in this group's order.
    ///
    /// # Errors
    /// As [`include_ranges`](Group::include_ranges).
    pub fn exclude_ranges(&self, ranges: &[Ranks]) -> Result<Group> {
        let excluded = self.inner.exclude_ranges(ranges);
        excluded.map(|inner| self.with(inner)).map_err(|error| refuse("exclude_ranges", "ranges", error))
    }

    /// What ranks the processes of these ranks have in the other group; `None` for those that are not in it.
    ///
    /// # Errors
    /// A rank that there isn't.
    pub fn translate(&self, ranks: &[usize], other: &Group) -> Result<Vec<Option<usize>>> {
        self.inner.translate(ranks, &other.inner).map_err(|error| refuse("translate", "ranks", error))
    }

    /// Whether two groups have the same members, and in the same order (MPI 5.0 §7.3.1).
    pub fn compare(&self, other: &Group) -> Comparison {
        self.inner.compare(&other.inner)
    }

    /// A communicator of this group, made by its members alone and out of no other (MPI 5.0 §7.4.2): all give the same tag.
    /// Threads that make communicators of one group at once tell them apart by it. Costs one all-gather.
    ///
    /// # Errors
    /// A group without this process; a tag in use on another thread; a member that is gone.
    ///
    /// ```
    /// # archipelago::testing::run(4, |world| {
    /// let pair = world.group().include(&[3, 1])?;
    /// if pair.rank().is_some() {
    ///     let pair = pair.communicator("org.example.pair")?;
    ///     assert_eq!(pair.all_gather(&[world.rank()])?, [3, 1]);
    /// }
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn communicator(&self, tag: &str) -> Result<Comm> {
        let created = self.process.create(&self.inner, tag);
        let spot = crate::create::spot("communicator");
        created.map(Comm::of).map_err(|error| spot.explain::<()>(&self.process.alone(), error))
    }
}

/// An argument that can't be; there is no communicator that the error could name.
fn refuse(operation: &'static str, argument: &'static str, error: GroupError) -> Error {
    Error::Group { why: format!("{operation}: `{argument}`: {error}") }
}

impl PartialEq for Group {
    /// The same members in the same order.
    fn eq(&self, other: &Group) -> bool {
        self.compare(other) == Comparison::Identical
    }
}

impl Eq for Group {}

/// The members by their numbers, which in the world are their ranks: `Group[0, 2, 4]`.
impl std::fmt::Debug for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const SHOWN: usize = 16;
        let numbers: Vec<String> =
            self.inner.processes().take(SHOWN).map(|process| process.number.to_string()).collect();
        let rest = if self.size() > SHOWN { format!(", ... of {}", self.size()) } else { String::new() };
        write!(f, "Group[{}{rest}]", numbers.join(", "))
    }
}
