//! What a command answers.

use assent_core::encoding::record::ToJson;

use super::view::{
    AwaitedCard, CardDetail, CardSummary, CardView, DetailVersion, DeviceView, DocumentView, EntrySummary,
    EntryView, FailedCard, HomeView, MethodView, OfferView, OwnDetail, PairingView, PasskeyQuestion,
    PointQuestion, ReceiptView, RecognisabilityView, RequestView, ResultView, SecretText, SecretValue,
    SettingsView, SharingView, StatusView, UploadView,
};

/// The answer to one command. In JSON: an object whose `type` is the reply's name in camelCase.
#[derive(Debug, Clone, ToJson)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Reply {
    /// State of the vault.
    Status {
        /// The state.
        status: StatusView,
    },
    /// A vault was made in memory and waits for `confirmRecovery`.
    VaultCreated {
        /// The recovery code, nine groups of four characters.
        recovery_code: Vec<SecretText>,
        /// Where the vault will live: what another device needs to open it.
        vault_address: String,
    },
    /// What to ask passkeys and this device's own key.
    UnlockQuestions {
        /// For `prf.evalByCredential`.
        passkeys: Vec<PasskeyQuestion>,
        /// For each device's own key.
        devices: Vec<PointQuestion>,
    },
    /// What a passkey is to sign, base64url; absent where the service gives nothing.
    PasskeyChallenge {
        /// The challenge.
        #[serde(skip_serializing_if = "Option::is_none")]
        challenge: Option<String>,
    },
    /// The unlock methods.
    UnlockMethods {
        /// In order of addition.
        methods: Vec<MethodView>,
        /// How many root keys there were.
        epoch: u64,
    },
    /// What to make a passkey with: `prf.eval.first` and `prf.eval.second`, base64url.
    PasskeySalts {
        /// First.
        current: String,
        /// Second.
        next: String,
        /// User handle (WebAuthn Level 3 §4), as text: the vault's id, by which any device finds the vault again.
        user: String,
    },
    /// A recovery code that waits for `confirmNewRecoveryCode`.
    RecoveryCode {
        /// Nine groups of four characters.
        recovery_code: Vec<SecretText>,
    },
    /// The devices that have the vault, this one first.
    Devices {
        /// The devices.
        devices: Vec<DeviceView>,
    },
    /// How far adding a device is.
    Pairing {
        /// The view.
        pairing: PairingView,
    },
    /// The home screen.
    Home {
        /// Its content.
        home: HomeView,
    },
    /// Cards.
    Cards {
        /// In order of receipt.
        cards: Vec<CardSummary>,
        /// Those that their issuers give later.
        awaited: Vec<AwaitedCard>,
        /// Those of an offer that do not come.
        failed: Vec<FailedCard>,
    },
    /// One card.
    Card {
        /// The card.
        card: CardView,
    },
    /// The details.
    Details {
        /// The person's own, in no order; deleted ones among them.
        own: Vec<OwnDetail>,
        /// Those on cards.
        on_cards: Vec<CardDetail>,
        /// How many own ones cannot be read.
        unreadable: usize,
    },
    /// One own detail.
    Detail {
        /// The detail; nothing when it was erased.
        detail: Option<OwnDetail>,
        /// Its versions, in no order.
        versions: Vec<DetailVersion>,
    },
    /// A detail was saved, or not.
    DetailSaved {
        /// Its id.
        id: Option<String>,
        /// Why not: pairs of part (`ownName` for its own name) and code.
        problems: Vec<(String, String)>,
    },
    /// An offer of cards.
    Offer {
        /// The offer.
        offer: OfferView,
    },
    /// The issuer wants the person to sign in first.
    SignIn {
        /// Where: to be opened in a browser, nothing else.
        url: SecretText,
    },
    /// A request for details.
    Request {
        /// The request.
        request: Box<RequestView>,
    },
    /// How recognisable a choice makes the person.
    Recognisability {
        /// The level and its reasons.
        recognisability: RecognisabilityView,
    },
    /// How sharing or refusing ended.
    Result {
        /// The outcome.
        result: ResultView,
    },
    /// History.
    History {
        /// Newest first.
        entries: Vec<EntrySummary>,
    },
    /// One history entry.
    Entry {
        /// The entry.
        entry: EntryView,
    },
    /// One receipt.
    Receipt {
        /// The receipt.
        receipt: ReceiptView,
    },
    /// Active and stopped sharing.
    Sharing {
        /// Active ones first, newest first.
        sharing: Vec<SharingView>,
    },
    /// One sharing.
    SharingItem {
        /// The sharing.
        item: SharingView,
    },
    /// Settings.
    Settings {
        /// The settings.
        settings: SettingsView,
    },
    /// How to listen for news of the vault (server-sent events).
    Listen {
        /// Address of the stream.
        url: String,
        /// Bearer token.
        token: SecretText,
        /// The version that is here; news of it are no news.
        version: u64,
    },
    /// Everything the vault holds, in the clear.
    Contents {
        /// Content of every record, by its name.
        records: SecretValue,
        /// The version of the vault.
        version: u64,
    },
    /// Documents.
    Documents {
        /// In no order; deleted ones, too, as long as they can be brought back.
        documents: Vec<DocumentView>,
        /// Uploads of this device that have not ended.
        uploads: Vec<UploadView>,
    },
    /// One document.
    Document {
        /// The document.
        document: DocumentView,
    },
    /// An upload that can begin or go on.
    Upload {
        /// The upload.
        upload: UploadView,
    },
    /// What of an upload is to be sent.
    Missing {
        /// Numbers of the pieces.
        missing: Vec<usize>,
    },
    /// Room for documents at the vault service; unknown when it does not say.
    Room {
        /// Bytes, sealed, of all together.
        bytes: Option<u64>,
        /// How many files.
        files: Option<u64>,
        /// Bytes, sealed, of one.
        file_bytes: Option<u64>,
    },
    /// What the vault service told, as it told it.
    Service {
        /// Its answer.
        answer: SecretValue,
    },
    /// Nothing to tell.
    Done,
}
