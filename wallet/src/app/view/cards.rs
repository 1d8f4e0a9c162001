//! Cards and offers of cards.

use assent_core::encoding::record::{FromJson, ToJson};

use super::super::ErrorView;
use super::{DetailView, ServiceTrust, Warning};

/// Whether a card can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub enum CardState {
    /// Yes.
    Valid,
    /// Yes, but it ends within 14 days.
    Expiring,
    /// Every copy was used once: sharing again makes the citizen recognisable.
    UsedUp,
    /// Past its end.
    Expired,
    /// The issuer put it on hold.
    Suspended,
    /// The issuer took it back.
    Revoked,
    /// What the vault holds of it cannot be read.
    Unreadable,
}

/// A card in a list.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct CardSummary {
    /// Card id.
    pub id: String,
    /// Name for people, from the issuer.
    pub name: String,
    /// Name of the issuer.
    pub issuer: String,
    /// Credential type, e.g. `urn:eudi:pid:1`.
    pub vct: String,
    /// Whether it can be used.
    pub state: CardState,
    /// End of validity, when it has one.
    pub valid_until: Option<i64>,
    /// Copies not used yet.
    pub copies_left: usize,
    /// Copies received.
    pub copies_total: usize,
    /// True when it is time to fetch new copies.
    pub refresh: bool,
    /// Background colour from the issuer, `#rrggbb`.
    pub colour: Option<String>,
    /// Text colour from the issuer, `#rrggbb`.
    pub text_colour: Option<String>,
    /// What the issuer's logo shows, in words. The picture itself is not fetched: its host would learn of it.
    pub logo_text: Option<String>,
    /// Right after receiving: `copies` when it gave fresh copies to a card that was here, `details` when it also says
    /// something new, nothing for a new card.
    pub renewal: Option<&'static str>,
}

/// A card to choose.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct CardChoice {
    /// Card id.
    pub id: String,
    /// Name for people.
    pub name: String,
}

/// One use of a card.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct CardUse {
    /// Name of the service.
    pub service: String,
    /// When.
    pub at: i64,
    /// History entry.
    pub entry_id: String,
}

/// A card with its details.
#[derive(Debug, Clone, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct CardView {
    /// The card in short.
    pub summary: CardSummary,
    /// Its details, hidden until asked for.
    pub details: Vec<DetailView>,
    /// When it was received.
    pub received_at: i64,
    /// Identifier of the issuer (URL).
    pub issuer_id: String,
    /// Where it was used, newest first.
    pub uses: Vec<CardUse>,
}

/// The code an offer asks for.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct TxCodeView {
    /// True for digits only.
    pub numeric: bool,
    /// Number of characters, when known.
    pub length: Option<usize>,
    /// What the issuer says about it.
    pub description: Option<String>,
}

/// A card on offer.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct OfferedCard {
    /// Credential configuration id.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Credential type.
    pub vct: String,
    /// Names of the details it will hold.
    pub details: Vec<String>,
    /// True when a card of this type from this issuer is here already.
    pub already_here: bool,
}

/// A card that its issuer gives later.
#[derive(Debug, Clone, PartialEq, Eq, ToJson, FromJson)]
#[serde(rename_all = "camelCase")]
pub struct AwaitedCard {
    /// Id of what is awaited, not of the card.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Name of the issuer, as the offer showed it.
    pub issuer: String,
    /// When the issuer can be asked again. `None`: it gives this card no more; offer it again, or forget it.
    pub next_try_at: Option<i64>,
}

/// A card of an offer that does not come.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct FailedCard {
    /// Name for people.
    pub name: String,
    /// Why.
    pub problem: ErrorView,
    /// Whether it can be asked for again while the vault is open: `offerAccept`, until another offer is opened. Else only a
    /// new offer brings it.
    pub again: bool,
}

/// An offer of cards.
#[derive(Debug, Clone, PartialEq, Eq, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct OfferView {
    /// Name of the issuer.
    pub issuer: String,
    /// Identifier of the issuer (URL).
    pub issuer_id: String,
    /// Whether the issuer could be checked. The credentials themselves are always checked.
    pub trust: ServiceTrust,
    /// What is on offer.
    pub cards: Vec<OfferedCard>,
    /// The code to type, when one is asked.
    pub tx_code: Option<TxCodeView>,
    /// Host (and port, if unusual) at which the person will have to sign in; `None` when nobody asks for that.
    pub sign_in: Option<String>,
    /// Things to know.
    pub warnings: Vec<Warning>,
}
