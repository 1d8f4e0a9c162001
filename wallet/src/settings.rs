//! The person's settings, kept in the vault.

use assent_core::encoding::record::{FromJson, ToJson};

use crate::records::{Record, Records};

/// Settings.
#[derive(Debug, Clone, ToJson, FromJson)]
pub(crate) struct Settings {
    pub(crate) language: String,
    pub(crate) theme: String,
    pub(crate) auto_lock_minutes: u32,
}

impl Settings {
    pub(crate) const ID: &'static str = "mine";

    /// The settings of the vault; the defaults where there are none that can be read.
    pub(crate) fn of(records: &Records<'_>) -> Self {
        records.get(Self::ID).ok().flatten().unwrap_or_default()
    }

    /// Whether they are values that can be chosen.
    pub(crate) fn is_possible(&self) -> bool {
        let (language, theme) = (Some(self.language.as_str()), Some(self.theme.as_str()));
        self.clone().change(language, theme, Some(self.auto_lock_minutes))
    }

    /// Applies what is given; false when something is not a possible value.
    pub(crate) fn change(
        &mut self,
        language: Option<&str>,
        theme: Option<&str>,
        auto_lock_minutes: Option<u32>,
    ) -> bool {
        let fits = language.is_none_or(|language| ["en", "nl"].contains(&language))
            && theme.is_none_or(|theme| ["system", "light", "dark"].contains(&theme))
            && auto_lock_minutes.is_none_or(|minutes| (1..=60).contains(&minutes));
        if fits {
            language.inspect(|language| self.language = (*language).to_owned());
            theme.inspect(|theme| self.theme = (*theme).to_owned());
            auto_lock_minutes.inspect(|minutes| self.auto_lock_minutes = *minutes);
        }
        fits
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            language: "en".to_owned(),
            theme: "system".to_owned(),
            auto_lock_minutes: 5,
        }
    }
}

impl Record for Settings {
    const KIND: &'static str = "settings";

    fn id(&self) -> &str {
        Self::ID
    }
}
