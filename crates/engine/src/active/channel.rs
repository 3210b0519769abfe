//! What a lane knows of the active messages of one communicator.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use fabric::Peer;

use super::frames::{Kind, NO_SOURCE, OBJECT_MASK};
use super::outgoing::Waiting;
use super::turn::{Handler, Turn};
use crate::envelope::STEP_LABEL;
use crate::matching::Key;
use crate::{Communicator, Error, Lane, TypeTag, Work};

/// How an object gets its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectId {
    /// The next of those that all ranks register in the same order.
    InOrder,
    /// This one, which all ranks that register it state.
    Stated(u32),
    /// One that no other object of this process has or will have.
    Own,
}

/// The first id of those in order; below are those that are stated.
const IN_ORDER: u64 = 1 << 32;

/// The first id of those that a process gives by itself.
const OWN: u64 = 1 << 58;

/// What has been counted of the active messages of one communicator at this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActiveCounters {
    /// Messages sent: each call counts as two, its request and the answer that is owed to it.
    pub sent: u64,
    /// Messages handled here: an answer at who asked. Those refused are among them.
    pub handled: u64,
    /// Messages for which there was no handler, or that it could not take.
    pub refused: u64,
    /// Of those refused: one-way messages, of which their senders do not hear.
    pub lost: u64,
    /// Calls that wait for their answer.
    pub calls: u64,
}

pub(crate) struct Object {
    /// None while its turn runs.
    pub handler: Option<Box<dyn Handler>>,
    pub of: TypeTag,
    /// It stands in `ready`.
    pub queued: bool,
}

/// Active messages of one communicator.
pub(crate) struct Channel {
    pub communicator: Arc<Communicator>,
    pub objects: Table<Object>,
    next_in_order: u64,
    next_own: u64,
    /// Stated ids of objects that were removed.
    spent: HashSet<u64>,
    /// Objects with messages that wait, in the order of their turns.
    pub ready: VecDeque<u64>,
    /// A turn is under way: out as work, or waiting for its payload.
    pub running: bool,
    /// The turn that waits for its payload.
    pub fetching: Option<Box<Turn>>,
    /// The last small turn's sender, and its rank.
    pub last_sender: (Peer, u32),
    /// Where a small payload goes that had to be fetched.
    pub small: Vec<u8>,
    /// What handlers have sent and their turns have not let go.
    pub queue: VecDeque<Waiting>,
    /// Of what handlers have sent: what is not out of this process's hands, in messages and bytes.
    pub outgoing_messages: usize,
    pub outgoing_bytes: usize,
    pub counters: ActiveCounters,
    /// Why the first one-way message was refused that nobody has been told of.
    pub refusal: Option<String>,
    /// One-way messages refused of which this process has been told.
    reported: u64,
}

/// Values by id. The ids are this process's own words, so that nobody can choose colliding ones.
pub(crate) type Table<T> = HashMap<u64, T, BuildHasherDefault<Mix>>;

/// What finds values by such words.
pub(crate) type Mixed = BuildHasherDefault<Mix>;

/// The channels of a lane, by context.
pub(crate) type Channels = Table<Box<Channel>>;

/// Hashes one word.
#[derive(Default)]
pub(crate) struct Mix(u64);

impl Hasher for Mix {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(*byte as u64));
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(word.into());
    }

    fn write_u64(&mut self, word: u64) {
        // Multiplicative mixing (Knuth, TAOCP 6.4), folded, since tables look at the upper and the lower bits.
        let product = (self.0 ^ word) as u128 * 0x9e37_79b9_7f4a_7c15;
        self.0 = (product >> 64) as u64 ^ product as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The key of what is stored for an object.
pub(crate) fn key(context: u64, object: u64) -> Key {
    Key { context, source: NO_SOURCE, label: STEP_LABEL | object }
}

/// What people call an object.
pub(crate) fn name(object: u64) -> String {
    match object {
        ..IN_ORDER => format!("object {object}"),
        IN_ORDER..OWN => format!("the object registered as number {} (from 0)", object - IN_ORDER),
        _ => format!("object {} of its process's own", object - OWN),
    }
}

impl Channel {
    fn new(communicator: Arc<Communicator>) -> Channel {
        Channel {
            communicator,
            objects: Table::default(),
            next_in_order: IN_ORDER,
            next_own: OWN,
            spent: HashSet::new(),
            ready: VecDeque::new(),
            running: false,
            fetching: None,
            last_sender: (Peer(u32::MAX), u32::MAX),
            small: vec![0; fabric::INLINE_BYTES],
            queue: VecDeque::new(),
            outgoing_messages: 0,
            outgoing_bytes: 0,
            counters: ActiveCounters::default(),
            refusal: None,
            reported: 0,
        }
    }

    /// Whether an object that isn't there may still come.
    pub fn may_come(&self, object: u64) -> bool {
        match object {
            ..IN_ORDER => !self.spent.contains(&object),
            IN_ORDER..OWN => object >= self.next_in_order,
            _ => false,
        }
    }

    /// An object has a message.
    pub fn make_ready(&mut self, object: u64) {
        if let Some(found) = self.objects.get_mut(&object)
            && !found.queued
        {
            found.queued = true;
            self.ready.push_back(object);
        }
    }

    /// A one-way message could not be handled, or sent.
    pub fn note_lost(&mut self, why: impl FnOnce() -> String) {
        self.counters.refused += 1;
        self.counters.lost += 1;
        if self.refusal.is_none() {
            self.refusal = Some(why());
        }
    }

    /// Whether nothing of this channel goes on here.
    fn is_passive(&self) -> bool {
        !self.running && self.ready.is_empty() && self.queue.is_empty() && self.outgoing_messages == 0
    }

    /// Whether it can be forgotten: nobody has its communicator any more.
    fn is_forsaken(&self) -> bool {
        Arc::strong_count(&self.communicator) == 1
            && self.objects.is_empty()
            && self.counters.calls == 0
            && self.is_passive()
    }
}

impl Lane {
    /// The channel of a communicator.
    pub(crate) fn channel(&mut self, communicator: &Arc<Communicator>) -> &mut Channel {
        let context = communicator.context.0;
        if !self.channels.contains_key(&context) {
            // Contexts are never given twice, so that what is left over can only be forgotten.
            if self.channels.len() == self.channels.capacity() {
                self.channels.retain(|_, channel| !channel.is_forsaken());
            }
            self.channels.insert(context, Box::new(Channel::new(communicator.clone())));
        }
        self.channels.entry(context).or_insert_with(|| Box::new(Channel::new(communicator.clone())))
    }

    /// Registers an object: messages of type `of` for it are given to `handler`, one at a time, and those of one sender in the
    /// order in which they were sent. Returns its id. Local: nothing is sent.
    ///
    /// # Errors
    /// An id that is taken or was; the lane is closed.
    pub fn register_object(
        &mut self,
        communicator: &Arc<Communicator>,
        id: ObjectId,
        of: TypeTag,
        handler: Box<dyn Handler>,
    ) -> Result<u64, Error> {
        self.check_serves(communicator)?;
        self.types.note(of);
        let channel = self.channel(communicator);
        let object = match id {
            ObjectId::InOrder => channel.next_in_order,
            ObjectId::Stated(id) => u64::from(id),
            ObjectId::Own => channel.next_own,
        };
        if channel.objects.contains_key(&object) || channel.spent.contains(&object) {
            let why = format!("{object} is taken, or was: ids are not used again");
            return Err(Error::Argument { name: "id", why });
        }
        match id {
            ObjectId::InOrder => channel.next_in_order += 1,
            ObjectId::Stated(_) => {}
            // 2^58 of them: at one each nanosecond, nine years.
            ObjectId::Own => channel.next_own += 1,
        }
        let handler = Some(handler);
        channel.objects.insert(object, Object { handler, of, queued: false });
        let context = communicator.context.0;
        if self.unexpected.find(&key(context, object)).is_some() {
            if let Some(channel) = self.channels.get_mut(&context) {
                channel.make_ready(object);
            }
            self.next_turn(context);
        }
        Ok(object)
    }

    /// Removes an object: what waits for it and what comes for it later is refused. Its handler is dropped, after its turn if
    /// one is under way.
    pub fn remove_object(&mut self, communicator: &Communicator, object: u64) {
        let context = communicator.context.0;
        let Some(channel) = self.channels.get_mut(&context) else { return };
        if let Some(removed) = channel.objects.remove(&object) {
            if object < IN_ORDER {
                channel.spent.insert(object);
            }
            let handler = removed.handler.map(|handler| Work::Drop(Box::new(handler)));
            self.work.extend(handler);
            self.refuse_waiting(context, |channel, id| id == object && !channel.objects.contains_key(&id));
        }
    }

    /// Refuses what waits for objects that are not registered: they will not come.
    pub fn refuse_early(&mut self, communicator: &Arc<Communicator>) {
        self.channel(communicator);
        self.refuse_waiting(communicator.context.0, |channel, id| !channel.objects.contains_key(&id));
    }

    /// How many messages, as [`ActiveCounters`] has them, wait for what waits here for objects that are not registered: a
    /// request is two, as its call waits for it.
    pub fn early(&self, communicator: &Communicator) -> u64 {
        let context = communicator.context.0;
        let Some(channel) = self.channels.get(&context) else { return 0 };
        let is_early = |key: &Key| {
            let object = key.label & OBJECT_MASK;
            key.source == NO_SOURCE && key.context == context && !channel.objects.contains_key(&object)
        };
        let early = self.unexpected.iter().filter(|(_, key, _)| is_early(key));
        early.map(|(_, _, message)| if message.claim.kind == Kind::Tell { 1 } else { 2 }).sum()
    }

    /// Whether nothing of the communicator's active messages goes on here: no turn, nothing that waits for one, nothing that
    /// handlers have sent and this process still has.
    pub fn is_passive(&self, communicator: &Communicator) -> bool {
        self.channels.get(&communicator.context.0).is_none_or(|channel| channel.is_passive())
    }

    /// The counts so far.
    pub fn active_counters(&self, communicator: &Communicator) -> ActiveCounters {
        let channel = self.channels.get(&communicator.context.0);
        channel.map(|channel| channel.counters).unwrap_or_default()
    }

    /// Why the first one-way message was refused here, of those since this was asked last, if one was.
    pub fn take_refusal(&mut self, communicator: &Communicator) -> Option<String> {
        let channel = self.channels.get_mut(&communicator.context.0)?;
        channel.reported = channel.counters.lost;
        channel.refusal.take()
    }

    /// One-way messages that were refused here since [`take_refusal`](Lane::take_refusal).
    pub fn unreported_refusals(&self, communicator: &Communicator) -> u64 {
        let channel = self.channels.get(&communicator.context.0);
        channel.map_or(0, |channel| channel.counters.lost - channel.reported)
    }

    /// Drops all handlers: for a process that has left its job. What they hold may hold the process.
    pub fn drop_handlers(&mut self) {
        for channel in self.channels.values_mut() {
            let handlers = channel.objects.drain().filter_map(|(_, object)| object.handler);
            self.work.extend(handlers.map(|handler| Work::Drop(Box::new(handler))));
        }
    }

    /// Refuses what waits for objects that are not there.
    fn refuse_waiting(&mut self, context: u64, is_refused: impl Fn(&Channel, u64) -> bool) {
        let Some(channel) = self.channels.get(&context) else { return };
        let waiting = self.unexpected.iter().filter_map(|(place, key, _)| {
            let object = key.label & OBJECT_MASK;
            let is_it = key.source == NO_SOURCE && key.context == context && is_refused(channel, object);
            is_it.then_some((place, object))
        });
        for (place, object) in waiting.collect::<Vec<_>>() {
            if let Some((_, message)) = self.unexpected.remove(place) {
                self.count_unstored(&message);
                self.refuse_stored(context, object, message);
            }
        }
    }
}
