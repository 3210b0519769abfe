//! Matrix Market's exchange format: a line that says what follows, comments, a size, and one number or entry a line.
//!
//! Written from *The Matrix Market Exchange Formats: Initial Design* (Boisvert, Pozo, Remington, NISTIR 5935, 1996).
//! Read and written are array and coordinate files of real, integer and pattern fields, general, symmetric and
//! skew-symmetric. A coordinate that appears twice counts as the sum, as when finite elements are assembled.

use crate::error::Error;
use crate::matrix::{EXACT_MAX, Matrix, checked_size};
use std::fmt;
use std::io::{self, Write};

/// The first bytes of every file.
pub const BANNER: &[u8; 14] = b"%%MatrixMarket";

/// Which elements a file lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// All of them, column by column.
    Array,
    /// Those that are not zero, each with its row and column.
    Coordinate,
}

/// What an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// A floating-point number.
    Real,
    /// A whole number.
    Integer,
    /// One; only its place is written.
    Pattern,
}

/// Which half of a matrix the other half follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symmetry {
    /// None: every element is its own.
    General,
    /// The upper triangle mirrors the lower one, which alone is written.
    Symmetric,
    /// The upper triangle is the negated lower one; the diagonal is zero.
    Skew,
}

/// How a matrix is written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// Which elements are listed.
    pub layout: Layout,
    /// What an element is.
    pub field: Field,
    /// Which half is listed.
    pub symmetry: Symmetry,
}

impl Form {
    /// Every element of a matrix of doubles.
    pub const DENSE: Form = Form { layout: Layout::Array, field: Field::Real, symmetry: Symmetry::General };

    /// The first row that is listed in a column of a dense file, and thus the first that may appear in a sparse one.
    fn first_row(self, column: usize) -> usize {
        match self.symmetry {
            Symmetry::General => 0,
            Symmetry::Symmetric => column,
            Symmetry::Skew => column + 1,
        }
    }
}

/// Reads a whole file.
///
/// # Errors
/// [`Error::Malformed`] with the line that breaks the format, [`Error::Unsupported`] for complex and hermitian
/// matrices, [`Error::TooLarge`] past `elements_max`, [`Error::Unfit`] for integers that no double holds.
pub fn read(bytes: &[u8], elements_max: usize) -> Result<Matrix, Error> {
    let mut lines = Lines { rest: bytes, number: 0 };
    let form = banner(lines.next().unwrap_or(Line { number: 1, bytes: b"" }))?;
    let size = lines.content()?.ok_or_else(|| lines.ended("before the size"))?;
    let numbers = match form.layout {
        Layout::Array => [size.fields::<2>()?[0], size.fields::<2>()?[1], ""],
        Layout::Coordinate => size.fields::<3>()?,
    };
    let (stated_rows, stated_columns) = (size.count(numbers[0])?, size.count(numbers[1])?);
    let (rows, columns) =
        checked_size(stated_rows, stated_columns, elements_max).map_err(|error| size.blame(error))?;
    if form.symmetry != Symmetry::General && rows != columns {
        return Err(size.wrong(format!("a {rows}x{columns} matrix is not square and cannot be symmetric")));
    }
    let matrix = match form.layout {
        Layout::Array => dense(&mut lines, form, rows, columns)?,
        Layout::Coordinate => {
            let entries = size.count(numbers[2])?;
            // The shortest entry is `1 1`; what can't follow is refused before memory is taken for it.
            if entries > lines.rest.len() as u64 {
                return Err(
                    size.wrong(format!("{entries} entries are announced, the file is too short for them"))
                );
            }
            sparse(&mut lines, form, rows, columns, entries)?
        }
    };
    match lines.content()? {
        None => Ok(matrix),
        Some(line) => Err(line.wrong("more elements than announced")),
    }
}

fn banner(line: Line<'_>) -> Result<Form, Error> {
    let text = line.text()?.to_ascii_lowercase();
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let [_, object, layout, field, symmetry] = words[..] else {
        return Err(line.wrong("expected `%%MatrixMarket matrix LAYOUT FIELD SYMMETRY`"));
    };
    if !line.bytes.starts_with(BANNER) || words[0].len() != BANNER.len() {
        return Err(line.wrong("not a Matrix Market file"));
    }
    if object != "matrix" {
        return Err(line
            .blame(Error::Unsupported(format!("the object `{}` is not a matrix", object.escape_default()))));
    }
    let unknown =
        |what: &str, word: &str| line.wrong(format!("{what} `{}` is unknown", word.escape_default()));
    let layout = match layout {
        "array" => Layout::Array,
        "coordinate" => Layout::Coordinate,
        other => return Err(unknown("the layout", other)),
    };
    let field = match field {
        "real" | "double" => Field::Real,
        "integer" => Field::Integer,
        "pattern" => Field::Pattern,
        "complex" => return Err(line.blame(Error::Unsupported("complex matrices are not read".into()))),
        other => return Err(unknown("the field", other)),
    };
    let symmetry = match symmetry {
        "general" => Symmetry::General,
        "symmetric" => Symmetry::Symmetric,
        "skew-symmetric" => Symmetry::Skew,
        "hermitian" => return Err(line.blame(Error::Unsupported("complex matrices are not read".into()))),
        other => return Err(unknown("the symmetry", other)),
    };
    let form = Form { layout, field, symmetry };
    check_form(form).map_err(|error| line.blame(error))?;
    Ok(form)
}

/// Combinations that the format excludes.
fn check_form(form: Form) -> Result<(), Error> {
    let what = match (form.layout, form.field, form.symmetry) {
        (Layout::Array, Field::Pattern, _) => "an array lists values, a pattern has none",
        (_, Field::Pattern, Symmetry::Skew) => "a pattern has no sign and cannot be skew-symmetric",
        _ => return Ok(()),
    };
    Err(Error::Unsupported(what.into()))
}

fn dense(lines: &mut Lines<'_>, form: Form, rows: usize, columns: usize) -> Result<Matrix, Error> {
    let listed: usize = (0..columns).map(|column| rows - form.first_row(column).min(rows)).sum();
    // The shortest element is a digit and a line feed, which the last line may lack.
    if listed > lines.rest.len().div_ceil(2) {
        return Err(lines.ended(&format!("it is too short for {listed} elements")));
    }
    let mut matrix = Matrix::zeros(rows, columns);
    for column in 0..columns {
        for row in form.first_row(column)..rows {
            let line = lines
                .content()?
                .ok_or_else(|| lines.ended(&format!("at row {}, column {}", row + 1, column + 1)))?;
            let [word] = line.fields()?;
            add(&mut matrix, form, row, column, line.value(word, form.field)?);
        }
    }
    Ok(matrix)
}

fn sparse(
    lines: &mut Lines<'_>,
    form: Form,
    rows: usize,
    columns: usize,
    entries: u64,
) -> Result<Matrix, Error> {
    let mut matrix = Matrix::zeros(rows, columns);
    for entry in 0..entries {
        let line =
            lines.content()?.ok_or_else(|| lines.ended(&format!("after {entry} of {entries} entries")))?;
        let [row, column, word] = match form.field {
            Field::Pattern => {
                let [row, column] = line.fields()?;
                [row, column, "1"]
            }
            _ => line.fields()?,
        };
        let (row, column) = (line.index(row, rows, "row")?, line.index(column, columns, "column")?);
        if row < form.first_row(column) {
            return Err(line.wrong("only the lower triangle of such a matrix is listed"));
        }
        add(&mut matrix, form, row, column, line.value(word, form.field)?);
    }
    Ok(matrix)
}

/// Adds a listed value, and what follows from it by symmetry.
fn add(matrix: &mut Matrix, form: Form, row: usize, column: usize, value: f64) {
    let columns = matrix.columns();
    let values = matrix.values_mut();
    sum(&mut values[row * columns + column], value);
    if row != column {
        match form.symmetry {
            Symmetry::General => {}
            Symmetry::Symmetric => sum(&mut values[column * columns + row], value),
            Symmetry::Skew => sum(&mut values[column * columns + row], -value),
        }
    }
}

/// Addition, but the sum of nothing and -0 is -0.
fn sum(total: &mut f64, value: f64) {
    *total = if *total == 0.0 { value } else { *total + value };
}

/// Writes a matrix.
///
/// # Errors
/// [`Error::Unfit`] before anything is written, if the matrix doesn't have the form; [`Error::Output`] if the writer
/// fails.
pub fn write(matrix: &Matrix, form: Form, out: &mut impl Write) -> Result<(), Error> {
    check_form(form)?;
    let unfit = |row: usize, column: usize, why: &str| {
        let (value, row, column) = (matrix.at(row, column), row + 1, column + 1);
        Err(Error::Unfit(format!("{value} at row {row}, column {column} {why}")))
    };
    if form.symmetry != Symmetry::General && matrix.rows() != matrix.columns() {
        return Err(Error::Unfit(format!("{}x{} is not square", matrix.rows(), matrix.columns())));
    }
    for row in 0..matrix.rows() {
        for column in 0..matrix.columns() {
            let value = matrix.at(row, column);
            match form.field {
                Field::Integer if value.fract() != 0.0 || value.abs() > EXACT_MAX => {
                    return unfit(row, column, "is no integer that a double holds exactly");
                }
                Field::Pattern if value != 0.0 && value != 1.0 => {
                    return unfit(row, column, "is no part of a pattern");
                }
                _ => {}
            }
            match form.symmetry {
                Symmetry::Symmetric if matrix.at(column, row) != value => {
                    return unfit(row, column, "has no mirror image");
                }
                Symmetry::Skew if matrix.at(column, row) != -value => {
                    return unfit(row, column, "has no negated image");
                }
                _ => {}
            }
        }
    }
    write_checked(matrix, form, out).map_err(Error::Output)
}

fn write_checked(matrix: &Matrix, form: Form, out: &mut impl Write) -> io::Result<()> {
    let (rows, columns) = (matrix.rows(), matrix.columns());
    let listed = |visit: &mut dyn FnMut(usize, usize) -> io::Result<()>| {
        (0..columns)
            .try_for_each(|column| (form.first_row(column)..rows).try_for_each(|row| visit(row, column)))
    };
    writeln!(out, "%%MatrixMarket matrix {} {} {}", form.layout, form.field, form.symmetry)?;
    match form.layout {
        Layout::Array => {
            writeln!(out, "{rows} {columns}")?;
            listed(&mut |row, column| number(out, form.field, matrix.at(row, column)))
        }
        Layout::Coordinate => {
            let mut entries = 0u64;
            listed(&mut |row, column| {
                entries += u64::from(matrix.at(row, column) != 0.0);
                Ok(())
            })?;
            writeln!(out, "{rows} {columns} {entries}")?;
            listed(&mut |row, column| match matrix.at(row, column) {
                0.0 => Ok(()),
                _ if form.field == Field::Pattern => writeln!(out, "{} {}", row + 1, column + 1),
                value => {
                    write!(out, "{} {} ", row + 1, column + 1)?;
                    number(out, form.field, value)
                }
            })
        }
    }
}

/// The shortest decimal that reads back as the same double.
fn number(out: &mut impl Write, field: Field, value: f64) -> io::Result<()> {
    match field {
        Field::Real => writeln!(out, "{value:e}"),
        Field::Integer | Field::Pattern => writeln!(out, "{}", value as i64),
    }
}

/// The lines of a file, counted.
struct Lines<'a> {
    rest: &'a [u8],
    number: usize,
}

/// One line, without its end.
#[derive(Clone, Copy)]
struct Line<'a> {
    number: usize,
    bytes: &'a [u8],
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Option<Line<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.iter().position(|byte| *byte == b'\n').unwrap_or(self.rest.len());
        let (bytes, rest) = self.rest.split_at(end);
        self.rest = rest.get(1..).unwrap_or_default();
        self.number += 1;
        Some(Line { number: self.number, bytes })
    }

    /// The next line that is neither blank nor a comment.
    fn content(&mut self) -> Result<Option<Line<'a>>, Error> {
        while let Some(line) = self.next() {
            let text = line.text()?.trim_ascii();
            if !text.is_empty() && !text.starts_with('%') {
                return Ok(Some(line));
            }
        }
        Ok(None)
    }

    fn ended(&self, place: &str) -> Error {
        Error::malformed(format!("line {}", self.number), format!("the file ends too early: {place}"))
    }
}

impl<'a> Line<'a> {
    fn text(&self) -> Result<&'a str, Error> {
        std::str::from_utf8(self.bytes).map_err(|_| self.wrong("not text"))
    }

    fn wrong(&self, what: impl Into<String>) -> Error {
        Error::malformed(format!("line {}", self.number), what)
    }

    /// Gives an error that knows no place this one.
    fn blame(&self, error: Error) -> Error {
        match error {
            Error::TooLarge { .. } => error,
            other => Error::Unsupported(format!("line {}: {other}", self.number)),
        }
    }

    fn fields<const COUNT: usize>(&self) -> Result<[&'a str; COUNT], Error> {
        let mut words = self.text()?.split_ascii_whitespace();
        let fields = std::array::from_fn(|_| words.next().unwrap_or_default());
        if fields.iter().any(|word| word.is_empty()) || words.next().is_some() {
            return Err(self.wrong(format!("{COUNT} numbers expected")));
        }
        Ok(fields)
    }

    fn count(&self, word: &str) -> Result<u64, Error> {
        word.parse().map_err(|_| self.wrong(format!("`{}` is not a count", word.escape_default())))
    }

    /// A 1-based index of the file as a 0-based one.
    fn index(&self, word: &str, end: usize, what: &str) -> Result<usize, Error> {
        match word.parse::<usize>() {
            Ok(index) if (1..=end).contains(&index) => Ok(index - 1),
            _ => Err(self.wrong(format!("`{}` is no {what} from 1 to {end}", word.escape_default()))),
        }
    }

    fn value(&self, word: &str, field: Field) -> Result<f64, Error> {
        if field == Field::Real {
            // Fortran writes the exponent of a double with a D.
            let parsed = word.parse().or_else(|_| word.replace(['d', 'D'], "e").parse());
            return parsed.map_err(|_| self.wrong(format!("`{}` is not a number", word.escape_default())));
        }
        let integer: i128 =
            word.parse().map_err(|_| self.wrong(format!("`{}` is not an integer", word.escape_default())))?;
        if integer.unsigned_abs() > EXACT_MAX as u128 {
            let what =
                format!("line {}: the integer {integer} is past 2^53, where doubles have gaps", self.number);
            return Err(Error::Unfit(what));
        }
        Ok(integer as f64)
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Layout::Array => "array",
            Layout::Coordinate => "coordinate",
        })
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Field::Real => "real",
            Field::Integer => "integer",
            Field::Pattern => "pattern",
        })
    }
}

impl fmt::Display for Symmetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Symmetry::General => "general",
            Symmetry::Symmetric => "symmetric",
            Symmetry::Skew => "skew-symmetric",
        })
    }
}
