//! A process's conversation with its launcher.

use std::io;
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::time::Duration;

use super::line::{LINE_BYTES_MAX, Line};
use os::descriptor;

/// The most bytes of a key or a value that we ask any launcher to keep.
const WORD_BYTES_MAX: usize = 1024;

/// The most processes of a job that is believed.
const SIZE_MAX: u32 = 1 << 24;

/// What hasn't answered its first question by then is no launcher.
const ANSWER_TIME: Duration = Duration::from_secs(60);

/// A conversation with a launcher that speaks PMI-1.
#[derive(Debug)]
pub struct Client {
    stream: OwnedFd,
    /// What was read and not yet taken.
    bytes: Vec<u8>,
    /// This process's rank.
    pub rank: u32,
    /// How many processes the job has.
    pub size: u32,
    /// The name of the space in which the job's processes leave words for one another.
    space: String,
    value_bytes_max: usize,
}

/// Why a launcher is of no help.
#[derive(Debug)]
#[non_exhaustive]
pub enum PmiError {
    /// What the environment says makes no sense.
    Variable {
        /// Which variable.
        name: &'static str,
        /// What it holds.
        value: String,
        /// What is wrong with it.
        why: String,
    },
    /// The launcher answered something that is no answer, or refused.
    Answer {
        /// What was asked.
        question: &'static str,
        /// What came.
        answer: String,
    },
    /// The launcher is gone.
    Closed,
    /// The system refused.
    Io(io::Error),
}

impl std::fmt::Display for PmiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PmiError::Variable { name, value, why } => write!(f, "{name} is {value:?}: {why}"),
            PmiError::Answer { question, answer } => {
                write!(f, "the launcher answers {question} of PMI-1 by {answer:?}")
            }
            PmiError::Closed => write!(f, "the launcher is gone"),
            PmiError::Io(error) => write!(f, "the conversation with the launcher fails: {error}"),
        }
    }
}

impl std::error::Error for PmiError {}

impl Client {
    /// Begins the conversation that the environment offers, if it offers one: by an inherited descriptor (`PMI_FD`), or at an address
    /// (`PMI_PORT`).
    ///
    /// # Errors
    /// As [`PmiError`] lists.
    pub fn open(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Client>, PmiError> {
        let number = |name: &'static str| {
            let value = variable(name).unwrap_or_default();
            let wrong = || PmiError::Variable { name, value: value.clone(), why: "it is no number".into() };
            value.trim().parse::<u32>().map_err(|_| wrong())
        };
        let mut inherited = None;
        let mut client = if let Some(value) = variable("PMI_FD") {
            let wrong = |why: String| PmiError::Variable { name: "PMI_FD", value: value.clone(), why };
            let at = value.trim().parse::<i32>().map_err(|_| wrong("it is no number".into()))?;
            let stream = descriptor::duplicate_inherited(at).map_err(|_| {
                wrong(
                    "that descriptor is not open: a child program of a rank can't be that rank (for a run of its own, start it by \
                     `archi run`, or with ARCHIPELAGO_ALONE=1)"
                        .into(),
                )
            })?;
            // A child program of a rank may have opened something else under that number, which is to be left alone.
            if !descriptor::is_local_stream(&stream) {
                return Err(wrong(
                    "that descriptor is no launcher's socket: a child program of a rank can't be that rank"
                        .into(),
                ));
            }
            inherited = Some(at);
            Client::on(stream, number("PMI_RANK")?, number("PMI_SIZE")?)
        } else if let Some(value) = variable("PMI_PORT") {
            let wrong = |why: String| PmiError::Variable { name: "PMI_PORT", value: value.clone(), why };
            let stream = TcpStream::connect(value.trim()).map_err(|error| wrong(error.to_string()))?;
            let mut client = Client::on(stream.into(), 0, 1);
            let line = client.ask("initack", &format!(" pmiid={}", number("PMI_ID")?), "initack")?;
            drop(line);
            // Three lines of the launcher's own follow.
            for name in ["size", "rank", "debug"] {
                let line = client.hear("initack")?;
                let value = Line::parse(&line).ok().filter(|line| line.command == "set");
                let value = value.and_then(|line| line.number(name));
                match (name, value.and_then(|value| u32::try_from(value).ok())) {
                    ("size", Some(size)) => client.size = size,
                    ("rank", Some(rank)) => client.rank = rank,
                    ("debug", _) => {}
                    _ => return Err(answer("initack", &line)),
                }
            }
            client
        } else {
            return Ok(None);
        };
        if client.rank >= client.size || client.size > SIZE_MAX {
            let value = format!("{} of {}", client.rank, client.size);
            return Err(PmiError::Variable { name: "PMI_RANK", value, why: "there is no such rank".into() });
        }
        client.begin()?;
        // Programs that are started from here are not this rank.
        inherited.into_iter().for_each(descriptor::close_on_exec);
        Ok(Some(client))
    }

    fn on(stream: OwnedFd, rank: u32, size: u32) -> Client {
        Client { stream, bytes: Vec::new(), rank, size, space: String::new(), value_bytes_max: 0 }
    }

    fn begin(&mut self) -> Result<(), PmiError> {
        self.say("cmd=init pmi_version=1 pmi_subversion=1\n")?;
        if !os::poll::has_input_within(&self.stream, ANSWER_TIME) {
            let answer = format!("nothing within {} s", ANSWER_TIME.as_secs());
            return Err(PmiError::Answer { question: "init", answer });
        }
        let line = self.answered("init", "response_to_init")?;
        let version = Line::parse(&line).ok().and_then(|line| line.number("pmi_version"));
        if version.is_some_and(|version| version != 1) {
            return Err(answer("init", &line));
        }
        let line = self.ask("get_maxes", "", "maxes")?;
        let most = Line::parse(&line).ok().and_then(|line| line.number("vallen_max")).unwrap_or(64);
        self.value_bytes_max = (most.max(0) as usize).min(WORD_BYTES_MAX);
        let line = self.ask("get_my_kvsname", "", "my_kvsname")?;
        let space = Line::parse(&line).ok().and_then(|line| line.get("kvsname").map(str::to_owned));
        self.space = space.ok_or_else(|| answer("get_my_kvsname", &line))?;
        Ok(())
    }

    /// Leaves a word for the others: they find it after the next [`barrier`](Client::barrier). Neither key nor value may have spaces.
    ///
    /// # Errors
    /// The launcher refuses it, or is gone.
    pub fn put(&mut self, key: &str, value: &str) -> Result<(), PmiError> {
        if value.len() >= self.value_bytes_max {
            let text = format!("{} bytes for a value, and {} are needed", self.value_bytes_max, value.len());
            return Err(PmiError::Answer { question: "get_maxes", answer: text });
        }
        let words = format!(" kvsname={} key={key} value={value}", self.space);
        self.ask("put", &words, "put_result").map(drop)
    }

    /// The word that another process has left before the last [`barrier`](Client::barrier).
    ///
    /// # Errors
    /// There is none, or the launcher is gone.
    pub fn get(&mut self, key: &str) -> Result<String, PmiError> {
        let line = self.ask("get", &format!(" kvsname={} key={key}", self.space), "get_result")?;
        let value = Line::parse(&line).ok().and_then(|line| line.get("value").map(str::to_owned));
        value.ok_or_else(|| answer("get", &line))
    }

    /// Waits until all processes of the job have come here.
    ///
    /// # Errors
    /// The launcher is gone.
    pub fn barrier(&mut self) -> Result<(), PmiError> {
        self.ask("barrier_in", "", "barrier_out").map(drop)
    }

    /// Which of the programs of the job this process runs, from 0; of a launcher that doesn't say, 0.
    ///
    /// # Errors
    /// The launcher is gone.
    pub fn app(&mut self) -> Result<u32, PmiError> {
        let line = match self.ask("get_appnum", "", "appnum") {
            Err(PmiError::Answer { .. }) => return Ok(0),
            line => line?,
        };
        let number = Line::parse(&line).ok().and_then(|line| line.number("appnum"));
        Ok(number.and_then(|number| u32::try_from(number).ok()).unwrap_or(0))
    }

    /// Says that this process may end.
    ///
    /// # Errors
    /// The launcher is gone.
    pub fn finalize(&mut self) -> Result<(), PmiError> {
        self.ask("finalize", "", "finalize_ack").map(drop)
    }

    /// Ends the whole job. There is no answer.
    pub fn abort(&mut self, code: i32, reason: &str) {
        let reason: String = reason.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
        let _ = self.say(&format!("cmd=abort exitcode={code} message={reason}\n"));
    }

    /// Asks, and hears the answer, which is of this name.
    fn ask(&mut self, question: &'static str, words: &str, name: &str) -> Result<Vec<u8>, PmiError> {
        self.say(&format!("cmd={question}{words}\n"))?;
        self.answered(question, name)
    }

    /// Hears the answer, which is of this name.
    fn answered(&mut self, question: &'static str, name: &str) -> Result<Vec<u8>, PmiError> {
        let line = self.hear(question)?;
        match Line::parse(&line) {
            Ok(parsed) if parsed.command == name && parsed.is_success() => Ok(line),
            _ => Err(answer(question, &line)),
        }
    }

    fn say(&self, text: &str) -> Result<(), PmiError> {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            match descriptor::send(&self.stream, rest) {
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Err(PmiError::Closed),
                Err(error) => return Err(PmiError::Io(error)),
            }
        }
        Ok(())
    }

    /// The next line.
    fn hear(&mut self, question: &'static str) -> Result<Vec<u8>, PmiError> {
        loop {
            if let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') {
                return Ok(self.bytes.drain(..=end).collect());
            }
            if self.bytes.len() > LINE_BYTES_MAX {
                return Err(answer(question, &self.bytes[..64]));
            }
            let mut more = [0; 1024];
            match descriptor::read(&self.stream, &mut more) {
                Ok(0) => return Err(PmiError::Closed),
                Ok(count) => self.bytes.extend_from_slice(&more[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Err(PmiError::Closed),
                Err(error) => return Err(PmiError::Io(error)),
            }
        }
    }
}

fn answer(question: &'static str, line: &[u8]) -> PmiError {
    let text = String::from_utf8_lossy(&line[..line.len().min(200)]);
    PmiError::Answer { question, answer: text.trim_end().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::os::fd::{AsRawFd, IntoRawFd};
    use std::os::unix::net::UnixStream;

    /// A client on one end, whose launcher answers each line by the next of these.
    fn scripted(answers: &'static [&'static str]) -> Result<Option<Client>, PmiError> {
        let (mine, theirs) = UnixStream::pair().unwrap();
        std::thread::spawn(move || {
            let (mut stream, mut byte) = (&theirs, [0]);
            for answer in answers {
                while stream.read(&mut byte).is_ok_and(|count| count == 1) && byte[0] != b'\n' {}
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        let number = mine.into_raw_fd();
        assert!(number > 2);
        Client::open(|name| match name {
            "PMI_FD" => Some(number.to_string()),
            "PMI_RANK" => Some("1".into()),
            "PMI_SIZE" => Some("3".into()),
            _ => None,
        })
    }

    #[test]
    fn a_conversation() {
        let mut client = scripted(&[
            "cmd=response_to_init pmi_version=1 pmi_subversion=1 rc=0\n",
            "cmd=maxes kvsname_max=256 keylen_max=64 vallen_max=1024\n",
            "cmd=my_kvsname kvsname=kvs_7_0\n",
            "cmd=put_result rc=0 msg=success\n",
            "cmd=barrier_out rc=0\n",
            "cmd=get_result rc=0 msg=success value=word\n",
            "cmd=get_result rc=-1 msg=key_word_not_found value=unknown\n",
            "cmd=finalize_ack\n",
        ])
        .unwrap()
        .unwrap();
        assert_eq!((client.rank, client.size, client.space.as_str()), (1, 3, "kvs_7_0"));
        client.put("key", "word").unwrap();
        client.barrier().unwrap();
        assert_eq!(client.get("key").unwrap(), "word");
        assert!(matches!(client.get("other"), Err(PmiError::Answer { question: "get", .. })));
        client.finalize().unwrap();
        assert!(matches!(client.barrier(), Err(PmiError::Closed)));
    }

    #[test]
    fn a_launcher_at_an_address() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let launcher = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = String::new();
            for answer in [
                "cmd=initack\ncmd=set size=4\ncmd=set rank=2\ncmd=set debug=0\n",
                "cmd=response_to_init rc=0 pmi_version=1 pmi_subversion=1\n",
                "cmd=maxes rc=0 kvsname_max=256 keylen_max=64 vallen_max=1024\n",
                "cmd=my_kvsname rc=0 kvsname=k\n",
            ] {
                let mut byte = [0];
                while stream.read(&mut byte).is_ok_and(|count| count == 1) && byte[0] != b'\n' {
                    asked.push(byte[0] as char);
                }
                stream.write_all(answer.as_bytes()).unwrap();
            }
            asked
        });
        let client = Client::open(|name| match name {
            "PMI_PORT" => Some(address.clone()),
            "PMI_ID" => Some("2".into()),
            _ => None,
        });
        let client = client.unwrap().unwrap();
        assert_eq!((client.rank, client.size), (2, 4));
        assert!(launcher.join().unwrap().starts_with("cmd=initack pmiid=2cmd=init pmi_version=1"));
    }

    #[test]
    fn answers_that_are_none() {
        for answers in [
            &["cmd=response_to_init rc=-1\n"][..],
            &["cmd=response_to_init pmi_version=2 pmi_subversion=0 rc=0\n"],
            &["something else\n"],
            &["cmd=response_to_init pmi_version=1 rc=0\n", "cmd=maxes\n", "cmd=my_kvsname\n"],
            &["cmd=response_to_init pmi_version=1 rc=0\n", "cmd=barrier_out\n"],
            &[],
        ] {
            assert!(scripted(answers).is_err(), "{answers:?}");
        }
        static LONG: std::sync::LazyLock<String> =
            std::sync::LazyLock::new(|| "x".repeat(3 * LINE_BYTES_MAX));
        static LONG_ANSWER: std::sync::LazyLock<[&'static str; 1]> =
            std::sync::LazyLock::new(|| [LONG.as_str()]);
        assert!(matches!(scripted(&*LONG_ANSWER), Err(PmiError::Answer { question: "init", .. })));
    }

    #[test]
    fn an_environment_without_a_launcher_or_with_half_of_one() {
        assert!(Client::open(|_| None).unwrap().is_none());
        let (mine, _theirs) = UnixStream::pair().unwrap();
        let open = |rank: &'static str| {
            let number = mine.as_raw_fd().to_string();
            Client::open(move |name| match name {
                "PMI_FD" => Some(number.clone()),
                "PMI_RANK" => Some(rank.into()),
                "PMI_SIZE" => Some("3".into()),
                _ => None,
            })
        };
        for rank in ["3", "-1", "", "x"] {
            assert!(matches!(open(rank), Err(PmiError::Variable { name: "PMI_RANK", .. })), "{rank}");
        }
        let closed =
            Client::open(|name| (name == "PMI_FD").then(|| "987654".into())).unwrap_err().to_string();
        assert!(closed.contains("PMI_FD is \"987654\"") && closed.contains("archi run"), "{closed}");
    }
}
