//! What a person typed, checked and written in one way.

use assent_core::encoding::json::Object;
use assent_core::encoding::record;
use assent_core::env::Timestamp;
use assent_core::error::{Audience, Blame, ErrorCode};

use super::catalogue::{Check, DetailKind, OwnName, Part};
use super::codes;
use super::number::{BadIban, bsn, iban};

/// Why a part of a detail is not accepted. What was typed is never in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DetailError {
    /// Nothing is there.
    #[error("a needed part of the detail is empty")]
    Empty,
    /// Too long.
    #[error("a part of the detail is too long")]
    TooLong,
    /// No such part.
    #[error("this kind of detail has no such part")]
    NoSuchPart,
    /// Not an e-mail address.
    #[error("this is not an e-mail address")]
    Email,
    /// A telephone number without its country.
    #[error("the phone number does not begin with + and the country")]
    PhoneCountry,
    /// Not a telephone number.
    #[error("this is not a phone number")]
    Phone,
    /// Not a web address.
    #[error("this is not a web address")]
    Url,
    /// Not a day.
    #[error("there is no such day")]
    Day,
    /// After today.
    #[error("the day is still to come")]
    DayToCome,
    /// Not a country.
    #[error("this is not the code of a country")]
    Country,
    /// Not a language.
    #[error("this is not the code of a language")]
    Language,
    /// Not an IBAN.
    #[error("this is not an international bank account number")]
    Iban,
    /// An IBAN of the wrong length.
    #[error("the bank account number has too many or too few characters")]
    IbanLength,
    /// A mistyped IBAN.
    #[error("the check digits of the bank account number do not fit")]
    IbanChecksum,
    /// A mistyped citizen service number.
    #[error("this is not a citizen service number")]
    Bsn,
    /// Characters that no such number has.
    #[error("there are characters in it that do not belong in such a number")]
    Code,
    /// Not a postcode.
    #[error("this is not a postcode of that country")]
    Postcode,
    /// None of those that can be chosen.
    #[error("this is none of the possible choices")]
    Choice,
    /// Its own name is missing.
    #[error("the detail needs a name of your own")]
    NoName,
}

impl DetailError {
    const ALL: [Self; 19] = [
        Self::Empty,
        Self::TooLong,
        Self::NoSuchPart,
        Self::Email,
        Self::PhoneCountry,
        Self::Phone,
        Self::Url,
        Self::Day,
        Self::DayToCome,
        Self::Country,
        Self::Language,
        Self::Iban,
        Self::IbanLength,
        Self::IbanChecksum,
        Self::Bsn,
        Self::Code,
        Self::Postcode,
        Self::Choice,
        Self::NoName,
    ];
}

/// What is wrong, in English, by the code that [`crate::app::Reply::DetailSaved`] gives for a part. For shells without texts
/// of their own.
#[must_use]
pub fn problem_text(code: &str) -> Option<String> {
    let found = DetailError::ALL.iter().find(|error| error.code() == code);
    found.map(ToString::to_string)
}

impl ErrorCode for DetailError {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty => "detail-empty",
            Self::TooLong => "detail-too-long",
            Self::NoSuchPart => "detail-no-such-part",
            Self::Email => "detail-email",
            Self::PhoneCountry => "detail-phone-country",
            Self::Phone => "detail-phone",
            Self::Url => "detail-url",
            Self::Day => "detail-day",
            Self::DayToCome => "detail-day-to-come",
            Self::Country => "detail-country",
            Self::Language => "detail-language",
            Self::Iban => "detail-iban",
            Self::IbanLength => "detail-iban-length",
            Self::IbanChecksum => "detail-iban-checksum",
            Self::Bsn => "detail-bsn",
            Self::Code => "detail-code",
            Self::Postcode => "detail-postcode",
            Self::Choice => "detail-choice",
            Self::NoName => "detail-no-name",
        }
    }

    fn blame(&self) -> Blame {
        Blame::Caller
    }

    fn audience(&self) -> Audience {
        Audience::Citizen
    }
}

/// What is wrong with which part; `name` for the person's own name of it.
pub type Problem = (String, DetailError);

/// Part under which problems with the own name are told.
pub const OWN_NAME: &str = "ownName";
/// Most characters of it.
const OWN_NAME_MOST: usize = 80;

/// The parts of a detail of this kind, each in its one form, and its own name.
pub(crate) fn checked(
    kind: &DetailKind,
    parts: &Object,
    own_name: &str,
    now: Timestamp,
) -> Result<(Object, String), Vec<Problem>> {
    let mut problems: Vec<Problem> = Vec::new();
    let mut out = Object::new();
    let given = |part: &str| parts.get(part).and_then(|text| text.as_str()).unwrap_or_default();
    for name in parts.keys() {
        if !kind.parts.iter().any(|part| part.name == name) {
            problems.push((name.clone(), DetailError::NoSuchPart));
        }
    }
    let country = given("country").trim().to_ascii_uppercase();
    for part in kind.parts {
        match one(part, given(part.name), &country, now) {
            Ok(text) if text.is_empty() => {}
            Ok(text) => record::put(&mut out, part.name, record::text(&text)),
            Err(error) => problems.push((part.name.to_owned(), error)),
        }
    }
    let own_name = match kind.own_name {
        OwnName::None => String::new(),
        _ => tidy(own_name, false),
    };
    if own_name.is_empty() && kind.own_name == OwnName::Needed {
        problems.push((OWN_NAME.to_owned(), DetailError::NoName));
    } else if own_name.chars().count() > OWN_NAME_MOST {
        problems.push((OWN_NAME.to_owned(), DetailError::TooLong));
    }
    if problems.is_empty() {
        Ok((out, own_name))
    } else {
        Err(problems)
    }
}

fn one(part: &Part, given: &str, country: &str, now: Timestamp) -> Result<String, DetailError> {
    // Counted before anything is done with it: what comes in may be of any length.
    if given.len() > 4 * part.check.most() {
        return Err(DetailError::TooLong);
    }
    let text = tidy(given, part.check == Check::Lines);
    if text.is_empty() {
        return if part.needed {
            Err(DetailError::Empty)
        } else {
            Ok(text)
        };
    }
    if text.chars().count() > part.check.most() {
        return Err(DetailError::TooLong);
    }
    let given = text.as_str();
    match part.check {
        Check::Line | Check::Lines => Ok(text),
        Check::Email => email(given).then_some(text).ok_or(DetailError::Email),
        Check::Phone => phone(given),
        Check::Url => url(given).ok_or(DetailError::Url),
        Check::PastDay => {
            if !is_day(given) {
                return Err(DetailError::Day);
            }
            // A day further than it is anywhere on Earth now.
            let latest = now.plus(14 * 3600).to_rfc3339().unwrap_or_default();
            if given > latest.get(..10).unwrap_or_default() {
                return Err(DetailError::DayToCome);
            }
            Ok(text)
        }
        Check::Country => {
            let code = given.to_ascii_uppercase();
            codes::is_country(&code)
                .then_some(code)
                .ok_or(DetailError::Country)
        }
        Check::Language => {
            let code = given.to_ascii_lowercase();
            codes::is_language(&code)
                .then_some(code)
                .ok_or(DetailError::Language)
        }
        Check::Iban => iban(given).map_err(|bad| match bad {
            BadIban::Shape => DetailError::Iban,
            BadIban::Length => DetailError::IbanLength,
            BadIban::Checksum => DetailError::IbanChecksum,
        }),
        Check::Bsn => bsn(given).ok_or(DetailError::Bsn),
        Check::Code => {
            let fits = |c: char| is_letter(c) || " -./".contains(c);
            given.chars().all(fits).then_some(text).ok_or(DetailError::Code)
        }
        Check::Postcode => postcode(given, country).ok_or(DetailError::Postcode),
        Check::Choice(options) => options
            .contains(&given)
            .then_some(text)
            .ok_or(DetailError::Choice),
    }
}

/// Without what cannot be seen and turns the reading direction around (Unicode TR 36 §2.10), and without needless
/// spaces. What joins letters (ZWJ, ZWNJ) stays: names are written with it.
fn tidy(text: &str, lines: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let c = match c {
            '\n' if lines => '\n',
            c if c.is_whitespace() => ' ',
            c if c.is_control() => continue,
            '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' => continue,
            '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => {
                continue;
            }
            c => c,
        };
        if c == ' ' && out.ends_with([' ', '\n']) || out.is_empty() && c.is_whitespace() {
            continue;
        }
        if c == '\n' && out.ends_with(' ') {
            out.pop();
        }
        out.push(c);
    }
    out.truncate(out.trim_end().len());
    out
}

/// A letter or digit of any script. What else is beyond ASCII is taken for one: tables of all scripts would cost the
/// browser more than that is worth.
fn is_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || (!c.is_ascii() && !c.is_whitespace())
}

/// A practical subset of RFC 5321: no quoted local parts, no address literals; letters of any script (RFC 6531).
fn email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let in_local = |c: char| is_letter(c) || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let in_label = |c: char| is_letter(c) || c == '-';
    let labels: Vec<&str> = domain.split('.').collect();
    !local.is_empty()
        && local.len() <= 64
        && local.chars().all(in_local)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && labels.len() >= 2
        && labels.iter().all(|label| {
            (1..=63).contains(&label.len())
                && label.chars().all(in_label)
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

/// `+` and 7 to 15 digits (E.164 §6). `00` in front is what many countries dial for `+`; `(0)` after the country is not
/// dialled.
fn phone(text: &str) -> Result<String, DetailError> {
    let text = text.replace("(0)", "");
    let mut number = String::new();
    for c in text.chars() {
        match c {
            '+' if number.is_empty() => number.push('+'),
            ' ' | '-' | '.' | '/' | '(' | ')' => {}
            c if c.is_ascii_digit() => number.push(c),
            _ => return Err(DetailError::Phone),
        }
    }
    if let Some(rest) = number.strip_prefix("00") {
        number = ["+", rest].concat();
    }
    let Some(digits) = number.strip_prefix('+') else {
        return Err(DetailError::PhoneCountry);
    };
    // No country's code begins with 0.
    if !(7..=15).contains(&digits.len()) || digits.starts_with('0') {
        return Err(DetailError::Phone);
    }
    Ok(number)
}

/// http or https, with a host; without a scheme it gets https.
fn url(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let whole = if lower.starts_with("https://") || lower.starts_with("http://") {
        text.to_owned()
    } else if text.contains("://") {
        return None;
    } else {
        ["https://", text].concat()
    };
    let (_, rest) = whole.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    // No name or password in front of the host: it makes one site look like another.
    let good = host.contains('.')
        && !host.starts_with('.')
        && host.chars().all(|c| is_letter(c) || ".-:".contains(c))
        && !rest.contains(char::is_whitespace);
    good.then_some(whole)
}

/// `YYYY-MM-DD` of the Gregorian calendar, from 1850.
fn is_day(text: &str) -> bool {
    let bytes = text.as_bytes();
    let shape = bytes.len() == 10
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let number = |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse::<u32>().ok());
    let (Some(year), Some(month), Some(day), true) = (number(0, 4), number(5, 7), number(8, 10), shape)
    else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    year >= 1850 && (1..=days).contains(&day)
}

/// The Dutch one is checked and written `1234 AB`; of other countries only which characters it has.
fn postcode(text: &str, country: &str) -> Option<String> {
    let text = text.to_ascii_uppercase();
    if country == "NL" {
        let plain: String = text.chars().filter(|c| *c != ' ').collect();
        let (digits, letters) = plain.split_at_checked(4)?;
        let good = digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0')
            && letters.len() == 2
            && letters.bytes().all(|byte| byte.is_ascii_uppercase());
        return good.then(|| [digits, " ", letters].concat());
    }
    let fits = |c: char| is_letter(c) || c == ' ' || c == '-';
    (text.chars().count() <= 12 && text.chars().all(fits)).then_some(text)
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
