//! Agreement, driven through every order of events and every set of kill points: whoever decides decides the same.
//!
//! *All orders*: messages of a pair come in order, those of different pairs in any; whoever dies loses any number of the last
//! messages that are on their way from it, to each receiver by itself, which is more than to die at any of its sends. Each
//! reachable state is looked at once.
//!
//! *All kill points*: the order of events is given by a rule or a seed, and each process dies after any of the messages that it
//! sends, in any event, or not at all; every combination is run.

use std::collections::HashSet;
use std::hash::{Hash, Hasher};

use archipelago_engine::agreement::{Agreement, Message, Proposal, RankSet};

/// A world between two events.
#[derive(Clone)]
struct State {
    members: Vec<Agreement>,
    /// From, to, what; in the order of sending.
    underway: Vec<(usize, usize, Message)>,
    alive: u32,
    begun: u32,
    /// What somebody, dead or alive, has decided.
    decided: Option<Proposal>,
}

/// What can happen next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    Begin(usize),
    /// The first message from one to the other comes.
    Deliver(usize, usize),
    /// One learns that another is gone.
    Lose {
        who: usize,
        learns: usize,
    },
}

impl Step {
    fn actor(self) -> usize {
        match self {
            Step::Begin(rank) | Step::Deliver(_, rank) | Step::Lose { learns: rank, .. } => rank,
        }
    }
}

fn contribution(rank: usize) -> Proposal {
    // Whose bit is missing has contributed.
    let (failed, acknowledged) = (RankSet::default(), RankSet::default());
    Proposal { flags: !(1 << rank), context: 100 + rank as u64, failed, acknowledged }
}

impl State {
    fn new(size: usize) -> State {
        let members = (0..size).map(|rank| Agreement::new(rank, size)).collect();
        State { members, underway: Vec::new(), alive: (1 << size) - 1, begun: 0, decided: None }
    }

    fn lives(&self, rank: usize) -> bool {
        self.alive & 1 << rank != 0
    }

    fn steps(&self) -> Vec<Step> {
        let size = self.members.len();
        let living = || (0..size).filter(|rank| self.lives(*rank));
        let mut steps: Vec<Step> =
            living().filter(|rank| self.begun & 1 << rank == 0).map(Step::Begin).collect();
        let mut pairs = vec![false; size * size];
        for (from, to, _) in &self.underway {
            if !std::mem::replace(&mut pairs[from * size + to], true) {
                steps.push(Step::Deliver(*from, *to));
            }
        }
        for who in (0..size).filter(|rank| !self.lives(*rank)) {
            // It is noticed after what it has sent.
            let learns = living()
                .filter(|learns| !self.members[*learns].gone().contains(who) && !pairs[who * size + learns]);
            steps.extend(learns.map(|learns| Step::Lose { who, learns }));
        }
        steps
    }

    /// Takes a step, and returns how many messages it has sent.
    fn take(&mut self, step: Step) -> usize {
        let actor = step.actor();
        let mut out = Vec::new();
        match step {
            Step::Begin(rank) => {
                self.begun |= 1 << rank;
                self.members[rank].begin(contribution(rank), &mut out);
            }
            Step::Deliver(from, to) => {
                let place = self.underway.iter().position(|(f, t, _)| (*f, *t) == (from, to)).unwrap();
                let (_, _, message) = self.underway.remove(place);
                self.members[to].receive(from, message, &mut out);
            }
            Step::Lose { who, learns } => self.members[learns].lose(who, &mut out),
        }
        let sent = out.len();
        self.underway.extend(out.into_iter().map(|(to, message)| (actor, to, message)));
        let alive = self.alive;
        // What is sent to the dead goes nowhere; it counts as sent.
        if let Some(decision) = self.members[actor].decision() {
            match &self.decided {
                None => {
                    assert!(decision.failed.iter().all(|rank| alive & 1 << rank == 0), "{decision:?}");
                    self.decided = Some(decision.clone());
                }
                Some(first) => assert_eq!(first, decision, "rank {actor} decides otherwise"),
            }
        }
        sent
    }

    fn clean(&mut self) {
        let alive = self.alive;
        self.underway.retain(|(_, to, _)| alive & 1 << to != 0);
    }

    /// A process dies; of the messages on their way from it the last `lost` never were sent.
    fn die_unsent(&mut self, rank: usize, lost: usize) {
        for _ in 0..lost {
            let place = self.underway.iter().rposition(|(from, ..)| *from == rank).unwrap();
            self.underway.remove(place);
        }
        self.die(rank);
    }

    fn die(&mut self, rank: usize) {
        self.alive &= !(1 << rank);
        self.clean();
    }

    /// Nothing more happens: everybody who lives has decided, with the contributions of all who live.
    fn check_end(&self) {
        for rank in (0..self.members.len()).filter(|rank| self.lives(*rank)) {
            let decision = self.members[rank].decision();
            let decision =
                decision.unwrap_or_else(|| panic!("rank {rank} waits for ever: {:?}", self.members));
            assert_eq!(decision.flags & 1 << rank, 0, "rank {rank} was not heard");
            assert!(!decision.failed.contains(rank));
            assert!(decision.context >= 100);
        }
    }

    fn fingerprint(&self) -> (u64, u64) {
        let mut messages: Vec<_> = self.underway.iter().collect();
        messages.sort_by_key(|(from, to, _)| (*from, *to));
        let mut hasher = Fingerprint(1, 2);
        // The dead do nothing more: only what they have decided counts, which is the same for all.
        for rank in (0..self.members.len()).filter(|rank| self.lives(*rank)) {
            self.members[rank].hash(&mut hasher);
        }
        (messages, self.alive, self.begun, &self.decided).hash(&mut hasher);
        (hasher.0, hasher.1)
    }
}

/// 128 bits that tell states apart, made quickly.
struct Fingerprint(u64, u64);

impl Hasher for Fingerprint {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
        self.1 = (self.1 ^ word ^ self.1 >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9).rotate_left(31);
    }

    fn write_u8(&mut self, byte: u8) {
        self.write_u64(byte.into());
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(word.into());
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn finish(&self) -> u64 {
        self.0 ^ self.1
    }
}

/// Looks at every state that can be reached when all but one may die. Returns how many there are.
fn explore(size: usize) -> usize {
    let mut seen = HashSet::new();
    let mut waiting = vec![State::new(size)];
    seen.insert(waiting[0].fingerprint());
    let mut visit = |state: State, waiting: &mut Vec<State>| {
        if seen.insert(state.fingerprint()) {
            waiting.push(state);
        }
    };
    let mut count = 0;
    while let Some(state) = waiting.pop() {
        count += 1;
        let steps = state.steps();
        if steps.is_empty() {
            state.check_end();
        }
        for step in &steps {
            let mut next = state.clone();
            next.take(*step);
            next.clean();
            visit(next, &mut waiting);
        }
        if state.alive.count_ones() > 1 {
            for rank in (0..size).filter(|rank| state.lives(*rank)) {
                for survivors in losses(&state, rank) {
                    let mut next = state.clone();
                    let mut kept = survivors;
                    next.underway.retain(|(from, to, _)| {
                        *from != rank || {
                            let is_kept = kept[*to] > 0;
                            kept[*to] = kept[*to].saturating_sub(1);
                            is_kept
                        }
                    });
                    next.die(rank);
                    visit(next, &mut waiting);
                }
            }
        }
    }
    count
}

/// How many messages from a rank to each receiver may still arrive when it dies: all combinations.
fn losses(state: &State, rank: usize) -> Vec<Vec<usize>> {
    let mut underway = vec![0; state.members.len()];
    for (from, to, _) in &state.underway {
        underway[*to] += usize::from(*from == rank);
    }
    let mut all = vec![Vec::new()];
    for count in underway {
        let longer =
            |kept: &Vec<usize>| (0..=count).map(|more| [&kept[..], &[more]].concat()).collect::<Vec<_>>();
        all = all.iter().flat_map(longer).collect();
    }
    all
}

#[test]
fn one_to_five_ranks_in_all_orders() {
    for size in 1..=5 {
        println!("{size} ranks: {} states", explore(size));
    }
}

/// Which step comes next.
#[derive(Clone, Copy, Debug)]
enum Order {
    /// Whatever has waited longest.
    First,
    /// Whatever has come about last.
    Last,
    /// The highest rank does all that it can first: coordinators are late.
    HighFirst,
    /// By a generator of random numbers.
    Seed(u64),
}

impl Order {
    fn choose(&mut self, steps: &[Step]) -> Step {
        match self {
            Order::First => steps[0],
            Order::Last => steps[steps.len() - 1],
            Order::HighFirst => *steps.iter().max_by_key(|step| step.actor()).unwrap(),
            Order::Seed(seed) => {
                *seed ^= *seed << 13;
                *seed ^= *seed >> 7;
                *seed ^= *seed << 17;
                steps[(*seed >> 11) as usize % steps.len()]
            }
        }
    }
}

/// Runs to the end in every way in which processes may die, once after each message of each event. `mortal`: who may.
fn all_kill_points(state: State, order: Order, mortal: u32, runs: &mut u64) {
    let (mut state, mut order) = (state, order);
    loop {
        state.clean();
        let steps = state.steps();
        if steps.is_empty() {
            state.check_end();
            *runs += 1;
            return;
        }
        let step = order.choose(&steps);
        let actor = step.actor();
        let sent = state.take(step);
        let others_live = state.alive & !(1 << actor) != 0;
        if mortal & 1 << actor != 0 && others_live {
            // After any of its messages, or none.
            for lost in 0..=sent {
                let mut dead = state.clone();
                dead.die_unsent(actor, lost);
                all_kill_points(dead, order, mortal, runs);
            }
        }
    }
}

#[test]
fn two_to_five_ranks_at_every_set_of_kill_points() {
    for size in 2..=5 {
        let everybody = (1 << size) - 1;
        let seeds = if size == 5 { 1..3 } else { 1..40 };
        let rules = [Order::First, Order::Last, Order::HighFirst];
        let mut runs = 0;
        for order in rules
            .into_iter()
            .chain(seeds.map(|seed| Order::Seed(u64::wrapping_mul(seed, 0x9e37_79b9_7f4a_7c15))))
        {
            all_kill_points(State::new(size), order, everybody, &mut runs);
        }
        println!("{size} ranks: {runs} sets of kill points");
    }
}

#[test]
fn many_ranks_and_seeds() {
    for seed in 1..400u64 {
        let size = 6 + seed as usize % 20;
        let mut order = Order::Seed(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut state = State::new(size);
        let mut draw = seed.wrapping_mul(0xd134_2543_de82_ef95) | 1;
        let mut below = |n: usize| {
            draw ^= draw << 13;
            draw ^= draw >> 7;
            draw ^= draw << 17;
            (draw >> 11) as usize % n
        };
        loop {
            state.clean();
            let steps = state.steps();
            if steps.is_empty() {
                break state.check_end();
            }
            let step = order.choose(&steps);
            let sent = state.take(step);
            let deaths = size - state.alive.count_ones() as usize;
            if deaths + 1 < size && below(20) == 0 {
                let lost = below(sent + 1);
                state.die_unsent(step.actor(), lost);
            }
        }
    }
}

/// A link that is cut makes each end take the other for dead. Nobody waits for ever, and all decide the same, as long as the
/// others are there to carry the news.
#[test]
fn who_is_given_up_by_mistake_hears_of_it() {
    for seed in 1..2000u64 {
        let size = 4;
        let (a, b) = ((seed % 4) as usize, ((seed % 4) + 1 + seed / 4 % 3) as usize % 4);
        let mut order = Order::Seed(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut state = State::new(size);
        let mut out = Vec::new();
        for (who, learns) in [(a, b), (b, a)] {
            state.members[learns].lose(who, &mut out);
        }
        assert!(out.is_empty());
        let mut decisions = HashSet::new();
        loop {
            state.underway.retain(|(from, to, _)| ![(a, b), (b, a)].contains(&(*from, *to)));
            let steps = state.steps();
            if steps.is_empty() {
                break;
            }
            let step = order.choose(&steps);
            // Checked below instead: it says of the living that they are gone.
            state.decided = None;
            state.alive = 0;
            state.take(step);
            state.alive = 0b1111;
        }
        for member in &state.members {
            decisions.insert(member.decision().expect("nobody waits for ever").clone());
        }
        assert_eq!(decisions.len(), 1, "seed {seed}: {a} and {b}: {decisions:?}");
    }
}
