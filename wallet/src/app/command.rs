//! What a person, through the app or the command line, can ask of the wallet.

use std::fmt;

use assent_core::encoding::json::Object;
use assent_core::encoding::record::{FromJson, Value};
use assent_core::sorted::Sorted;
use zeroize::Zeroizing;

use super::{Assertion, DeviceAnswer, PasskeyAnswer, Unlock};

/// One command. In JSON: an object whose `type` is the command's name in camelCase.
#[derive(Clone, FromJson)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Command {
    /// Whether there is a vault and whether it is open. Reply: `status`.
    Status,
    /// Makes a vault in memory. Nothing is stored until [`Command::ConfirmRecovery`]. Reply: `vaultCreated`.
    CreateVault {
        /// Passphrase of the first unlock method, at least 10 characters, or…
        #[serde(default)]
        passphrase: Option<Zeroizing<String>>,
        /// …a passkey made with the salts of [`Command::NewPasskey`].
        #[serde(default)]
        passkey: Option<PasskeyAnswer>,
    },
    /// Proves that the recovery code was written down and stores the vault. Reply: `status`.
    ConfirmRecovery {
        /// At least two different groups of the code.
        groups: Vec<RecoveryGroup>,
    },
    /// Opens an existing vault on this device. Reply: `status`.
    OpenVault {
        /// The vault's address, as `vaultCreated` gave it, or its id alone, as passkeys carry it.
        address: String,
        /// Passphrase, or…
        #[serde(default)]
        passphrase: Option<Zeroizing<String>>,
        /// …recovery code.
        #[serde(default)]
        recovery_code: Option<Zeroizing<String>>,
        /// …or a passkey's answers to [`Command::UnlockQuestions`].
        #[serde(default)]
        passkey: Option<PasskeyAnswer>,
        /// …or that of this device's own key.
        #[serde(default)]
        device: Option<DeviceAnswer>,
        /// Leave aside what this device keeps of it: damaged, or no longer to be opened. What waits only here is
        /// lost then.
        #[serde(default)]
        fresh: bool,
    },
    /// Unlocks the vault kept on this device; needs no network. Reply: `status`.
    Unlock {
        /// Passphrase, or…
        #[serde(default)]
        passphrase: Option<Zeroizing<String>>,
        /// …recovery code.
        #[serde(default)]
        recovery_code: Option<Zeroizing<String>>,
        /// …or a passkey's answers to [`Command::UnlockQuestions`].
        #[serde(default)]
        passkey: Option<PasskeyAnswer>,
        /// …or that of this device's own key.
        #[serde(default)]
        device: Option<DeviceAnswer>,
    },
    /// What passkeys and this device's own key must be asked to unlock. Reply: `unlockQuestions`.
    UnlockQuestions {
        /// Of the vault at this address; of the one on this device when absent.
        #[serde(default)]
        address: Option<String>,
        /// What a passkey signed that belongs to the vault at this address.
        #[serde(default)]
        assertion: Option<Assertion>,
    },
    /// What a passkey is to sign, so that the vault service knows it. Reply: `passkeyChallenge`.
    PasskeyChallenge,
    /// The unlock methods. Reply: `unlockMethods`.
    UnlockMethods,
    /// Salts to make a passkey with, before [`Command::CreateVault`] or [`Command::ChangeMethods`]. Reply: `passkeySalts`.
    NewPasskey {
        /// Proof that the person is there; needed when the vault is open.
        #[serde(default)]
        confirm: Option<Unlock>,
    },
    /// Adds, names, replaces or removes an unlock method. What is replaced or removed takes the root key with it: other
    /// devices unlock once more. Reply: `unlockMethods`.
    ChangeMethods {
        /// What to change.
        change: MethodChange,
        /// Proof that the person is there: passphrase, recovery code or passkey. Not needed for a name, nor again for a
        /// new passkey.
        #[serde(default)]
        confirm: Option<Unlock>,
    },
    /// Makes a new recovery code in memory. The old one works until [`Command::ConfirmNewRecoveryCode`]. Reply:
    /// `recoveryCode`.
    NewRecoveryCode {
        /// Proof that the person is there.
        confirm: Unlock,
    },
    /// Proves that the new recovery code was written down, and puts it in the place of the old one. Reply: `unlockMethods`.
    ConfirmNewRecoveryCode {
        /// At least two different groups of the code.
        groups: Vec<RecoveryGroup>,
    },
    /// The devices that have the vault. Reply: `devices`.
    Devices,
    /// This device says that it is here: after opening. Reply: `devices`.
    RegisterDevice {
        /// What it is called until the person calls it something else.
        name: String,
        /// The slot of its own key, when that was made while the vault was open; else it is known from unlocking with it.
        #[serde(default)]
        slot: Option<String>,
    },
    /// Another name. Reply: `devices`.
    RenameDevice {
        /// Id of the device.
        id: String,
        /// What the person calls it.
        name: String,
    },
    /// Removes another device. It takes the root key with it: the others unlock once more. Reply: `devices`.
    RemoveDevice {
        /// Id of the device.
        id: String,
        /// Proof that the person is there.
        confirm: Unlock,
    },
    /// Begins to get a vault from another device. Reply: `pairing`, with the code to show.
    PairStart {
        /// What this device is to be called.
        name: String,
        /// The public half of this device's own key, SEC 1 uncompressed, base64url.
        #[serde(default)]
        public_key: Option<String>,
    },
    /// Begins to give the vault to the device that shows this code. Reply: `pairing`.
    PairScan {
        /// Text of the code.
        code: String,
    },
    /// Sends and waits for what the two devices tell each other, for some seconds. Reply: `pairing`.
    PairNext,
    /// The person says that both devices have the same digits. Reply: `pairing`.
    PairConfirm {
        /// The digits that the new device showed.
        digits: String,
        /// Proof that the person is there, on the device that gives.
        #[serde(default)]
        confirm: Option<Unlock>,
    },
    /// Ends the pairing; the other device is told. Reply: `done`.
    PairCancel,
    /// Signing in to the vault service, which finds a vault and never opens it. Reply: `service`.
    SignIn {
        /// `ways`: how it can be done; `begin` with `id` of a provider: where to go, and what to keep meanwhile; `find` with
        /// `code` and `verifier`: the linked vaults; and of the open vault `list`, `link` with `code` and `verifier`, and
        /// `unlink` with `id`.
        step: String,
        /// Of a provider or a link.
        #[serde(default)]
        id: String,
        /// From the address the browser came back to.
        #[serde(default)]
        code: Zeroizing<String>,
        /// What `begin` gave.
        #[serde(default)]
        verifier: Zeroizing<String>,
    },
    /// Emergency access. Of the open vault: `status`; `stop` what somebody asked for; `remove` it, with `confirm`. And for the
    /// contact, of somebody else's vault: `ask`, with `address` and `code`. Reply: `service`.
    Emergency {
        /// What to do.
        step: String,
        /// Address of the other vault.
        #[serde(default)]
        address: String,
        /// The contact's half, in any grouping and case.
        #[serde(default)]
        code: Zeroizing<String>,
        /// Proof that the person is there.
        #[serde(default)]
        confirm: Option<Unlock>,
    },
    /// Sets emergency access up. Reply: `recoveryCode`, the half for the contact, shown once.
    EmergencySet {
        /// What the citizen calls the contact.
        name: String,
        /// How long the contact waits, in seconds.
        wait_seconds: i64,
        /// Proof that the person is there.
        confirm: Unlock,
    },
    /// Opens somebody else's vault when the wait is over. Reply: `status`.
    EmergencyOpen {
        /// Its address.
        address: String,
        /// The contact's half.
        code: Zeroizing<String>,
    },
    /// Forgets every key and value in memory. Reply: `status`.
    Lock,
    /// Fetches what other devices committed and sends what waits here. Reply: `status`.
    Refresh,
    /// Where and with what the vault service is listened to for news. For the shell, never for a screen. Reply: `listen`.
    Listen,
    /// The home screen. Reply: `home`.
    Home,
    /// All cards. Reply: `cards`.
    Cards,
    /// One card with its details. Reply: `card`.
    Card {
        /// Card id.
        id: String,
    },
    /// Deletes a card and every copy of it. Reply: `cards`.
    RemoveCard {
        /// Card id.
        id: String,
    },
    /// The details: the person's own, and those on cards. Reply: `details`.
    Details,
    /// One own detail with its versions. Reply: `detail`.
    Detail {
        /// Detail id.
        id: String,
    },
    /// Adds an own detail, or changes one. Reply: `detailSaved`.
    SaveDetail {
        /// Detail id; a new one when absent.
        #[serde(default)]
        id: Option<String>,
        /// Its kind, which stays.
        kind: String,
        /// Texts by part.
        parts: Object,
        /// What the person calls it.
        #[serde(default)]
        own_name: String,
        /// The versions that were present when the person began to edit.
        #[serde(default)]
        seen: Vec<String>,
        /// The card that says exactly this.
        #[serde(default)]
        from_card: Option<String>,
    },
    /// Deletes an own detail, or brings back what it was. Reply: `detail`.
    ChangeDetail {
        /// Detail id.
        id: String,
        /// What to do.
        change: DetailChange,
        /// The version that is meant.
        #[serde(default)]
        version: Option<String>,
        /// The versions that were present when the person decided.
        #[serde(default)]
        seen: Vec<String>,
    },
    /// Reads a credential offer. Reply: `offer`.
    OfferOpen {
        /// Link or QR text (`openid-credential-offer://…`, `haip-vci://…` or https).
        link: String,
    },
    /// Receives the cards of the open offer. Reply: `cards`, only the new ones, those that come later, and those that do not
    /// come (this command again asks for those that may still be asked for); or `signIn`, when the issuer wants to see the person
    /// first: then go there, and on with [`Command::OfferReturn`].
    OfferAccept {
        /// Transaction code, when the offer wants one.
        #[serde(default)]
        tx_code: Option<Zeroizing<String>>,
        /// How this app is known to issuers. Needed for an offer with a sign-in.
        #[serde(default)]
        client_id: Option<String>,
        /// Where the issuer sends the person back to. Needed for an offer with a sign-in.
        #[serde(default)]
        redirect_uri: Option<String>,
    },
    /// Receives the cards of an offer after the person signed in at the issuer. Within an hour, on the device that began.
    /// Reply: `cards`.
    OfferReturn {
        /// The address that the person came back with, or its query.
        answer: Zeroizing<String>,
    },
    /// Asks for a card that the issuer gives later. Reply: `cards`: what came, and what still does not.
    FetchAwaited {
        /// Id of the awaited card. Without one all that are due are asked for; then none of them fails the command.
        #[serde(default)]
        id: Option<String>,
    },
    /// Gives up a card that the issuer would give later. Reply: `done`.
    ForgetAwaited {
        /// Id of the awaited card.
        id: String,
    },
    /// Forgets the open offer. Reply: `done`.
    OfferCancel,
    /// Fetches and checks a request for details. Reply: `request`.
    RequestOpen {
        /// Link or QR text (`openid4vp://…`, `haip-vp://…` or https).
        link: String,
        /// True when it was read from another device's screen.
        #[serde(default)]
        scanned: bool,
    },
    /// Shares what the open request needs, and the switches put on. Reply: `result`.
    RequestShare {
        /// `shown` of the request that the person looked at. Anything else that is open now, or that would be sent now,
        /// is refused.
        shown: String,
        /// Ids of the optional sets switched on.
        #[serde(default)]
        optional: Vec<String>,
        /// Card chosen per credential query, where not the proposed one.
        #[serde(default)]
        cards: Sorted<String, String>,
        /// Codes of the warnings the person said to understand.
        #[serde(default)]
        understood: Vec<String>,
    },
    /// How recognisable a choice on the open request would make the person. Reply: `recognisability`.
    RequestWeigh {
        /// Ids of the optional sets switched on.
        #[serde(default)]
        optional: Vec<String>,
        /// Card chosen per credential query, where not the proposed one.
        #[serde(default)]
        cards: Sorted<String, String>,
    },
    /// Refuses the open request. Reply: `result`.
    RequestDecline,
    /// The history, newest first. Reply: `history`.
    History {
        /// Only this service (its stable identifier, as entries give it).
        #[serde(default)]
        service: Option<String>,
        /// Only entries with this text in service, purpose or detail names.
        #[serde(default)]
        text: Option<String>,
    },
    /// One history entry. Reply: `entry`.
    Entry {
        /// Entry id.
        id: String,
    },
    /// Deletes a history entry; a receipt that belongs to it stays. Reply: `done`.
    DeleteEntry {
        /// Entry id.
        id: String,
    },
    /// A receipt with its proofs, checked again now, and its export. Reply: `receipt`.
    Receipt {
        /// Receipt id.
        id: String,
    },
    /// What is being shared now. Reply: `sharing`.
    Sharing,
    /// Withdraws a consent. Reply: `sharingItem`.
    StopSharing {
        /// Sharing id.
        id: String,
        /// Which purposes; all when empty.
        #[serde(default)]
        purposes: Vec<String>,
        /// Also ask the service to erase what it has.
        #[serde(default)]
        ask_erasure: bool,
    },
    /// Sends queued withdrawals again. Reply: `sharing`.
    RetryPending,
    /// All documents, and the uploads of this device that have not ended. Reply: `documents`.
    Documents,
    /// Begins an upload: then each piece is measured in order, declared, sent and finished. Reply: `upload`.
    DocumentBegin {
        /// What to call it.
        name: String,
        /// Media type of the content.
        #[serde(default)]
        media_type: String,
        /// Bytes of the content.
        size: u64,
        /// `card/<id>` or `detail/<id>` it belongs to.
        #[serde(default)]
        about: String,
        /// The document that gets a new version; a new document when empty.
        #[serde(default)]
        replaces: String,
    },
    /// Asks the vault service what of a measured upload is still to be sent. Reply: `missing`.
    DocumentDeclare {
        /// Upload id.
        upload: String,
    },
    /// Makes a document of an upload that was sent whole. Reply: `document`.
    DocumentFinish {
        /// Upload id.
        upload: String,
    },
    /// Gives an upload up, here and at the vault service. Reply: `done`.
    DocumentCancel {
        /// Upload id.
        upload: String,
    },
    /// Changes what is said of a document. Reply: `document`.
    DocumentChange {
        /// Document id.
        id: String,
        /// What to call it.
        name: String,
        /// A note.
        #[serde(default)]
        note: String,
        /// `card/<id>` or `detail/<id>` it belongs to, or empty.
        #[serde(default)]
        about: String,
    },
    /// Deletes a document. It can be brought back for a week, unless it is to be gone at once. Reply: `document`, or
    /// `done` when it is gone.
    DocumentDelete {
        /// Document id.
        id: String,
        /// Gone at once, with its keys.
        #[serde(default)]
        now: bool,
    },
    /// Brings a deleted document back. Reply: `document`.
    DocumentRestore {
        /// Document id.
        id: String,
    },
    /// Makes an earlier version the present one, or removes it with its keys. Reply: `document`.
    DocumentVersion {
        /// Document id.
        id: String,
        /// File id.
        file: String,
        /// Removes it.
        #[serde(default)]
        remove: bool,
    },
    /// How much room the vault service has for documents. Reply: `room`.
    Room,
    /// Begins to bring in a version of a document from a file of another vault, or goes on with it: then as after
    /// [`Command::DocumentBegin`], up to its end. Reply: `upload`, or `done` when the document is here.
    BringDocument {
        /// The document's record in the file, as [`crate::transfer::Incoming::document_record`] gives it.
        record: Zeroizing<String>,
        /// Id of the version, there.
        file: String,
    },
    /// Makes the document of versions that were sent whole. Reply: `document`.
    BringDocumentEnd {
        /// The document's record in the file.
        record: Zeroizing<String>,
        /// Ids of the versions, there.
        files: Vec<String>,
    },
    /// Fetches what other devices changed and sends what waits here. Reply: `status`; when its `awaitedAt` is past, the
    /// shell goes on with [`Command::FetchAwaited`].
    Sync,
    /// The settings. Reply: `settings`.
    Settings,
    /// Changes the given settings. Reply: `settings`.
    SetSettings {
        /// `en` or `nl`.
        #[serde(default)]
        language: Option<String>,
        /// `system`, `light` or `dark`.
        #[serde(default)]
        theme: Option<String>,
        /// Minutes without use until the app locks, 1 to 60.
        #[serde(default)]
        auto_lock_minutes: Option<u32>,
    },
    /// Forgets what this device keeps of the vault; at its service it stays. Reply: `status`.
    ForgetHere,
    /// Deletes the vault at the service and on this device. Reply: `status`.
    DeleteVault,
    /// Everything the vault holds, in the clear, for [`crate::transfer`]. For the shell, never for a screen. Reply: `contents`.
    TakeOut,
    /// Puts records in as they are, all or none of them. From [`crate::transfer`], through the shell. Reply: `done`.
    PutIn {
        /// Content by name, as [`crate::transfer::Plan`] gives it.
        records: Value,
        /// The version of the contents it was made for; when the vault is another one since, nothing is put in.
        version: u64,
    },
}

/// One group of the recovery code, typed again.
#[derive(Clone, FromJson)]
#[serde(rename_all = "camelCase")]
pub struct RecoveryGroup {
    /// Position of the group, from 0.
    pub index: usize,
    /// The four characters.
    pub text: Zeroizing<String>,
}

/// A change of an own detail as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromJson)]
#[serde(rename_all = "camelCase")]
pub enum DetailChange {
    /// Away, and for a time to be brought back.
    Delete,
    /// Back from among the deleted ones.
    Restore,
    /// What it was before the last change.
    Undo,
    /// What the named version said. Settles what two devices said at the same time.
    Take,
    /// The named version, which is past, is forgotten everywhere.
    Forget,
    /// For good: its keys are destroyed. Only for a deleted one.
    Erase,
}

/// A change of the unlock methods. In JSON: an object whose `kind` is the change's name in camelCase.
#[derive(Clone, FromJson)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum MethodChange {
    /// One more passphrase.
    AddPassphrase {
        /// At least 10 characters.
        passphrase: Zeroizing<String>,
        /// What the person calls it.
        #[serde(default)]
        name: String,
    },
    /// Another passphrase in place of one.
    ChangePassphrase {
        /// Id of the method that goes.
        slot: String,
        /// At least 10 characters.
        passphrase: Zeroizing<String>,
    },
    /// A passkey made with the salts of [`Command::NewPasskey`].
    AddPasskey {
        /// Its answers.
        passkey: PasskeyAnswer,
        /// What the person calls it.
        #[serde(default)]
        name: String,
    },
    /// The same passkey on its next salt: what it answered before opens nothing any more.
    RenewPasskey {
        /// Id of the method.
        slot: String,
        /// Its answers to the salts it has now.
        passkey: PasskeyAnswer,
    },
    /// This device's own key.
    AddDevice {
        /// Its public half, SEC 1 uncompressed, base64url.
        public_key: String,
        /// What the person calls it.
        #[serde(default)]
        name: String,
    },
    /// Another name.
    Rename {
        /// Id of the method.
        slot: String,
        /// What the person calls it.
        name: String,
    },
    /// Gone.
    Remove {
        /// Id of the method.
        slot: String,
    },
    /// The same methods and a new root key.
    NewKeys,
}

// Commands carry passphrases, codes and links with one-time secrets: only the name is ever printed.
impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Command(redacted)")
    }
}

impl fmt::Debug for RecoveryGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecoveryGroup")
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for MethodChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MethodChange(redacted)")
    }
}
