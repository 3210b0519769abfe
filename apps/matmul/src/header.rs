//! The header of a `.npy` file: a Python dictionary with the keys `descr`, `fortran_order` and `shape`.

use crate::error::Error;

/// Dimensions of an array at most: NumPy's own limit.
const DIMENSIONS_MAX: usize = 64;

/// What a header says.
#[derive(Debug, PartialEq, Eq)]
pub struct Header {
    /// The type of an element, such as `<f8`.
    pub descr: String,
    /// Column by column instead of row by row.
    pub fortran_order: bool,
    /// One length per dimension.
    pub shape: Vec<u64>,
}

impl Header {
    /// Reads a header's text: each key once, in any order, as Python would write it.
    pub fn parse(bytes: &[u8]) -> Result<Header, Error> {
        let text = std::str::from_utf8(bytes).map_err(|_| wrong("it is not text"))?;
        let mut cursor = Cursor { rest: text };
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        cursor.expect('{')?;
        while !cursor.accept('}') {
            let key = cursor.string()?;
            cursor.expect(':')?;
            let repeated = match key {
                "descr" => descr.replace(cursor.descr()?).is_some(),
                "fortran_order" => fortran_order.replace(cursor.boolean()?).is_some(),
                "shape" => shape.replace(cursor.shape()?).is_some(),
                other => return Err(wrong(format!("the key '{}' is unknown", other.escape_default()))),
            };
            if repeated {
                return Err(wrong(format!("the key '{key}' appears twice")));
            }
            if !cursor.accept(',') {
                cursor.expect('}')?;
                break;
            }
        }
        if !cursor.rest.trim().is_empty() {
            return Err(wrong("something follows the closing brace"));
        }
        match (descr, fortran_order, shape) {
            (Some(descr), Some(fortran_order), Some(shape)) => Ok(Header { descr, fortran_order, shape }),
            (None, ..) => Err(wrong("the key 'descr' is missing")),
            (_, None, _) => Err(wrong("the key 'fortran_order' is missing")),
            (.., None) => Err(wrong("the key 'shape' is missing")),
        }
    }
}

fn wrong(what: impl Into<String>) -> Error {
    Error::malformed("in the header", what)
}

/// What is left of the text.
struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    fn accept(&mut self, mark: char) -> bool {
        let trimmed = self.rest.trim_start();
        match trimmed.strip_prefix(mark) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, mark: char) -> Result<(), Error> {
        if self.accept(mark) { Ok(()) } else { Err(wrong(format!("`{mark}` expected"))) }
    }

    fn string(&mut self) -> Result<&'a str, Error> {
        for quote in ['\'', '"'] {
            if self.accept(quote) {
                let (text, rest) = self.rest.split_once(quote).ok_or_else(|| wrong("a string has no end"))?;
                self.rest = rest;
                return Ok(text);
            }
        }
        Err(wrong("a string expected"))
    }

    fn descr(&mut self) -> Result<String, Error> {
        if self.rest.trim_start().starts_with('[') {
            return Err(Error::Unsupported("elements with named fields are not numbers".into()));
        }
        self.string().map(str::to_owned)
    }

    fn boolean(&mut self) -> Result<bool, Error> {
        let trimmed = self.rest.trim_start();
        for (word, value) in [("True", true), ("False", false)] {
            if let Some(rest) = trimmed.strip_prefix(word) {
                self.rest = rest;
                return Ok(value);
            }
        }
        Err(wrong("True or False expected"))
    }

    /// `()`, `(3,)` or `(3, 4)`; a single number without its comma is no tuple in Python.
    fn shape(&mut self) -> Result<Vec<u64>, Error> {
        let mut shape = Vec::new();
        self.expect('(')?;
        while !self.accept(')') {
            if shape.len() == DIMENSIONS_MAX {
                return Err(wrong(format!("more than {DIMENSIONS_MAX} dimensions")));
            }
            shape.push(self.number()?);
            if !self.accept(',') {
                self.expect(')')?;
                if shape.len() == 1 {
                    return Err(wrong("the shape is no tuple"));
                }
                break;
            }
        }
        Ok(shape)
    }

    fn number(&mut self) -> Result<u64, Error> {
        let trimmed = self.rest.trim_start();
        let end = trimmed.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(trimmed.len());
        let (digits, rest) = trimmed.split_at(end);
        self.rest = rest.strip_prefix('L').unwrap_or(rest); // NumPy under Python 2 wrote `3L`
        digits.parse().map_err(|_| wrong(format!("a length expected, not `{}`", digits.escape_default())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read() {
        let check = |text: &str, descr: &str, fortran_order, shape: &[u64]| {
            let header = Header { descr: descr.into(), fortran_order, shape: shape.into() };
            assert_eq!(Header::parse(text.as_bytes()).unwrap(), header, "{text}");
        };
        check("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }   \n", "<f8", false, &[3, 4]);
        check("{\"shape\":(3,),\"descr\":\"|u1\",\"fortran_order\":True}", "|u1", true, &[3]);
        check("{'descr': '<f8', 'fortran_order': False, 'shape': ()}", "<f8", false, &[]);
        check("{'descr': '<i4', 'fortran_order': False, 'shape': (2L, 3L)}", "<i4", false, &[2, 3]);
    }

    #[test]
    fn other_texts_get_one_clear_line() {
        let check = |text: &str, expected: &str| {
            assert_eq!(
                Header::parse(text.as_bytes()).unwrap_err().to_string(),
                format!("in the header: {expected}")
            );
        };
        check("", "`{` expected");
        check("{}", "the key 'descr' is missing");
        check("{'descr': '<f8'}", "the key 'fortran_order' is missing");
        check("{'descr': '<f8', 'fortran_order': True}", "the key 'shape' is missing");
        check("{'descr': '<f8', 'descr': '<f8'}", "the key 'descr' appears twice");
        check("{'color': 'red'}", "the key 'color' is unknown");
        check("{'shape': (3)}", "the shape is no tuple");
        check("{'shape': (-3,)}", "a length expected, not ``");
        check("{'shape': (99999999999999999999,)}", "a length expected, not `99999999999999999999`");
        check("{'fortran_order': 1}", "True or False expected");
        check("{'descr': '<f8", "a string has no end");
        check(
            "{'descr': '<f8', 'fortran_order': True, 'shape': (1,)} x",
            "something follows the closing brace",
        );
    }
}
