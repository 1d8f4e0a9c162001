//! Characters that show nothing themselves and change what is shown around them.

/// True for what may not stand in a name or sentence of somebody else that is shown among ours: control characters, what
/// ends a line, what turns the reading direction (Unicode TR 36 §2.10). Joiners and marks are letters' business.
#[must_use]
pub fn steers(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
