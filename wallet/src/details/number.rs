//! Numbers that carry their own check.

/// Lengths of the IBANs of the countries and territories of the Single Euro Payments Area (ISO 13616-1 registry).
const LENGTHS: &str = "AD24AT20BE16BG22CH21CY28CZ24DE22DK18EE20ES24FI18FR27GB22GI23GR27HR21HU28IE22IS26IT27LI21LT20LU20LV21MC27MT31NL18NO15PL28PT25RO24SE24SI19SK24SM27VA22";

/// What is wrong with an IBAN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadIban {
    Shape,
    Length,
    Checksum,
}

/// An IBAN without spaces, in capitals.
pub(super) fn iban(text: &str) -> Result<String, BadIban> {
    let iban: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| c.to_ascii_uppercase())
        .collect();
    let bytes = iban.as_bytes();
    let shape = bytes.first_chunk::<4>().is_some_and(|[a, b, c, d]| {
        a.is_ascii_uppercase() && b.is_ascii_uppercase() && c.is_ascii_digit() && d.is_ascii_digit()
    }) && bytes.iter().all(u8::is_ascii_alphanumeric);
    if !shape {
        return Err(BadIban::Shape);
    }
    let (country, rest) = iban.split_at(2);
    let known = (0..LENGTHS.len())
        .step_by(4)
        .filter_map(|at| LENGTHS.get(at..at + 4))
        .find_map(|entry| entry.strip_prefix(country)?.parse::<usize>().ok());
    let right = match known {
        Some(length) => iban.len() == length,
        None => (15..=34).contains(&iban.len()),
    };
    if !right {
        return Err(BadIban::Length);
    }
    // ISO 7064 MOD 97-10 over the account, then the country and the check digits; letters count from 10.
    let (digits, account) = rest.split_at(2);
    let mut remainder = 0;
    for c in account.chars().chain(country.chars()).chain(digits.chars()) {
        let value = c.to_digit(36).unwrap_or_default();
        remainder = (remainder * if value > 9 { 100 } else { 10 } + value) % 97;
    }
    if remainder == 1 {
        Ok(iban)
    } else {
        Err(BadIban::Checksum)
    }
}

/// Nine digits that pass the eleven-test: 9×first … 2×eighth − ninth is divisible by eleven. Eight digits have a zero in
/// front.
pub(super) fn bsn(text: &str) -> Option<String> {
    let mut number: String = text.chars().filter(|c| !" .-".contains(*c)).collect();
    if number.len() == 8 {
        number.insert(0, '0');
    }
    let digits: Vec<u32> = number.chars().filter_map(|c| c.to_digit(10)).collect();
    if number.len() != 9 || digits.len() != 9 || digits.iter().all(|digit| *digit == 0) {
        return None;
    }
    let sum: u32 = digits
        .iter()
        .zip((2..=9).rev())
        .map(|(digit, weight)| digit * weight)
        .sum();
    let last = digits.last().copied().unwrap_or_default();
    (sum % 11 == last).then_some(number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Examples of the IBAN registry.
    #[test]
    fn published_examples() {
        for example in [
            "NL91 ABNA 0417 1643 00",
            "BE68 5390 0754 7034",
            "DE89 3704 0044 0532 0130 00",
            "FR14 2004 1010 0505 0001 3M02 606",
            "GB29 NWBK 6016 1331 9268 19",
            "MT84 MALT 0110 0001 2345 MTLC AST0 01S",
            "NO93 8601 1117 947",
            "BR18 0036 0305 0000 1000 9795 493C 1",
        ] {
            let written = iban(&example.to_lowercase()).unwrap();
            assert_eq!(written, example.replace(' ', ""));
            assert_eq!(iban(&written).unwrap(), written);
        }
        assert_eq!(iban("NL91 ABNA 0417 1643 01"), Err(BadIban::Checksum));
        assert_eq!(iban("NL91 ABNA 0417 1643 0"), Err(BadIban::Length));
        assert_eq!(iban("0417164300"), Err(BadIban::Shape));
        assert_eq!(iban("NL91 ABNA 0417 1643 0é"), Err(BadIban::Shape));
        assert_eq!(iban(""), Err(BadIban::Shape));
    }

    #[test]
    fn eleven_test() {
        // The made-up numbers of the Dutch test persons.
        for good in ["999990019", "999993653", "123456782", "12345672"] {
            assert!(bsn(good).is_some(), "{good}");
        }
        assert_eq!(bsn("1234.56.782").as_deref(), Some("123456782"));
        for bad in ["123456789", "000000000", "12345678x", "1234567", "", "99999001"] {
            assert_eq!(bsn(bad), None, "{bad}");
        }
    }

    proptest! {
        /// ISO 7064 MOD 97-10 finds every single wrong digit or letter, and every swap of two neighbours of a kind.
        #[test]
        fn one_mistake_is_found(at in 4_usize..18, digit in "[0-9]", letter in "[A-Z]", swap in 4_usize..17) {
            let right = "NL91ABNA0417164300";
            let mut wrong = right.to_owned();
            wrong.replace_range(at..=at, if at < 8 { &letter } else { &digit });
            prop_assert!(wrong == right || iban(&wrong) == Err(BadIban::Checksum));
            let mut bytes = right.as_bytes().to_vec();
            bytes.swap(swap, swap + 1);
            let swapped = String::from_utf8(bytes).unwrap();
            prop_assert!(swap == 7 || swapped == right || iban(&swapped) == Err(BadIban::Checksum));
        }

        #[test]
        fn anything_can_be_asked(text in "\\PC{0,60}") {
            let _ = (iban(&text), bsn(&text));
        }
    }
}
