//! How long data is kept and a consent lasts: ISO 8601 durations.

use std::fmt;

use crate::encoding::record::{self, FromJson, Malformed, ToJson, Value};
use crate::env::Timestamp;

/// An ISO 8601 duration of years, months, weeks, days, hours and minutes (`P30D`, `P1Y6M`, `PT12H`), more than zero
/// and at most a hundred years. There is no way to say "endless".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duration {
    text: String,
    /// Years and months are counted as 365 and 30 days.
    seconds: i64,
}

/// Not an ISO 8601 duration in the accepted range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an ISO 8601 duration such as P30D, of at most a hundred years")]
pub struct BadDuration;

const DAY: i64 = 86_400;

impl Duration {
    /// Reads a duration.
    ///
    /// # Errors
    /// [`BadDuration`].
    pub fn parse(text: &str) -> Result<Self, BadDuration> {
        let rest = text
            .strip_prefix('P')
            .filter(|_| text.len() <= 32)
            .ok_or(BadDuration)?;
        let (date, time) = match rest.split_once('T') {
            Some((_, "")) => return Err(BadDuration),
            Some((date, time)) => (date, time),
            None => (rest, ""),
        };
        let date = sum(
            date,
            &[('Y', 365 * DAY), ('M', 30 * DAY), ('W', 7 * DAY), ('D', DAY)],
        )?;
        let time = sum(time, &[('H', 3600), ('M', 60)])?;
        let seconds = date.checked_add(time).ok_or(BadDuration)?;
        if !(1..=100 * 366 * DAY).contains(&seconds) {
            return Err(BadDuration);
        }
        Ok(Self {
            text: text.to_owned(),
            seconds,
        })
    }

    /// The ISO 8601 form, as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// In seconds; a year is 365 days and a month 30.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.seconds
    }

    /// The moment this long after `start`.
    #[must_use]
    pub fn after(&self, start: Timestamp) -> Timestamp {
        start.plus(self.seconds)
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl serde::Serialize for Duration {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> serde::Deserialize<'de> for Duration {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <String as serde::Deserialize>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl ToJson for Duration {
    fn write_json(&self) -> Value {
        record::text(&self.text)
    }
}

impl FromJson for Duration {
    fn read_json(value: Value) -> Result<Self, Malformed> {
        Self::parse(&String::read_json(value)?).map_err(|_| Malformed("a duration"))
    }
}

/// Adds up `<digits><unit>` pairs; units must come in the given order.
fn sum(mut text: &str, units: &[(char, i64)]) -> Result<i64, BadDuration> {
    let mut total = 0_i64;
    let mut units = units.iter();
    while !text.is_empty() {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let count: i64 = text[..digits].parse().map_err(|_| BadDuration)?;
        let unit = text[digits..].chars().next().ok_or(BadDuration)?;
        let (_, size) = units.find(|(name, _)| *name == unit).ok_or(BadDuration)?;
        total = count
            .checked_mul(*size)
            .and_then(|part| total.checked_add(part))
            .ok_or(BadDuration)?;
        text = &text[digits + 1..];
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_durations() {
        let seconds = |text| Duration::parse(text).map(|d| d.seconds());
        assert_eq!(seconds("P30D"), Ok(30 * DAY));
        assert_eq!(
            seconds("P1Y2M3W4DT5H6M"),
            Ok((365 + 60 + 21 + 4) * DAY + 5 * 3600 + 360)
        );
        assert_eq!(seconds("PT10M"), Ok(600));
        for bad in [
            "",
            "P",
            "PT",
            "30D",
            "P-1D",
            "P0D",
            "P1D2Y",
            "P1.5D",
            "P101Y",
            "P1S",
            "P1DT",
            "P9999999999999999999Y",
            "P1é",
        ] {
            assert_eq!(seconds(bad), Err(BadDuration), "{bad}");
        }
    }
}
