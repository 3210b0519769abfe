//! Shared memory between two processes: this test starts itself again as the other one.

use std::os::fd::AsRawFd;
use std::process::{Command, Stdio};

use archipelago_fabric as fabric;
use fabric::{Arrival, Cause, Class, Event, Frame, Host, Port, ReadError, Refused};
use mapped::ProcessState;
use os::Time;
use wire::{JobId, ProcessId};

/// The path of the segment, for the process that plays the other part.
const SEGMENT: &str = "ARCHIPELAGO_TEST_SEGMENT";

fn process(number: u32) -> ProcessId {
    ProcessId { job: JobId(7), number, incarnation: 0 }
}

fn wait(port: &mut Port) -> Event {
    loop {
        if let Some(event) = port.next(Time::now()) {
            return event;
        }
        if let Some(armed) = port.arm() {
            port.sleeper().sleep(armed, u64::MAX);
            port.disarm();
        }
    }
}

fn arrival(port: &mut Port) -> Arrival {
    match wait(port) {
        Event::Arrival(arrival) => arrival,
        other => panic!("{other:?}"),
    }
}

/// The other process: tells where a buffer of its own lies, echoes a thousand frames, and waits to be killed.
fn other_process(segment: &str) -> ! {
    let file = std::fs::OpenOptions::new().read(true).write(true).open(segment).unwrap();
    let host = Host::attach(file.into()).unwrap();
    let mut port = Port::on_host(&host, 1, process(1), 0);
    let peer = port.connect(process(0));
    let buffer: Vec<u8> = (0..100_000).map(|k| (k % 251) as u8).collect();
    let header = [buffer.as_ptr() as u64, buffer.len() as u64, 0];
    port.send(peer, Class::Data, Frame { kind: 1, header }, &[]).unwrap();
    for _ in 0..1000 {
        let arrival = arrival(&mut port);
        port.send(peer, Class::Data, arrival.frame, &[8; 8]).unwrap();
    }
    loop {
        std::thread::park();
    }
}

#[test]
fn two_processes() {
    if let Ok(segment) = std::env::var(SEGMENT) {
        other_process(&segment);
    }
    let host = Host::create(2).unwrap();
    let path = format!("/proc/{}/fd/{}", std::process::id(), host.fd().as_raw_fd());
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "two_processes"])
        .env(SEGMENT, path)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut port = Port::on_host(&host, 0, process(0), 0);
    // Contact before the other has moved in.
    let peer = port.connect(process(1));

    let [address, length, _] = arrival(&mut port).frame.header;
    let reader = port.reader(peer);
    assert_eq!(reader.is_some(), port.limits(peer).reads);
    if let Some(reader) = &reader {
        assert!(!reader.is_same_space());
        let mut copy = vec![0u8; length as usize];
        // SAFETY: the copy has as many bytes.
        unsafe { reader.read(address, copy.as_mut_ptr(), copy.len()) }.unwrap();
        assert!(copy.iter().enumerate().all(|(k, &byte)| byte == (k % 251) as u8));
        // SAFETY: one byte is read.
        let nowhere = unsafe { reader.read(8, copy.as_mut_ptr(), 1) };
        assert_eq!(nowhere, Err(ReadError::BadAddress));
    }

    for k in 0..1000 {
        let frame = Frame { kind: 2, header: [k, k * k, 0] };
        port.send(peer, Class::Data, frame, &[1; 8]).unwrap();
        assert_eq!(arrival(&mut port).frame, frame);
    }

    child.kill().unwrap();
    child.wait().unwrap();
    if let Some(reader) = reader {
        let mut byte = 0;
        // SAFETY: one byte is read.
        assert_eq!(unsafe { reader.read(address, &mut byte, 1) }, Err(ReadError::Gone));
    }
    // What the keeper does when it sees the end.
    host.set_state(1, ProcessState::Killed(9));
    match wait(&mut port) {
        Event::Failed(failed, cause) => {
            assert_eq!((failed, cause), (peer, Cause::Died("killed by signal 9 (SIGKILL)".into())));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(port.send(peer, Class::Data, Frame { kind: 1, header: [0; 3] }, &[]), Err(Refused::Failed));
}
