//! Texts in several languages.

use serde_json::Value;

use crate::encoding::json::Object;
use crate::encoding::record::{FromJson, Malformed, ToJson};
use crate::encoding::steering::steers;
use crate::sorted::Sorted;

const MAX_LANGUAGES: usize = 30;
const MAX_CHARS: usize = 500;

/// One text in one or more languages (BCP 47 tag → text). Never empty; each text is 1–500 characters without
/// control characters. The words are the service's own: escape them and say so.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, ToJson)]
#[serde(transparent)]
pub struct Texts(Sorted<String, String>);

/// Not a text per language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an object of language tags with texts of 1 to {MAX_CHARS} characters")]
pub struct BadTexts;

impl Texts {
    /// From its JSON form: an object of language tags and texts.
    ///
    /// # Errors
    /// [`BadTexts`].
    pub fn from_json(value: &Value) -> Result<Self, BadTexts> {
        let object: &Object = value.as_object().ok_or(BadTexts)?;
        if object.is_empty() || object.len() > MAX_LANGUAGES {
            return Err(BadTexts);
        }
        object
            .iter()
            .map(|(tag, text)| match text.as_str() {
                Some(text) if is_language_tag(tag) && is_text(text) => Ok((tag.clone(), text.to_owned())),
                _ => Err(BadTexts),
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// One text in one language.
    ///
    /// # Errors
    /// [`BadTexts`].
    pub fn one(language: &str, text: &str) -> Result<Self, BadTexts> {
        Self::from_json(&serde_json::json!({ language: text }))
    }

    /// The language and text that fit `language` best: the same tag, the same primary language, English, any.
    #[must_use]
    pub fn best(&self, language: &str) -> (&str, &str) {
        let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let by = |test: &dyn Fn(&str) -> bool| self.0.iter().find(|(tag, _)| test(tag));
        by(&|tag| tag.eq_ignore_ascii_case(language))
            .or_else(|| by(&|tag| primary(tag) == primary(language)))
            .or_else(|| by(&|tag| primary(tag) == "en"))
            .or_else(|| self.0.iter().next())
            .map_or(("", ""), |(tag, text)| (tag, text))
    }
}

impl<'de> serde::Deserialize<'de> for Texts {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_json(&Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl FromJson for Texts {
    fn read_json(value: Value) -> Result<Self, Malformed> {
        Self::from_json(&value).map_err(|_| Malformed("texts by language"))
    }
}

/// True for a plain BCP 47 tag such as `nl` or `nl-BE`.
pub(super) fn is_language_tag(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let primary = parts.next().unwrap_or_default();
    (2..=8).contains(&primary.len())
        && primary.bytes().all(|b| b.is_ascii_alphabetic())
        && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
        && tag.len() <= 35
}

/// True for a text that can be shown: not blank, bounded, nothing that ends a line or turns the direction of what stands around it.
pub(super) fn is_text(text: &str) -> bool {
    !text.trim().is_empty()
        && text.len() <= 4 * MAX_CHARS
        && text.chars().count() <= MAX_CHARS
        && !text.chars().any(steers)
}

/// True for a full date of RFC 3339 §5.6.
pub(super) fn is_date(text: &str) -> bool {
    let fits = |(index, byte): (usize, u8)| match index {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    text.len() == 10 && text.bytes().enumerate().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn best_language() {
        let texts = Texts::from_json(&json!({ "nl": "hallo", "en-GB": "hello", "de": "hallo!" })).unwrap();
        assert_eq!(texts.best("nl-BE"), ("nl", "hallo"));
        assert_eq!(texts.best("fr"), ("en-GB", "hello"));
        assert_eq!(Texts::one("de", "x").unwrap().best("fr"), ("de", "x"));
    }

    #[test]
    fn refusals() {
        for bad in [
            json!({}),
            json!("text"),
            json!({ "e": "x" }),
            json!({ "en_GB": "x" }),
            json!({ "en": "" }),
            json!({ "en": "  " }),
            json!({ "en": 1 }),
            json!({ "en": "a\u{202e}b" }),
            json!({ "en": "a\nb" }),
            json!({ "en": "a\u{2028}b" }),
            json!({ "en": "a\u{2029}b" }),
            json!({ "en": "é".repeat(501) }),
        ] {
            assert_eq!(Texts::from_json(&bad), Err(BadTexts), "{bad}");
        }
    }
}
