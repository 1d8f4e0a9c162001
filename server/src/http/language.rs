//! In which language a page of ours speaks.

use axum::http::{HeaderMap, header};

/// The languages of our pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    /// English, also when nothing we speak is wanted.
    #[default]
    English,
    /// Dutch.
    Dutch,
}

impl Language {
    /// What the reader prefers of what we speak (RFC 9110 §12.5.4).
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let mut best = (Self::English, 0_u32);
        let wanted = headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok());
        for entry in wanted.unwrap_or_default().split(',').take(32) {
            let (range, rest) = entry.split_once(';').unwrap_or((entry, ""));
            let primary = range.trim().split('-').next().unwrap_or_default();
            let language = match primary {
                "en" | "EN" => Self::English,
                "nl" | "NL" => Self::Dutch,
                _ => continue,
            };
            let weight = match rest.trim().strip_prefix("q=") {
                Some(q) => thousandths(q),
                None => 1000,
            };
            // The first of equals wins.
            if weight > best.1 {
                best = (language, weight);
            }
        }
        best.0
    }

    /// Its BCP 47 tag.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Dutch => "nl",
        }
    }
}

/// A weight (`0.8`) in thousandths; 0 for anything else.
fn thousandths(q: &str) -> u32 {
    q.trim()
        .parse::<f32>()
        .ok()
        .filter(|weight| (0.0..=1.0).contains(weight))
        .map_or(0, |weight| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "from 0 to 1000"
            )]
            let whole = (weight * 1000.0) as u32;
            whole
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readers_wish_counts() {
        let of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, text.parse().unwrap());
            Language::of(&headers).tag()
        };
        for (wish, tag) in [
            ("nl", "nl"),
            ("nl-BE,nl;q=0.9,en;q=0.8", "nl"),
            ("en-GB,en;q=0.9,nl;q=0.8", "en"),
            ("fr,nl;q=0.5,en;q=0.4", "nl"),
            ("en;q=0.1, nl;q=0.2", "nl"),
            ("nl;q=0", "en"),
            ("nl;q=7", "en"),
            ("fr, de", "en"),
            ("nlx", "en"),
            (";;;,,,", "en"),
        ] {
            assert_eq!(of(wish), tag, "{wish}");
        }
        assert_eq!(Language::of(&HeaderMap::new()), Language::English);
    }
}
