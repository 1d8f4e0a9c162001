//! Times as texts. By hand: the formats are two fixed forms, and what reads all of them is a tenth of the browser's module.

use assent_core::env::Timestamp;
use time::{Date, PrimitiveDateTime, Time};

/// RFC 3339 with an offset; fractions of a second are dropped.
pub(super) fn read_rfc3339(text: &str) -> Option<Timestamp> {
    let (seconds, rest) = read_local(text)?;
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => {
            let rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            let digits = fraction.len() - rest.len();
            (1..=9).contains(&digits).then_some(rest)?
        }
        None => rest,
    };
    let offset = match *rest.as_bytes() {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), ref offset @ ..] if offset.len() == 5 && offset.get(2) == Some(&b':') => {
            let (hours, minutes) = (number(rest, 1, 3)?, number(rest, 4, 6)?);
            // RFC 3339 §5.6: time-hour and time-minute.
            let offset = (hours < 24 && minutes < 60).then_some(hours * 3600 + minutes * 60)?;
            if sign == b'-' { -offset } else { offset }
        }
        _ => return None,
    };
    Some(Timestamp(seconds - offset))
}

/// As TS10 writes times: `YYYY-MM-DDTHH:mm:ss`, taken for UTC; one with an offset is read, too.
pub(super) fn read_ts10(text: &str) -> Option<Timestamp> {
    read_rfc3339(text).or_else(|| {
        let (seconds, rest) = read_local(text)?;
        rest.is_empty().then_some(Timestamp(seconds))
    })
}

/// `YYYY-MM-DDTHH:mm:ss` as if it was UTC, and what follows.
fn read_local(text: &str) -> Option<(i64, &str)> {
    let (local, rest) = text.split_at_checked(19)?;
    let marks = [(4, "-"), (7, "-"), (13, ":"), (16, ":")];
    let is_form = marks
        .into_iter()
        .all(|(at, mark)| local.get(at..=at) == Some(mark))
        && matches!(local.get(10..11), Some("T" | "t"));
    if !is_form {
        return None;
    }
    let small = |from, to| u8::try_from(number(local, from, to)?).ok();
    let year = i32::try_from(number(local, 0, 4)?).ok()?;
    let date = Date::from_calendar_date(year, small(5, 7)?.try_into().ok()?, small(8, 10)?).ok()?;
    // A leap second is the last one of its minute.
    let time = Time::from_hms(small(11, 13)?, small(14, 16)?, small(17, 19)?.min(59)).ok()?;
    let is_second = number(local, 17, 19)? <= 60;
    let at = PrimitiveDateTime::new(date, time).assume_utc().unix_timestamp();
    is_second.then_some((at, rest))
}

fn number(text: &str, from: usize, to: usize) -> Option<i64> {
    let digits = text.get(from..to)?;
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_rfc_3339_writes_them() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-11-18T11:06:40Z", 1_795_000_000),
            ("2026-11-18t12:06:40.999+01:00", 1_795_000_000),
            ("2026-11-17T22:36:40-12:30", 1_795_000_000),
            ("2024-02-29T23:59:60z", 1_709_251_199),
        ] {
            assert_eq!(read_rfc3339(text), Some(Timestamp(seconds)), "{text}");
        }
        for at in [0, 1, 951_782_400, 1_795_000_000, 4_102_444_800] {
            let text = Timestamp(at).to_rfc3339().unwrap();
            assert_eq!(read_rfc3339(&text), Some(Timestamp(at)), "{text}");
        }
        for text in [
            "",
            "2026-11-18",
            "2026-11-18T11:06:40",
            "2026-11-18 11:06:40Z",
            "2026-13-18T11:06:40Z",
            "2026-02-30T11:06:40Z",
            "2026-11-18T24:06:40Z",
            "2026-11-18T11:60:40Z",
            "2026-11-18T11:06:61Z",
            "2026-11-18T11:06:4Z",
            "2026-11-18T11:06:40.Z",
            "2026-11-18T11:06:40.0123456789Z",
            "2026-11-18T11:06:40ZZ",
            "2026-11-18T11:06:40+0100",
            "2026-11-18T11:06:40+24:00",
            "2026-11-18T11:06:40+01:60",
            "+026-11-18T11:06:40Z",
            "2026-11-18T11:06:-1Z",
            "２026-11-18T11:06:40Z",
        ] {
            assert_eq!(read_rfc3339(text), None, "{text}");
        }
        assert_eq!(read_ts10("2026-11-18T11:06:40"), Some(Timestamp(1_795_000_000)));
        assert_eq!(read_ts10("2026-11-18T11:06:40Z"), Some(Timestamp(1_795_000_000)));
        assert_eq!(read_ts10("2026-11-18T11:06:40 "), None);
    }
}
