//! What the sign-in pages say.

use super::error::AuthorizeError;
use crate::http::language::Language;

/// The texts of the page that asks.
pub(super) struct AskTexts {
    pub(super) title: &'static str,
    pub(super) lead: &'static str,
    pub(super) wallet: &'static str,
    pub(super) back_to: &'static str,
    pub(super) here: &'static str,
    pub(super) card: &'static str,
    pub(super) cards: &'static str,
    pub(super) about: &'static str,
    pub(super) made_up: &'static str,
    pub(super) sandbox: &'static str,
    pub(super) not_you: &'static str,
    pub(super) go_on_as: &'static str,
    pub(super) cancel: &'static str,
}

/// The texts of the page that says that it cannot go on.
pub(super) struct RefusedTexts {
    pub(super) title: &'static str,
    pub(super) why: &'static str,
    pub(super) next: &'static str,
}

const ASK: [AskTexts; 2] = [
    AskTexts {
        title: "Sign in to get a card",
        lead: "A wallet asks for a card about you.",
        wallet: "Wallet",
        back_to: "After this you go to",
        here: "this device",
        card: "Card",
        cards: "Cards",
        about: "About",
        made_up: "a person who does not exist",
        sandbox: "This is for trying things out: you are the made-up person. A real issuer asks you to sign in here.",
        not_you: "Did you not begin this in your wallet just now? Then choose Cancel.",
        go_on_as: "Continue as",
        cancel: "Cancel",
    },
    AskTexts {
        title: "Inloggen voor een kaart",
        lead: "Een wallet vraagt een kaart over jou.",
        wallet: "Wallet",
        back_to: "Hierna ga je naar",
        here: "dit apparaat",
        card: "Kaart",
        cards: "Kaarten",
        about: "Over wie",
        made_up: "iemand die niet bestaat",
        sandbox: "Dit is om te proberen: jij bent de verzonnen persoon. Bij een echte uitgever log je hier in.",
        not_you: "Ben je hier niet net zelf in je wallet aan begonnen? Kies dan Annuleren.",
        go_on_as: "Doorgaan als",
        cancel: "Annuleren",
    },
];

const fn index(language: Language) -> usize {
    match language {
        Language::English => 0,
        Language::Dutch => 1,
    }
}

pub(super) fn ask(language: Language) -> &'static AskTexts {
    &ASK[index(language)]
}

pub(super) fn refused(error: AuthorizeError, language: Language) -> RefusedTexts {
    let by = |english: &'static str, dutch: &'static str| [english, dutch][index(language)];
    let again = by(
        "Go back to your wallet and open the offer again.",
        "Ga terug naar je wallet en open het aanbod opnieuw.",
    );
    let (why, next) = match error {
        AuthorizeError::Over => (
            by(
                "This sign-in was used already, or it took too long.",
                "Deze aanmelding is al gebruikt, of het duurde te lang.",
            ),
            by(
                "Is the card not in your wallet? Then open the offer there again.",
                "Staat de kaart niet in je wallet? Open het aanbod daar dan opnieuw.",
            ),
        ),
        AuthorizeError::NotAnnounced => (
            by(
                "The wallet that sent you here did not announce you first.",
                "De wallet die je hierheen stuurde heeft je niet eerst aangekondigd.",
            ),
            by(
                "Go back to your wallet. Perhaps there is a newer version of it.",
                "Ga terug naar je wallet. Misschien is er een nieuwere versie van.",
            ),
        ),
        AuthorizeError::Malformed => (
            by(
                "The address that led you here is not complete.",
                "Het adres waarmee je hier kwam is niet compleet.",
            ),
            again,
        ),
        AuthorizeError::NotOurPage => (
            by(
                "The answer did not come from our own page.",
                "Het antwoord kwam niet van onze eigen pagina.",
            ),
            by(
                "If another site sent you here, close this page.",
                "Stuurde een andere site je hierheen? Sluit dan deze pagina.",
            ),
        ),
    };
    RefusedTexts {
        title: by("You cannot sign in this way", "Zo kun je niet inloggen"),
        why,
        next,
    }
}
