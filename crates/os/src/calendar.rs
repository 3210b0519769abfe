//! The time of day, as text.

/// Now in UTC, as "2026-11-22T16:20:31.123Z".
pub fn utc_text() -> String {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
    text(now.tv_sec, now.tv_nsec as u32 / 1_000_000)
}

fn text(seconds: i64, milliseconds: u32) -> String {
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milliseconds:03}Z")
}

/// The date so many days after 1970-01-01, in the Gregorian calendar. Years begin in March here, so that the leap
/// day is the last one; 400 of them are one cycle of 146,097 days.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468; // from 0000-03-01
    let (cycle, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153; // from March
    let day_of_month = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (cycle * 400 + year + i64::from(month <= 2), month, day_of_month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(text(0, 0), "1970-01-01T00:00:00.000Z");
        assert_eq!(text(951_782_399, 999), "2000-02-28T23:59:59.999Z");
        assert_eq!(text(951_782_400, 0), "2000-02-29T00:00:00.000Z");
        assert_eq!(text(1_709_251_199, 5), "2024-02-29T23:59:59.005Z");
        assert_eq!(text(4_107_542_400, 0), "2100-03-01T00:00:00.000Z");
        assert_eq!(text(-1, 0), "1969-12-31T23:59:59.000Z");
    }

    #[test]
    fn every_day_is_the_day_after_the_one_before() {
        let mut last = date(-1);
        for day in 0..200_000 {
            let next = date(day);
            let same_month = next.0 == last.0 && next.1 == last.1 && next.2 == last.2 + 1;
            assert!(same_month || (next.2 == 1 && last.2 >= 28), "{last:?} {next:?}");
            last = next;
        }
    }
}
