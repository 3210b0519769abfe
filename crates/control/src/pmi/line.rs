//! Lines of PMI-1, taken apart.

/// The most bytes of a line; Hydra's own are shorter.
pub const LINE_BYTES_MAX: usize = 4096;

/// The most fields of a line.
const FIELDS_MAX: usize = 32;

/// A line: `cmd=NAME key=value ...`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// The command.
    pub command: &'a str,
    fields: Vec<(&'a str, &'a str)>,
}

/// A line that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl<'a> Line<'a> {
    /// Takes a line apart, with or without its end. Words without `=` belong to the value before them, as in messages for people.
    ///
    /// # Errors
    /// [`Malformed`]: it is too long, has too many fields, is no text or several lines, or doesn't begin with a command.
    ///
    /// ```
    /// use archipelago_control::pmi::Line;
    ///
    /// let line = Line::parse(b"cmd=maxes kvsname_max=256 keylen_max=64\n").unwrap();
    /// assert_eq!((line.command, line.get("keylen_max")), ("maxes", Some("64")));
    /// ```
    pub fn parse(bytes: &'a [u8]) -> Result<Line<'a>, Malformed> {
        if bytes.len() > LINE_BYTES_MAX {
            return Err(Malformed);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| Malformed)?;
        let text = text.trim_end_matches(['\n', '\r', '\0']);
        if text.contains('\n') {
            return Err(Malformed);
        }
        let mut words = text.split(' ').filter(|word| !word.is_empty());
        let command = words.next().and_then(|word| word.strip_prefix("cmd=")).filter(|name| !name.is_empty());
        let mut line = Line { command: command.ok_or(Malformed)?, fields: Vec::new() };
        for field in words.filter_map(|word| word.split_once('=')) {
            if line.fields.len() == FIELDS_MAX {
                return Err(Malformed);
            }
            line.fields.push(field);
        }
        Ok(line)
    }

    /// The first value of this name.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.fields.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    /// The number of this name, if it is one.
    pub fn number(&self, name: &str) -> Option<i64> {
        self.get(name)?.parse().ok()
    }

    /// Whether it says that what was asked for was done. Some launchers say nothing of it where nothing can fail.
    pub fn is_success(&self) -> bool {
        self.get("rc").is_none_or(|code| code == "0")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_apart() {
        let line = Line::parse(b"cmd=get_result rc=0 msg=success value=a=b-c\n").unwrap();
        assert_eq!((line.command, line.get("value"), line.is_success()), ("get_result", Some("a=b-c"), true));
        let line = Line::parse(b"cmd=get_result rc=-1 msg=key not found\n").unwrap();
        assert_eq!((line.get("msg"), line.number("rc"), line.is_success()), (Some("key"), Some(-1), false));
        assert_eq!(Line::parse(b"cmd=barrier_out\n").unwrap().get("rc"), None);
        for wrong in [
            &b""[..],
            b"\n",
            b"cmd=\n",
            b"mcmd=spawn\n",
            b"cmd=a\nb=c\n",
            b"cmd = init",
            b"\xff\xfe",
            &[b'c'; 5000],
        ] {
            assert_eq!(Line::parse(wrong), Err(Malformed), "{wrong:?}");
        }
        let many = format!("cmd=x {}", "a=b ".repeat(FIELDS_MAX + 1));
        assert_eq!(Line::parse(many.as_bytes()), Err(Malformed));
    }

    /// Whatever comes is taken apart or refused, and what is taken apart is part of what came.
    #[test]
    fn any_bytes_are_a_line_or_none() {
        let pieces = [
            "cmd=",
            "get_result",
            " ",
            "rc=0",
            "=",
            "\n",
            "value=x",
            "\0",
            "é",
            "msg=not found",
            "\t",
            "rc=-1",
        ];
        let mut seed = 0x9e37_79b9_7f4a_7c15u64;
        let mut next = |bound: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % bound
        };
        let (mut taken, mut refused) = (0, 0);
        for _ in 0..20_000 {
            let mut bytes = Vec::new();
            for _ in 0..next(12) {
                match next(6) {
                    0 => bytes.push(next(256) as u8),
                    _ => bytes.extend_from_slice(pieces[next(pieces.len())].as_bytes()),
                }
            }
            match Line::parse(&bytes) {
                Ok(line) => {
                    taken += 1;
                    let text = std::str::from_utf8(&bytes).unwrap();
                    assert!(text.contains(line.command) && !line.command.contains([' ', '\n']));
                    assert!(
                        line.fields.iter().all(|(name, value)| text.contains(&format!("{name}={value}")))
                    );
                    let _ = (line.number("rc"), line.is_success());
                }
                Err(Malformed) => refused += 1,
            }
        }
        assert!(taken > 100 && refused > 100, "{taken} {refused}");
    }
}
