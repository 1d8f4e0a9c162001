//! Small letters, to search without regard to case.
//!
//! The standard library's tables for every script and for every special case are 25 kB, a thirtieth of the browser's
//! module. Names and purposes here are written in the scripts of Europe, where most capitals follow a rule.

/// The text in small letters: Latin, Greek, Cyrillic and Armenian. Other scripts stay as they are.
pub(crate) fn small_letters(text: &str) -> String {
    text.chars().map(small).collect()
}

fn small(c: char) -> char {
    let code = u32::from(c);
    let small = match code {
        // İ: without its dot a search for "istanbul" finds it.
        0x130 => 0x69,
        0x178 => 0xff,
        0x386 => 0x3ac,
        0x388..=0x38a => code + 37,
        0x38c => 0x3cc,
        0x4c0 => 0x4cf,
        0x38e | 0x38f => code + 63,
        // ς is σ at the end of a word.
        0x3c2 => 0x3c3,
        0x1e9e => 0xdf,
        0x41..=0x5a | 0xc0..=0xd6 | 0xd8..=0xde | 0x391..=0x3a1 | 0x3a3..=0x3ab | 0x410..=0x42f => code + 32,
        0x400..=0x40f => code + 80,
        0x531..=0x556 => code + 48,
        // Pairs, the capital at the even place…
        0x100..=0x137
        | 0x14a..=0x177
        | 0x1de..=0x1ef
        | 0x1f8..=0x21f
        | 0x222..=0x233
        | 0x460..=0x481
        | 0x48a..=0x4bf
        | 0x4d0..=0x52f
        | 0x1e00..=0x1e95
        | 0x1ea0..=0x1eff => code | 1,
        // …or at the odd one.
        0x139..=0x148 | 0x179..=0x17e | 0x1cd..=0x1dc | 0x4c1..=0x4ce => (code + 1) & !1,
        _ => code,
    };
    char::from_u32(small).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_what_unicode_says() {
        let scripts = [
            0..=0x17f,
            0x1cd..=0x1dc,
            0x1de..=0x1ef,
            0x1f8..=0x21f,
            0x222..=0x233,
            0x370..=0x3ce,
        ]
        .into_iter()
        .chain([0x400..=0x556, 0x1e00..=0x1eff])
        .flatten();
        let mut differ = Vec::new();
        for c in scripts.filter_map(char::from_u32) {
            let unicode: String = c.to_lowercase().collect();
            if small_letters(&c.to_string()) != unicode {
                differ.push(c);
            }
        }
        // A letter that loses its dot, archaic letters, and a sign that ends words.
        assert_eq!(differ.iter().collect::<String>(), "İͰͲͶͿς");
    }

    #[test]
    fn leaves_other_scripts_alone() {
        assert_eq!(small_letters("東京 ქართული العربية"), "東京 ქართული العربية");
    }
}
