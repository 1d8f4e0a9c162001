//! `application/x-www-form-urlencoded` bodies and query strings.

/// Most parameters in one form or query string. No message of these protocols has half as many; each name is
/// compared with those before it, so a megabyte of short names would otherwise cost minutes.
pub const MAX_PARAMETERS: usize = 100;

/// Encodes pairs as a form body.
#[must_use]
pub fn encode<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        escape(name, &mut out);
        out.push('=');
        escape(value, &mut out);
    }
    out
}

/// `address` with `query` added to the one it has.
#[must_use]
pub fn append(address: &str, query: &str) -> String {
    let join = match address.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&",
    };
    [address, join, query].concat()
}

/// Decodes a form body or query string. `None` for a bad escape, text that is not UTF-8 or has a zero in it, or a repeated name
/// (OAuth 2.0, RFC 6749 §3.1: parameters must not be included more than once), or more than [`MAX_PARAMETERS`].
#[must_use]
pub fn decode(text: &str) -> Option<Vec<(String, String)>> {
    let mut out: Vec<(String, String)> = Vec::new();
    for part in text.split('&').filter(|part| !part.is_empty()) {
        if out.len() == MAX_PARAMETERS {
            return None;
        }
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let (name, value) = (unescape(name)?, unescape(value)?);
        if out.iter().any(|(seen, _)| *seen == name) {
            return None;
        }
        out.push((name, value));
    }
    Some(out)
}

/// The value of `name` in decoded pairs.
#[must_use]
pub fn get<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
}

fn escape(text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => {
                out.push('%');
                out.push(char::from(HEX[usize::from(byte >> 4)]));
                out.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
}

fn unescape(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let high = char::from(bytes.next()?).to_digit(16)?;
                let low = char::from(bytes.next()?).to_digit(16)?;
                out.push(u8::try_from(high * 16 + low).ok()?);
            }
            other => out.push(other),
        }
    }
    // RFC 6749 Appendix A: no parameter has control characters. A zero is more than strange: databases fail on it.
    String::from_utf8(out).ok().filter(|text| !text.contains('\0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_and_refusals() {
        let body = encode([("a b", "ü&="), ("c", "")]);
        assert_eq!(body, "a%20b=%C3%BC%26%3D&c=");
        let pairs = decode(&body).unwrap();
        assert_eq!(get(&pairs, "a b"), Some("ü&="));
        assert_eq!(decode("a=1&a=2"), None);
        assert_eq!(decode("a=%zz"), None);
        assert_eq!(decode("a=%f"), None);
        assert_eq!(decode("a=%ff"), None);
        assert_eq!(decode("a=b%00"), None);
    }

    #[test]
    fn queries_are_added_to_what_is_there() {
        assert_eq!(append("https://a.example", "b=c"), "https://a.example?b=c");
        assert_eq!(append("https://a.example/?", "b=c"), "https://a.example/?b=c");
        assert_eq!(append("https://a.example/?x", "b=c"), "https://a.example/?x&b=c");
    }

    #[test]
    fn the_number_of_parameters_is_bounded() {
        let body = |count: usize| (0..count).map(|n| format!("p{n}=")).collect::<Vec<_>>().join("&");
        assert_eq!(decode(&body(MAX_PARAMETERS)).unwrap().len(), MAX_PARAMETERS);
        assert_eq!(decode(&body(MAX_PARAMETERS + 1)), None);
    }
}
