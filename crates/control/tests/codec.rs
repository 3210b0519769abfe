//! Every byte that comes from another process is decoded or refused, never a panic.

use archipelago_control as control;
use control::agent::{App, Bind, FromAgent, Input, Manner, Part, Start, Stream, ToAgent};
use control::codec::{Assembler, Bytes, DecodeError, decode, encode, encode_frame};
use control::diagnosis::{Count, Needs, Operation, State, Thread};
use control::{Ending, FromKeeper, Key, Refusal, Secret, Statistic, ToKeeper, Transport, Welcome};
use serde::{Serialize, de::DeserializeOwned};

fn welcome() -> Welcome {
    Welcome {
        job: 7,
        number: 3,
        incarnation: 0,
        size: 8,
        first_local: 0,
        local_size: 8,
        hosts: vec![0],
        slots: 8,
        cores: 2,
        app: 1,
        host: "here".into(),
        transport: Transport::Tcp,
        secret: Secret([5; 32]),
        statistics: true,
        options: vec![("eager".into(), "4096".into())],
    }
}

fn state() -> State {
    let operation = Operation {
        call: "receive".into(),
        communicator: "world".into(),
        tag: Some(3),
        of: "f64".into(),
        needs: Needs::any([1, 2, 7]),
    };
    let place = Some("main.rs:7".into());
    let thread = Thread {
        for_ms: 60_000,
        bounded: false,
        place,
        function: Some("MPI_Recv".into()),
        any_of: vec![operation],
    };
    State {
        round: 3,
        threads: vec![thread],
        counts: vec![Count { peer: 1, sent: 2, received: 3 }],
        ..State::default()
    }
}

fn to_keeper() -> Vec<ToKeeper> {
    vec![
        ToKeeper::Claim { pid: 12, program: "./app".into() },
        ToKeeper::Enter { number: 2, key: Secret([6; 32]), pid: 12, program: "./app".into() },
        ToKeeper::Put { name: "card".into(), value: vec![1, 2, 3] },
        ToKeeper::Get(Key { number: 4, name: "card".into() }),
        ToKeeper::Statistics(vec![Statistic { layer: "shm".into(), peer: Some(2), ..Default::default() }]),
        ToKeeper::Goodbye,
        ToKeeper::Abort { code: -1, reason: "why".into() },
        ToKeeper::Overdue,
        ToKeeper::State(Box::new(state())),
        ToKeeper::Remark("a message that nobody has received".into()),
        ToKeeper::Resting(true),
        ToKeeper::Resting(false),
    ]
}

fn from_keeper() -> Vec<FromKeeper> {
    vec![
        FromKeeper::Welcome(Box::new(welcome())),
        FromKeeper::Refused(Refusal::Claimed { number: 1, pid: 2, program: "x".into() }),
        FromKeeper::Value { key: Key { number: 4, name: "card".into() }, value: Some(vec![0; 100]) },
        FromKeeper::Died { number: 1, incarnation: 0, ending: Ending::Signalled { signal: 9, core: false } },
        FromKeeper::Left { number: 1, incarnation: 0 },
        FromKeeper::Ending { reason: "time".into() },
        FromKeeper::Examine { round: 3 },
    ]
}

fn to_agent() -> Vec<ToAgent> {
    let app = App { command: vec![b"a".to_vec(), b"b".to_vec()], ..Default::default() };
    let start = Start {
        job: 1,
        secret: Secret([1; 32]),
        host: "here".into(),
        size: 2,
        first: 0,
        hosts: vec![0],
        processes: vec![0, 0],
        apps: vec![app],
        bind: Bind::Cores(2),
        tells_bindings: true,
        transport: Transport::Auto,
        input: Input::All,
        keep_going: false,
        statistics: false,
        options: vec![],
    };
    vec![
        ToAgent::Start(Box::new(start)),
        ToAgent::Signal(2),
        ToAgent::Input(Bytes(vec![9; 1000])),
        ToAgent::InputEnd,
        ToAgent::Examine { round: 3 },
        ToAgent::End { reason: "time".into(), manner: Manner::Grace(250) },
    ]
}

fn from_agent() -> Vec<FromAgent> {
    vec![
        FromAgent::Started { number: 0, pid: 17 },
        FromAgent::NotStarted { number: 0, why: "no".into(), status: 127 },
        FromAgent::Output { number: 0, stream: Stream::Error, bytes: Bytes(b"hello".to_vec()) },
        FromAgent::OutputEnd { number: 0, stream: Stream::Output },
        FromAgent::InputTaken(4096),
        FromAgent::Ended { number: 0, ending: Ending::Exited(3), part: Part::Unfinished, starved: false },
        FromAgent::Abort { number: 0, code: 3, reason: "x".into() },
        FromAgent::Statistics { number: 0, rows: vec![Statistic::default()] },
        FromAgent::Overdue { number: 1 },
        FromAgent::Asked { round: 3, processes: 4 },
        FromAgent::State { number: 1, state: Box::new(state()) },
        FromAgent::Remark { number: 1, text: "x".into() },
        FromAgent::Notice("n".into()),
        FromAgent::Finished,
    ]
}

/// Random bytes that any machine repeats.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let x = self.0 ^ (self.0 >> 33);
        x.wrapping_mul(0xff51afd7ed558ccd) >> 16
    }
}

fn check<M: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(
    messages: Vec<M>,
    random: &mut Random,
) {
    for message in messages {
        let bytes = encode(&message);
        assert_eq!(decode::<M>(&bytes).unwrap(), message);
        for cut in 0..bytes.len() {
            assert!(decode::<M>(&bytes[..cut]).is_err(), "{message:?} cut to {cut} bytes");
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert_eq!(decode::<M>(&longer), Err(DecodeError::Malformed));
        // Changed bytes may be another message; what counts is that nothing panics.
        for _ in 0..2_000 {
            let mut changed = bytes.clone();
            for _ in 0..1 + random.next() % 4 {
                let at = random.next() as usize % changed.len();
                changed[at] = random.next() as u8;
            }
            let _ = decode::<M>(&changed);
        }
    }
    for _ in 0..5_000 {
        let mut bytes: Vec<u8> = (0..random.next() % 64).map(|_| random.next() as u8).collect();
        let _ = decode::<M>(&bytes);
        bytes.splice(0..0, [0xa7, control::codec::VERSION]);
        let _ = decode::<M>(&bytes);
    }
}

#[test]
fn all_messages_survive_and_no_bytes_panic() {
    let mut random = Random(20);
    check(to_keeper(), &mut random);
    check(from_keeper(), &mut random);
    check(to_agent(), &mut random);
    check(from_agent(), &mut random);
}

#[test]
fn other_versions_and_strangers_are_told_apart() {
    let mut bytes = encode(&ToKeeper::Goodbye);
    bytes[1] = 99;
    assert_eq!(decode::<ToKeeper>(&bytes), Err(DecodeError::Version { theirs: 99 }));
    assert_eq!(decode::<ToKeeper>(b"GET / HTTP/1.1"), Err(DecodeError::Foreign));
    assert_eq!(decode::<ToKeeper>(b""), Err(DecodeError::Foreign));
}

#[test]
fn a_stream_cut_anywhere_gives_the_same_messages() {
    let mut stream = Vec::new();
    for message in from_agent() {
        encode_frame(&message, &mut stream);
    }
    let mut random = Random(3);
    for _ in 0..200 {
        let mut assembler = Assembler::new();
        let (mut rest, mut got) = (&stream[..], Vec::new());
        while !rest.is_empty() {
            let (piece, after) = rest.split_at((1 + random.next() as usize % 40).min(rest.len()));
            assembler.feed(piece);
            rest = after;
            while let Some(message) = assembler.next_message::<FromAgent>().unwrap() {
                got.push(message);
            }
        }
        assert_eq!(got, from_agent());
        assert!(!assembler.is_midway());
    }
}

#[test]
fn a_frame_past_the_bound_is_refused_before_it_is_held() {
    let mut assembler = Assembler::new();
    assembler.feed(&u32::MAX.to_le_bytes());
    assert_eq!(assembler.next_message::<FromAgent>(), Err(DecodeError::Malformed));
}

#[test]
fn a_secret_is_never_printed() {
    assert!(!format!("{:?}", welcome()).contains('5'.to_string().repeat(3).as_str()));
    assert!(!format!("{:?}", Secret([77; 32])).contains("77"));
}
