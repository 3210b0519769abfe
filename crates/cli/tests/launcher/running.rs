//! A run that is listened to: a test goes on when it has heard what it waits for, however long that takes.

use crate::scene::{Outcome, Scene, until_or};
use std::io::{Read, Write};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// A run whose output is read as it comes.
pub struct Running<'a> {
    scene: &'a Scene,
    child: Child,
    streams: [Heard; 2],
}

/// What came on one stream so far, and who reads it.
struct Heard {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Heard {
    fn of(mut stream: impl Read + Send + 'static) -> Heard {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let into = bytes.clone();
        let reader = std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(length @ 1..) = stream.read(&mut piece) {
                into.lock().unwrap().extend_from_slice(&piece[..length]);
            }
        });
        Heard { bytes, reader }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }
}

impl<'a> Running<'a> {
    /// Starts it.
    pub fn listen(scene: &'a Scene, mut command: Command) -> Running<'a> {
        let mut child = command.spawn().unwrap();
        let streams = [Heard::of(child.stdout.take().unwrap()), Heard::of(child.stderr.take().unwrap())];
        Running { scene, child, streams }
    }

    /// The launcher's process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it has said all of this, on either stream.
    #[track_caller]
    pub fn says(&mut self, texts: &[&str]) {
        let heard = || self.streams.iter().map(Heard::text).collect::<Vec<_>>();
        let has = |text: &&str| heard().iter().any(|stream| stream.contains(text));
        until_or(|| texts.iter().all(has), || format!("{texts:?}, but heard {:?}", heard()));
    }

    /// Gives it input, if its command asked for a pipe.
    pub fn hears(&mut self, text: &str) {
        self.child.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// Whether it has not ended.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for its end, and checks that nothing is left.
    pub fn finish(mut self) -> Outcome {
        drop(self.child.stdin.take());
        let status = self.child.wait().unwrap();
        let [stdout, stderr] = self.streams.map(|heard| {
            heard.reader.join().unwrap();
            std::mem::take(&mut *heard.bytes.lock().unwrap())
        });
        self.scene.expect_nothing_left();
        Outcome::of(Output { status, stdout, stderr })
    }
}

/// A command whose input comes from the test.
pub fn with_input(mut command: Command) -> Command {
    command.stdin(Stdio::piped());
    command
}
