//! Names and colours an issuer gives to itself, its cards and their details.

use serde_json::{Map, Value};

use super::super::offer::insert;
use crate::encoding::fields::{FieldError, Fields, Problem};
use crate::encoding::record::{FromJson, ToJson};
use crate::encoding::steering::steers;

const MAX_DISPLAYS: usize = 64;

/// One entry of a `display` array. Texts are the issuer's own: escape them, and say whose they are.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct Display {
    /// The name to show.
    pub name: Option<String>,
    /// BCP 47 language tag.
    pub locale: Option<String>,
    /// A longer text.
    pub description: Option<String>,
    /// `#rrggbb`.
    pub background_color: Option<String>,
    /// `#rrggbb`.
    pub text_color: Option<String>,
    /// Address of a picture (`https:` or `data:`). Fetching it tells the issuer: see HAIP 1.0 §4.1.
    pub logo_uri: Option<String>,
    /// What the picture shows.
    pub logo_alt_text: Option<String>,
}

impl Display {
    /// An entry with a name for one language.
    #[must_use]
    pub fn named(name: &str, locale: &str) -> Self {
        Self {
            name: Some(name.to_owned()),
            locale: Some(locale.to_owned()),
            ..Self::default()
        }
    }

    /// The entry that fits `language` best: the same language, then one without a language, then the first.
    #[must_use]
    pub fn best<'a>(entries: &'a [Self], language: &str) -> Option<&'a Self> {
        let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let wanted = primary(language);
        let by = |test: &dyn Fn(&Self) -> bool| entries.iter().find(|entry| test(entry));
        by(&|entry| {
            entry
                .locale
                .as_deref()
                .is_some_and(|tag| tag.eq_ignore_ascii_case(language))
        })
        .or_else(|| by(&|entry| entry.locale.as_deref().is_some_and(|tag| primary(tag) == wanted)))
        .or_else(|| by(&|entry| entry.locale.is_none()))
        .or_else(|| entries.first())
    }

    /// Reads a `display` array, when present: non-empty, at most one entry per language (§12.2.4).
    pub(super) fn read_all(fields: &Fields<'_>, name: &str) -> Result<Vec<Self>, FieldError> {
        let Some(list) = fields.opt_list(name, MAX_DISPLAYS)? else {
            return Ok(Vec::new());
        };
        if list.is_empty() {
            return Err(fields.error(name, Problem::WrongType));
        }
        let at = fields.path(name);
        let entries = list
            .iter()
            .map(|entry| Self::read(&Fields::of(entry, &at)?))
            .collect::<Result<Vec<_>, _>>()?;
        let repeated = entries
            .iter()
            .enumerate()
            .any(|(index, entry)| entries[..index].iter().any(|seen| seen.locale == entry.locale));
        if repeated {
            return Err(fields.error(name, Problem::NotAllowed));
        }
        Ok(entries)
    }

    fn read(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let text = |name: &str, max| Ok::<_, FieldError>(fields.opt_text(name, max)?.map(str::to_owned));
        let (mut logo_uri, mut logo_alt_text) = (None, None);
        if let Some(logo) = fields.opt_object("logo")? {
            let at = fields.path("logo");
            let logo = Fields::new(logo, &at);
            logo_uri = logo.opt_text("uri", 256 << 10)?.map(str::to_owned);
            logo_alt_text = logo.opt_text("alt_text", 512)?.map(str::to_owned);
        }
        Ok(Self {
            name: text("name", 512)?.and_then(|name| harmless(&name)),
            locale: text("locale", 35)?,
            description: text("description", 4096)?,
            background_color: text("background_color", 64)?,
            text_color: text("text_color", 64)?,
            logo_uri,
            logo_alt_text,
        })
    }

    /// The JSON form.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut out = Map::new();
        insert(&mut out, "name", self.name.as_deref());
        insert(&mut out, "locale", self.locale.as_deref());
        insert(&mut out, "description", self.description.as_deref());
        insert(&mut out, "background_color", self.background_color.as_deref());
        insert(&mut out, "text_color", self.text_color.as_deref());
        if let Some(uri) = &self.logo_uri {
            let mut logo = Map::new();
            insert(&mut logo, "uri", Some(uri));
            insert(&mut logo, "alt_text", self.logo_alt_text.as_deref());
            out.insert("logo".into(), Value::Object(logo));
        }
        Value::Object(out)
    }

    /// The JSON form of a list; `None` when empty, since an empty `display` is not allowed.
    pub(super) fn all_to_json(entries: &[Self]) -> Option<Value> {
        (!entries.is_empty()).then(|| Value::Array(entries.iter().map(Self::to_json).collect()))
    }
}

/// A name without what turns the reading direction of the sentence it stands in, or ends its line (Unicode TR 36 §2.10).
fn harmless(name: &str) -> Option<String> {
    let name: String = name.chars().filter(|c| !steers(*c)).collect();
    (!name.trim().is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn best_language() {
        let entries = [
            Display::named("Card", "en-GB"),
            Display::named("Kaart", "nl"),
            Display {
                name: Some("?".into()),
                ..Display::default()
            },
        ];
        let name = |language| Display::best(&entries, language).and_then(|d| d.name.as_deref());
        assert_eq!(name("nl-BE"), Some("Kaart"));
        assert_eq!(name("en"), Some("Card"));
        assert_eq!(name("fr"), Some("?"));
        assert_eq!(Display::best(&[], "fr"), None);
    }

    /// Names of strangers stand in sentences of ours, also before anybody is trusted.
    #[test]
    fn names_stay_in_their_place() {
        let read = |name: &str| {
            let display = serde_json::json!({ "display": [{ "name": name }] });
            let object = display.as_object().unwrap();
            let entries = Display::read_all(&Fields::new(object, ""), "display").unwrap();
            entries[0].name.clone()
        };
        assert_eq!(
            read("a\u{202e}b\u{2066}c\nd\u{2029}e\u{9b}f").as_deref(),
            Some("abcdef")
        );
        // Joiners are letters' business: Persian needs them, and so do emoji.
        assert_eq!(
            read("\u{645}\u{6cc}\u{200c}\u{62e}").as_deref(),
            Some("\u{645}\u{6cc}\u{200c}\u{62e}")
        );
        assert_eq!(read("\u{202e} \u{7}"), None);
    }
}
