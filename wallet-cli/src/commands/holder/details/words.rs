//! Words for details, in English; and search.

use assent_wallet::app::view::{CardDetail, OwnDetail, Parts};
use assent_wallet::details::{KINDS, kind};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::output::one_line;

/// Name of a kind.
pub fn kind_name(id: &str) -> &str {
    assent_wallet::details::kind_name(id, "en")
}

/// Name of an own detail.
pub fn name(detail: &OwnDetail) -> String {
    let kind = kind_name(&detail.kind);
    match detail.own_name.0.as_str() {
        "" => one_line(kind),
        own => one_line(&format!("{kind} ({own})")),
    }
}

/// Its parts on one line, in the order of the kind.
pub fn text(kind_id: &str, parts: &Parts) -> String {
    let order = |name: &str| {
        let parts = kind(kind_id).map_or(&[][..], |kind| kind.parts);
        parts.iter().position(|part| part.name == name)
    };
    let mut parts: Vec<_> = parts.iter().collect();
    parts.sort_by_key(|(name, _)| order(name));
    let texts: Vec<_> = parts.iter().map(|(_, text)| text.0.as_str()).collect();
    one_line(&texts.join(", "))
}

/// Where a kind stands in the catalogue; unknown ones come last.
pub fn place(id: &str) -> usize {
    KINDS.iter().position(|kind| kind.id == id).unwrap_or(KINDS.len())
}

/// Longest question.
const LONGEST: usize = 100;

/// A question: words that must all be found.
pub struct Question(Vec<String>);

impl Question {
    /// From text; accents and capitals do not matter.
    pub fn new(text: &str) -> Self {
        let text: String = text.chars().take(LONGEST).collect();
        Self(fold(&text).split_whitespace().map(str::to_owned).collect())
    }

    /// Whether an own detail has it in name, value, card or services.
    pub fn finds(&self, detail: &OwnDetail) -> bool {
        let mut texts = vec![name(detail)];
        texts.extend(detail.parts.iter().map(|(_, text)| text.0.clone()));
        texts.extend(
            detail
                .origin
                .iter()
                .flat_map(|origin| [origin.card.clone(), origin.issuer.clone()]),
        );
        texts.extend(detail.holders.iter().map(|holder| holder.service.clone()));
        self.is_in(&texts)
    }

    /// Whether a detail on a card has it.
    pub fn finds_on_card(&self, item: &CardDetail) -> bool {
        let mut texts = vec![item.detail.label.clone(), item.card.clone(), item.issuer.clone()];
        // A portrait is no text.
        texts.extend(Some(item.detail.value.0.clone()).filter(|value| !value.starts_with("data:")));
        texts.extend(item.holders.iter().map(|holder| holder.service.clone()));
        self.is_in(&texts)
    }

    fn is_in(&self, texts: &[String]) -> bool {
        let text = fold(&texts.join("\n"));
        self.0.iter().all(|word| text.contains(word))
    }
}

/// Without accents and case.
fn fold(text: &str) -> String {
    let plain = text.nfkd().filter(|c| !is_combining_mark(*c));
    plain.collect::<String>().to_lowercase().replace('ß', "ss")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_and_capitals_do_not_matter() {
        let question = Question::new("  JOSÉ  strasse ");
        assert!(question.is_in(&["Jose".into(), "Hauptstraße".into()]));
        assert!(!question.is_in(&["Jose".into()]));
        assert!(Question::new("").is_in(&[]));
    }
}
