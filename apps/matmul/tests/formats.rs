//! Matrices survive a trip through every form of both formats, and hostile bytes get one clear line.

use matmul::market::{self, Field, Layout, Symmetry};
use matmul::npy::{self, ByteOrder, Element};
use matmul::{Error, Matrix};
use proptest::prelude::*;

const ELEMENTS_MAX: usize = 1 << 16;

fn through_npy(matrix: &Matrix, form: npy::Form) -> Result<Matrix, Error> {
    let mut bytes = Vec::new();
    npy::write(matrix, form, &mut bytes)?;
    npy::read(&bytes, ELEMENTS_MAX)
}

fn through_market(matrix: &Matrix, form: market::Form) -> Result<Matrix, Error> {
    let mut bytes = Vec::new();
    market::write(matrix, form, &mut bytes)?;
    market::read(&bytes, ELEMENTS_MAX)
}

fn same_bits(a: &Matrix, b: &Matrix) -> bool {
    (a.rows(), a.columns()) == (b.rows(), b.columns())
        && a.values()
            .iter()
            .zip(b.values())
            .all(|(a, b)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()))
}

fn without_negative_zeros(mut matrix: Matrix) -> Matrix {
    matrix.values_mut().iter_mut().filter(|value| **value == 0.0).for_each(|value| *value = 0.0);
    matrix
}

fn matrices(values: impl Strategy<Value = f64> + Clone + 'static) -> impl Strategy<Value = Matrix> {
    (1usize..9, 1usize..9).prop_flat_map(move |(rows, columns)| {
        proptest::collection::vec(values.clone(), rows * columns)
            .prop_map(move |values| Matrix::from_values(rows, columns, values))
    })
}

fn npy_forms(elements: &'static [Element]) -> impl Strategy<Value = npy::Form> {
    let bytes = prop_oneof![Just(ByteOrder::Little), Just(ByteOrder::Big)];
    (proptest::sample::select(elements), bytes, any::<bool>(), 1u8..4).prop_map(
        |(element, bytes, fortran_order, version)| npy::Form { element, bytes, fortran_order, version },
    )
}

proptest! {
    #[test]
    fn doubles_survive_npy(matrix in matrices(any::<f64>()), form in npy_forms(&[Element::F64])) {
        prop_assert!(same_bits(&through_npy(&matrix, form).unwrap(), &matrix));
    }

    #[test]
    fn small_integers_survive_every_type(
        matrix in matrices((0i8..=1).prop_map(f64::from)),
        form in npy_forms(&[
            Element::Bool, Element::I8, Element::I16, Element::I32, Element::I64, Element::U8, Element::U16,
            Element::U32, Element::U64, Element::F32, Element::F64,
        ]),
    ) {
        prop_assert!(same_bits(&through_npy(&matrix, form).unwrap(), &matrix));
    }

    #[test]
    fn signed_integers_survive(
        matrix in matrices(any::<i32>().prop_map(f64::from)),
        form in npy_forms(&[Element::I32, Element::I64, Element::F64]),
    ) {
        prop_assert!(same_bits(&through_npy(&matrix, form).unwrap(), &matrix));
    }

    #[test]
    fn doubles_survive_matrix_market(matrix in matrices(any::<f64>()), sparse in any::<bool>()) {
        let layout = if sparse { Layout::Coordinate } else { Layout::Array };
        let form = market::Form { layout, ..market::Form::DENSE };
        let back = through_market(&matrix, form).unwrap();
        // A sparse file doesn't list zeros, so that the sign of a zero is lost.
        let matrix = if sparse { without_negative_zeros(matrix) } else { matrix };
        prop_assert!(same_bits(&back, &matrix));
    }

    #[test]
    fn symmetric_matrices_survive(
        half in proptest::collection::vec(-1000i32..1000, 64), size in 1usize..8,
        skew in any::<bool>(), sparse in any::<bool>(), whole in any::<bool>(),
    ) {
        let mut matrix = Matrix::zeros(size, size);
        for row in 0..size {
            for column in 0..row {
                let value = f64::from(half[row * 8 + column]) * if whole { 1.0 } else { 0.1 };
                matrix.values_mut()[row * size + column] = value;
                matrix.values_mut()[column * size + row] = if skew { -value } else { value };
            }
            matrix.values_mut()[row * size + row] = if skew { 0.0 } else { f64::from(half[row]) };
        }
        let form = market::Form {
            layout: if sparse { Layout::Coordinate } else { Layout::Array },
            field: if whole { Field::Integer } else { Field::Real },
            symmetry: if skew { Symmetry::Skew } else { Symmetry::Symmetric },
        };
        prop_assert_eq!(through_market(&matrix, form).unwrap(), matrix);
    }

    #[test]
    fn patterns_survive(matrix in matrices((0i8..=1).prop_map(f64::from))) {
        let form = market::Form { layout: Layout::Coordinate, field: Field::Pattern, symmetry: Symmetry::General };
        prop_assert_eq!(through_market(&matrix, form).unwrap(), matrix);
    }

    #[test]
    fn any_bytes_end_in_a_matrix_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = npy::read(&bytes, ELEMENTS_MAX);
        let _ = market::read(&bytes, ELEMENTS_MAX);
    }

    #[test]
    fn damaged_files_end_in_a_matrix_or_an_error(
        matrix in matrices(any::<f64>()), at in any::<proptest::sample::Index>(), byte in any::<u8>(),
        cut in any::<proptest::sample::Index>(), form in npy_forms(&[Element::F64]),
    ) {
        let (mut first, mut second) = (Vec::new(), Vec::new());
        npy::write(&matrix, form, &mut first).unwrap();
        market::write(&matrix, market::Form::DENSE, &mut second).unwrap();
        for (bytes, read) in [(first, npy::read as fn(&[u8], usize) -> _), (second, market::read)] {
            let mut damaged: Vec<u8> = bytes.clone();
            damaged[at.index(bytes.len())] = byte;
            let _: Result<Matrix, Error> = read(&damaged, ELEMENTS_MAX);
            let _ = read(&bytes[..cut.index(bytes.len())], ELEMENTS_MAX);
        }
    }
}

#[test]
fn npy_errors_say_what_is_wrong() {
    let check = |bytes: &[u8], expected: &str| {
        assert_eq!(npy::read(bytes, ELEMENTS_MAX).unwrap_err().to_string(), expected);
    };
    let file = |header: &str, body: &[u8]| {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(body);
        bytes
    };
    let header = |descr: &str, shape: &str| {
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}}}")
    };
    check(b"", "at the start: not a .npy file");
    check(b"\x93NUMPY", "at the start: the file ends in its version");
    check(b"\x93NUMPY\x09\x00\x00\x00", "version 9.0 of the .npy format");
    check(b"\x93NUMPY\x01\x00\xff", "at the start: the file ends in the length of its header");
    check(b"\x93NUMPY\x01\x00\xff\x00{", "at the start: the file ends in its header");
    check(
        b"\x93NUMPY\x02\x00\xff\xff\xff\xff",
        "at the start: a header of 4294967295 bytes; 10000 is the limit",
    );
    check(
        &file(&header("<f8", "(2, 2)"), &[0; 31]),
        "after the header: 2x2 elements of 8 bytes are 32 bytes, 31 follow",
    );
    check(
        &file(&header("<f8", "(2, 2)"), &[0; 33]),
        "after the header: 2x2 elements of 8 bytes are 32 bytes, 33 follow",
    );
    check(&file(&header("<c16", "(2, 2)"), &[]), "elements of type '<c16'");
    check(&file(&header("|f8", "(2, 2)"), &[]), "in the header: '|f8' names no byte order");
    check(&file(&header("<f8", "(2, 2, 2)"), &[]), "an array of 3 dimensions is not a matrix");
    check(&file(&header("<f8", "(0, 7)"), &[]), "a 0x7 matrix has no elements");
    check(&file(&header("|b1", "(1, 1)"), &[2]), "among the elements: 2 is no boolean");
    check(
        &file(&header("<f8", "(99999999, 99999999)"), &[]),
        "a 99999999x99999999 matrix has more than 65536 elements, the limit",
    );
    check(
        &file(&header("<f8", "(18446744073709551615, 18446744073709551615)"), &[]),
        "a 18446744073709551615x18446744073709551615 matrix has more than 65536 elements, the limit",
    );
    check(
        &file(&header("<u8", "(1,)"), &[255; 8]),
        "the integer 18446744073709551615 is past 2^53, where doubles have gaps",
    );
}

#[test]
fn matrix_market_errors_say_which_line() {
    let check = |text: &str, expected: &str| {
        assert_eq!(market::read(text.as_bytes(), ELEMENTS_MAX).unwrap_err().to_string(), expected, "{text}");
    };
    let array = "%%MatrixMarket matrix array real general\n";
    let coordinate = "%%MatrixMarket matrix coordinate real general\n";
    let after = |banner: &str, rest: &str| format!("{banner}{rest}");
    check("", "line 1: expected `%%MatrixMarket matrix LAYOUT FIELD SYMMETRY`");
    check("a b c d e\n", "line 1: not a Matrix Market file");
    check("%%MatrixMarket vector array real general\n", "line 1: the object `vector` is not a matrix");
    check("%%MatrixMarket matrix heap real general\n", "line 1: the layout `heap` is unknown");
    check("%%MatrixMarket matrix array octonion general\n", "line 1: the field `octonion` is unknown");
    check("%%MatrixMarket matrix array real cubic\n", "line 1: the symmetry `cubic` is unknown");
    check("%%MatrixMarket matrix array complex general\n", "line 1: complex matrices are not read");
    check(
        "%%MatrixMarket matrix array pattern general\n",
        "line 1: an array lists values, a pattern has none",
    );
    check(array, "line 1: the file ends too early: before the size");
    check(&after(array, "2\n"), "line 2: 2 numbers expected");
    check(&after(array, "2 x\n"), "line 2: `x` is not a count");
    check(&after(array, "0 2\n"), "line 2: a 0x2 matrix has no elements");
    check(&after(array, "999999 999999\n"), "a 999999x999999 matrix has more than 65536 elements, the limit");
    check(&after(array, "9 9\n1\n"), "line 2: the file ends too early: it is too short for 81 elements");
    check(&after(array, "1 2\n1.5\n  \n"), "line 4: the file ends too early: at row 1, column 2");
    check(&after(array, "1 1\n1\n2\n"), "line 4: more elements than announced");
    check(&after(array, "1 1\none\n"), "line 3: `one` is not a number");
    check(
        &after(coordinate, "2 2 999\n1 1 1\n"),
        "line 2: 999 entries are announced, the file is too short for them",
    );
    check(&after(coordinate, "2 2 2\n1 1 1\n"), "line 3: the file ends too early: after 1 of 2 entries");
    check(&after(coordinate, "2 2 1\n0 1 1\n"), "line 3: `0` is no row from 1 to 2");
    check(&after(coordinate, "2 2 1\n1 3 1\n"), "line 3: `3` is no column from 1 to 2");
    check(
        "%%MatrixMarket matrix array real symmetric\n2 3\n",
        "line 2: a 2x3 matrix is not square and cannot be symmetric",
    );
    let skew = "%%MatrixMarket matrix coordinate real skew-symmetric\n2 2 1\n1 1 5\n";
    check(skew, "line 3: only the lower triangle of such a matrix is listed");
    let integer = "%%MatrixMarket matrix array integer general\n1 1\n";
    check(&after(integer, "1.5\n"), "line 3: `1.5` is not an integer");
    check(
        &after(integer, "9007199254740993\n"),
        "line 3: the integer 9007199254740993 is past 2^53, where doubles have gaps",
    );
    let noise = market::read(b"%%MatrixMarket matrix array real general\n\xff\n", ELEMENTS_MAX);
    assert_eq!(noise.unwrap_err().to_string(), "line 2: not text");
}

#[test]
fn matrix_market_reads_what_others_write() {
    let text = "%%MatrixMarket MATRIX Coordinate Real Symmetric\r\n% a comment\r\n\r\n3 3 4\r\n1 1 1.5D+1\n3 1 -2\n2 2 .5\n3 1 1\n";
    let expected = [15.0, 0.0, -1.0, 0.0, 0.5, 0.0, -1.0, 0.0, 0.0];
    assert_eq!(
        market::read(text.as_bytes(), ELEMENTS_MAX).unwrap(),
        Matrix::from_values(3, 3, expected.to_vec())
    );
}

#[test]
fn a_form_that_does_not_fit_is_refused_before_a_byte_is_written() {
    let matrix = Matrix::from_values(2, 2, vec![0.5, 1.0, 2.0, 300.0]);
    let mut out = Vec::new();
    for field in [Field::Integer, Field::Pattern] {
        let form = market::Form { layout: Layout::Coordinate, field, symmetry: Symmetry::General };
        assert!(matches!(market::write(&matrix, form, &mut out), Err(Error::Unfit(_))));
    }
    for symmetry in [Symmetry::Symmetric, Symmetry::Skew] {
        let form = market::Form { symmetry, ..market::Form::DENSE };
        assert!(matches!(market::write(&matrix, form, &mut out), Err(Error::Unfit(_))));
    }
    for element in [Element::Bool, Element::I8, Element::U8, Element::I64] {
        let form = npy::Form { element, ..npy::Form::DOUBLES };
        assert!(matches!(npy::write(&matrix, form, &mut out), Err(Error::Unfit(_))));
    }
    assert!(out.is_empty());
}
