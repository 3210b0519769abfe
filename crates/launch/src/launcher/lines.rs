//! Output in whole lines: the lines of many processes, one after the other, none of them torn.

use control::agent::Stream;

/// A line longer than this is passed on in pieces (still nothing else comes between them, see [`Weaver`]).
pub const LINE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Who wrote a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Author {
    /// A process, on one of its streams.
    Process(u32, Stream),
    /// The launcher itself.
    Launcher,
}

/// Collects one author's bytes until a line is whole.
#[derive(Debug, Default)]
pub struct LineBuffer(Vec<u8>);

impl LineBuffer {
    /// Adds bytes; gives everything up to the last line's end, or an overlong piece.
    pub fn push(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') else {
            self.0.extend_from_slice(bytes);
            return (self.0.len() > LINE_BYTES_MAX).then(|| std::mem::take(&mut self.0));
        };
        let mut whole = std::mem::take(&mut self.0);
        whole.extend_from_slice(&bytes[..=end]);
        self.0.extend_from_slice(&bytes[end + 1..]);
        Some(whole)
    }

    /// The beginning of a line that has not ended.
    pub fn take(&mut self) -> Option<Vec<u8>> {
        (!self.0.is_empty()).then(|| std::mem::take(&mut self.0))
    }

    /// Whether a line has begun.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Puts the authors' text together. An author that left a line open keeps it only as long as nobody else has
/// something to say: then the line is ended first.
#[derive(Debug, Default)]
pub struct Weaver {
    open: Option<Author>,
}

impl Weaver {
    /// Appends an author's text to `into`; `label` writes what each line begins with.
    pub fn weave(&mut self, author: Author, text: &[u8], label: impl Fn(&mut Vec<u8>), into: &mut Vec<u8>) {
        if self.open.is_some_and(|open| open != author) {
            into.push(b'\n');
            self.open = None;
        }
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            if self.open.is_none() {
                label(into);
            }
            into.extend_from_slice(line);
            self.open = (!line.ends_with(b"\n")).then_some(author);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Author = Author::Process(0, Stream::Output);
    const B: Author = Author::Process(1, Stream::Output);

    #[track_caller]
    fn check(pieces: &[(Author, &str)], expected: &str) {
        let (mut weaver, mut woven) = (Weaver::default(), Vec::new());
        for (author, text) in pieces {
            let label = |into: &mut Vec<u8>| into.extend_from_slice(if *author == A { b"a:" } else { b"b:" });
            weaver.weave(*author, text.as_bytes(), label, &mut woven);
        }
        assert_eq!(String::from_utf8(woven).unwrap(), expected);
    }

    #[test]
    fn lines_are_labelled_and_never_share_a_line() {
        check(&[(A, "one\ntwo\n"), (B, "three\n")], "a:one\na:two\nb:three\n");
        check(&[(A, "be"), (A, "gun\n"), (B, "x\n")], "a:begun\nb:x\n");
        check(&[(A, "open"), (B, "x\n"), (A, "end\n")], "a:open\nb:x\na:end\n");
        check(&[(A, ""), (B, "\n")], "b:\n");
    }

    #[test]
    fn buffers_give_whole_lines() {
        let mut buffer = LineBuffer::default();
        assert_eq!(buffer.push(b"ab"), None);
        assert_eq!(buffer.push(b"c\nd\ne"), Some(b"abc\nd\n".to_vec()));
        assert!(!buffer.is_empty());
        assert_eq!(buffer.take(), Some(b"e".to_vec()));
        assert_eq!(buffer.take(), None);
        assert!(buffer.push(&vec![b'x'; LINE_BYTES_MAX + 1]).is_some());
    }
}
