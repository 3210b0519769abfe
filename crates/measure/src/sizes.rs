//! Lists of sizes, as they are typed.

/// The largest size that can be asked for: 1 GiB.
pub const BYTES_MAX: u64 = 1 << 30;

/// Reads a list such as `8`, `0,8,64K` or `1..4M`: with K, M and G for powers of 1024; a range goes by powers of two from its first
/// size on, up to the last.
///
/// # Errors
/// What is wrong, in words.
///
/// ```
/// use archipelago_measure::sizes::parse;
/// assert_eq!(parse("8,1K..4K").unwrap(), [8, 1024, 2048, 4096]);
/// assert!(parse("4K..1K").is_err());
/// ```
pub fn parse(list: &str) -> Result<Vec<u64>, String> {
    let mut sizes = Vec::new();
    for part in list.split(',') {
        match part.split_once("..") {
            None => sizes.push(size(part)?),
            Some((first, last)) => {
                let (first, last) = (size(first)?, size(last.strip_prefix('=').unwrap_or(last))?);
                if first > last {
                    return Err(format!("{part} is a range without an element: it ends before it begins"));
                }
                if first == 0 {
                    sizes.push(0);
                }
                let doubled = std::iter::successors(Some(first.max(1)), |size| Some(size * 2));
                sizes.extend(doubled.take_while(|size| *size <= last));
            }
        }
    }
    sizes.sort_unstable();
    sizes.dedup();
    Ok(sizes)
}

fn size(text: &str) -> Result<u64, String> {
    let wrong =
        || format!("`{text}` is no size in bytes: 8, 64K and 4M are, and 1..4M is a range by powers of two");
    let digits = text.trim_end_matches(|letter: char| !letter.is_ascii_digit());
    let shift = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" | "B" => 0,
        "K" | "KI" | "KIB" | "KB" => 10,
        "M" | "MI" | "MIB" | "MB" => 20,
        "G" | "GI" | "GIB" | "GB" => 30,
        _ => return Err(wrong()),
    };
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    let size = number.checked_mul(1 << shift).filter(|size| *size <= BYTES_MAX);
    size.ok_or_else(|| format!("{text} is more than the largest size, 1G"))
}

/// A size as it is typed: `8`, `64K`, `4M`.
pub fn spelled(bytes: u64) -> String {
    match bytes {
        _ if bytes > 0 && bytes.is_multiple_of(1 << 30) => format!("{}G", bytes >> 30),
        _ if bytes > 0 && bytes.is_multiple_of(1 << 20) => format!("{}M", bytes >> 20),
        _ if bytes > 0 && bytes.is_multiple_of(1 << 10) => format!("{}K", bytes >> 10),
        _ => bytes.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read() {
        let check = |text: &str, sizes: &[u64]| assert_eq!(parse(text).unwrap(), sizes, "{text}");
        check("8", &[8]);
        check("64k", &[65536]);
        check("0..4", &[0, 1, 2, 4]);
        check("3..20", &[3, 6, 12]);
        check("1M,8,8", &[8, 1 << 20]);
        check("1G", &[1 << 30]);
        assert_eq!(parse("1..4M").unwrap().len(), 23);
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for text in ["", "x", "1..", "..4", "8,,9", "-1", "2G", "99999999999999999999", "1T", "9..8", "1.5K"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_spelled_as_they_are_typed() {
        for text in ["0", "8", "1000", "1K", "64K", "1M", "1G"] {
            assert_eq!(spelled(parse(text).unwrap()[0]), text);
        }
    }
}
