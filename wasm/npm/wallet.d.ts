// Types of commands and replies. Times are whole seconds since 1970 (UTC). What the wallet itself says comes as
// codes; the words are the embedding app's.

export type Path = (string | number | null)[];
export type Recognisability = "not_at_all" | "same_visitor" | "as_you";
export type ServiceTrust = "verified" | "asksForMore" | "unverified";
export type Outcome = "shared" | "declined" | "failedBeforeSending" | "refused" | "unknownWhetherReceived";

/** Answers to the salts of `newPasskey` or `unlockQuestions`: WebAuthn extension `prf`. All base64url. */
export interface PasskeyAnswer {
  credentialId: string;
  /** `results.first`. */
  current: string;
  /** `results.second`. */
  next: string;
  /** What it signed in the same ceremony, when the challenge was one of `passkeyChallenge`. */
  assertion?: Assertion;
  /** Of one that was just made: `response.getAuthenticatorData()`. With it the vault service knows the passkey. */
  made?: string;
}

/** What a passkey signed for the vault service (`AuthenticatorAssertionResponse`). All base64url. */
export interface Assertion {
  credentialId: string;
  clientData: string;
  authenticatorData: string;
  signature: string;
}

/** One way to unlock: exactly one member. */
export interface Unlock {
  passphrase?: string;
  recoveryCode?: string;
  passkey?: PasskeyAnswer;
  /** The x coordinate that a device's own P-256 key agrees on with the point of `unlockQuestions`; base64url. */
  device?: { slot: string; agreed: string };
}

export type MethodChange =
  | { kind: "addPassphrase"; passphrase: string; name?: string }
  | { kind: "changePassphrase"; slot: string; passphrase: string }
  | { kind: "addPasskey"; passkey: PasskeyAnswer; name?: string }
  | { kind: "renewPasskey"; slot: string; passkey: PasskeyAnswer }
  | { kind: "addDevice"; publicKey: string; name?: string }
  | { kind: "rename"; slot: string; name: string }
  | { kind: "remove"; slot: string }
  | { kind: "newKeys" };

export interface DocumentFile {
  id: string;
  mediaType: string;
  size: number;
  at: number;
  /** How the device was unlocked that added it. */
  addedWith: string;
  pieceBytes: number;
}

export interface DocumentView {
  id: string;
  name: string;
  note: string;
  /** `card/<id>` or `detail/<id>` it belongs to, or empty. */
  about: string;
  addedAt: number;
  changedAt: number;
  /** When it will be gone for good, if it was deleted. */
  goneAt: number | null;
  /** The present version first. */
  files: DocumentFile[];
}

/** An upload: each of its `pieces` is measured in order, declared, those missing are sent, and it is finished. */
export interface UploadView {
  id: string;
  name: string;
  size: number;
  replaces: string;
  begunAt: number;
  pieces: number;
  measured: number;
  /** Piece `n` holds the bytes from `n * pieceBytes`; those beyond the end are empty. */
  pieceBytes: number;
}

export type Command =
  | { type: "documents" }
  | { type: "documentBegin"; name: string; mediaType?: string; size: number; about?: string; replaces?: string }
  | { type: "documentDeclare" | "documentFinish" | "documentCancel"; upload: string }
  | { type: "documentChange"; id: string; name: string; note?: string; about?: string }
  | { type: "documentDelete"; id: string; now?: boolean }
  | { type: "documentRestore"; id: string }
  | { type: "documentVersion"; id: string; file: string; remove?: boolean }
  | { type: "status" | "lock" | "home" | "cards" | "offerCancel" | "requestDecline" | "sharing" }
  | { type: "retryPending" | "sync" | "settings" | "forgetHere" | "deleteVault" }
  | { type: "newPasskey"; confirm?: Unlock }
  | { type: "devices" }
  | { type: "registerDevice"; name: string; slot?: string }
  | { type: "renameDevice"; id: string; name: string }
  | { type: "removeDevice"; id: string; confirm: Unlock }
  /** Adding a device (specs/formats/pairing.md): ask `pairNext` again until there is something to show. */
  | { type: "pairStart"; name: string; publicKey?: string }
  | { type: "pairScan"; code: string }
  | { type: "pairNext" | "pairCancel" }
  | { type: "pairConfirm"; digits: string; confirm?: Unlock }
  | { type: "createVault"; passphrase?: string; passkey?: PasskeyAnswer }
  | { type: "confirmRecovery"; groups: { index: number; text: string }[] }
  | ({ type: "openVault"; address: string; fresh?: boolean } & Unlock)
  | ({ type: "unlock" } & Unlock)
  | { type: "unlockQuestions"; address?: string; assertion?: Assertion }
  | { type: "passkeyChallenge" }
  | { type: "unlockMethods" }
  | { type: "changeMethods"; change: MethodChange; confirm?: Unlock }
  | { type: "newRecoveryCode"; confirm: Unlock }
  | { type: "confirmNewRecoveryCode"; groups: { index: number; text: string }[] }
  | { type: "details" }
  | { type: "detail"; id: string }
  | {
      type: "saveDetail";
      /** A new one when absent. */
      id?: string;
      kind: string;
      /** Texts by part, as specs/formats/details.md names them. */
      parts: Record<string, string>;
      ownName?: string;
      /** The versions that were present when the person began to edit. */
      seen?: string[];
      /** The card that says exactly this. */
      fromCard?: string;
    }
  | { type: "changeDetail"; id: string; change: DetailChange; version?: string; seen?: string[] }
  | { type: "card" | "removeCard" | "entry" | "deleteEntry" | "receipt"; id: string }
  | { type: "offerOpen"; link: string }
  /** `clientId` and `redirectUri` for offers with `signIn`: how the app is known to issuers, where they send people back to. */
  | { type: "offerAccept"; txCode?: string; clientId?: string; redirectUri?: string }
  /** `answer`: the address that the person came back with after signing in. */
  | { type: "offerReturn"; answer: string }
  /** Without `id` all that are due are asked for; then none of them fails the command. */
  | { type: "fetchAwaited"; id?: string }
  | { type: "forgetAwaited"; id: string }
  | { type: "requestOpen"; link: string; scanned?: boolean }
  | { type: "requestShare"; shown: string; optional?: string[]; cards?: Record<string, string>; understood?: string[] }
  | { type: "requestWeigh"; optional?: string[]; cards?: Record<string, string> }
  | { type: "history"; service?: string; text?: string }
  | { type: "stopSharing"; id: string; purposes?: string[]; askErasure?: boolean }
  | { type: "setSettings"; language?: "en" | "nl"; theme?: "system" | "light" | "dark"; autoLockMinutes?: number };

/** `take` and `forget` name a version; `erase` is for deleted ones only. */
export type DetailChange = "delete" | "restore" | "undo" | "take" | "forget" | "erase";

export interface Status {
  state: "empty" | "unconfirmed" | "locked" | "damaged" | "open";
  vaultAddress: string | null;
  unlockMethods: string[];
  /** Changes that wait on this device for the vault service. */
  waiting: number;
  pendingWithdrawals: number;
  /** From when on `fetchAwaited` has something to ask for. */
  awaitedAt: number | null;
}

export interface Service {
  /** Stable identifier, the key of history filters. */
  id: string;
  name: string;
  trust: ServiceTrust;
  country: string | null;
  domain: string;
  details: [code: string, text: string][];
}

export interface CardSummary {
  id: string;
  name: string;
  issuer: string;
  vct: string;
  state: "valid" | "expiring" | "usedUp" | "expired" | "suspended" | "revoked" | "unreadable";
  validUntil: number | null;
  copiesLeft: number;
  copiesTotal: number;
  refresh: boolean;
  /** The issuer's colours, `#rrggbb`. Check the contrast before using them. */
  colour: string | null;
  textColour: string | null;
  /** What the issuer's logo shows, in words. */
  logoText: string | null;
  /** Right after receiving: what it did to a card that was here. */
  renewal: "copies" | "details" | null;
}

/** A card of an offer that does not come. */
export interface FailedCard {
  name: string;
  problem: WalletError;
  /** True while the wallet is open and no other offer: `offerAccept` asks for it again. Else only a new offer brings it. */
  again: boolean;
}

/** A card that its issuer gives later. */
export interface AwaitedCard {
  /** Of what is awaited, not of the card. */
  id: string;
  name: string;
  issuer: string;
  /** Null when the issuer gives it no more. */
  nextTryAt: number | null;
}

export interface Detail {
  path: Path;
  label: string;
  value: string;
  /** Show only on tap. */
  sensitive: boolean;
}

export interface CardChoice {
  id: string;
  name: string;
}

export interface Card {
  summary: CardSummary;
  details: Detail[];
  receivedAt: number;
  issuerId: string;
  uses: { service: string; at: number; entryId: string }[];
}

export interface Warning {
  code: string;
  text: string;
  /** Must be in `requestShare.understood` before anything is shared. */
  mustUnderstand: boolean;
}

export interface Offer {
  issuer: string;
  issuerId: string;
  trust: ServiceTrust;
  cards: { id: string; name: string; vct: string; details: string[]; alreadyHere: boolean }[];
  txCode: { numeric: boolean; length: number | null; description: string | null } | null;
  /** Host at which the person will have to sign in. */
  signIn: string | null;
  warnings: Warning[];
}

export interface Retention {
  /** ISO 8601 duration. */
  text: string;
  /** False: the service's own word. */
  attested: boolean;
}

/** Another card that fits, with what it would show. */
export interface OtherCard extends CardChoice {
  details: Detail[];
  warnings: Warning[];
}

export interface RecognisabilityView {
  level: Recognisability;
  reasons: string[];
  /** Of a request: the level with each switch on. */
  withOptional: [setId: string, level: Recognisability][];
}

export interface Request {
  service: Service;
  purpose: string | null;
  required: { queryId: string; details: Detail[]; card: CardChoice; otherCards: OtherCard[]; warnings: Warning[] }[];
  optional: {
    setId: string;
    purpose: string | null;
    details: Detail[];
    card: CardChoice | null;
    otherCards: OtherCard[];
    queryIds: string[];
    available: boolean;
    /** They count when the switch is on. */
    warnings: Warning[];
  }[];
  missing: { vct: string; name: string; details: string[] }[];
  recognisability: RecognisabilityView;
  retention: Retention | null;
  recipients: string[] | null;
  policyUrl: string | null;
  receipt: boolean;
  canWithdraw: boolean;
  sameDevice: boolean;
  warnings: Warning[];
  canShare: boolean;
  /** Goes back in `requestShare`: nothing is shared when anything of this has changed meanwhile (`request-changed`). */
  shown: string;
}

export interface Result {
  outcome: Outcome;
  service: string;
  count: number;
  entryId: string;
  receiptId: string | null;
  sharingId: string | null;
  countersigned: boolean;
  redirectUri: string | null;
  warnings: Warning[];
}

export interface SharedDetail {
  vct: string;
  path: Path;
  label: string;
}

export interface EntrySummary {
  id: string;
  at: number;
  kind: "presentation" | "credentialIssuance" | "credentialDeletion" | "withdrawal" | "erasureRequest";
  name: string;
  serviceId: string;
  outcome: Outcome | null;
  count: number;
}

export interface Entry {
  summary: EntrySummary;
  service: Service | null;
  purpose: string | null;
  policyUrl: string | null;
  requested: SharedDetail[];
  presented: SharedDetail[];
  reason: string | null;
  recognisability: Recognisability | null;
  receiptId: string | null;
  sharingId: string | null;
  authority: [name: string, url: string] | null;
  /** EU TS10 form, JSON text. */
  export: string;
}

export interface Sharing {
  id: string;
  service: Service;
  details: SharedDetail[];
  purpose: string | null;
  /** Why, by purpose; each can be stopped by itself. */
  purposes: { id: string; text: string; details: SharedDetail[] }[];
  since: number;
  until: number | null;
  retention: Retention | null;
  recognisability: Recognisability;
  state: "active" | "expired" | "stopQueued" | "stopped" | "stopDisputed";
  stoppedAt: number | null;
  erasureAsked: boolean;
  kept: string | null;
  attempts: number;
  receiptId: string;
  /** Null when it was deleted from the history. */
  entryId: string | null;
  rightsContact: string | null;
}

export type Proof = "absent" | "valid" | "invalid";

export interface Receipt {
  id: string;
  service: string;
  at: number;
  receipt: Proof;
  countersignature: Proof;
  withdrawal: Proof;
  acknowledgement: Proof;
  /** A receipt bundle, JSON text, for checking elsewhere. */
  export: string;
}

export interface Settings {
  language: "en" | "nl";
  theme: "system" | "light" | "dark";
  autoLockMinutes: number;
  vaultAddress: string;
  unlockMethods: string[];
}

/** Who got a detail. */
export interface Holder {
  service: string;
  at: number;
  /** Null when it was shared once, without a consent to stop. */
  state: Sharing["state"] | null;
  sharingId: string | null;
  /** Null when it was deleted from the history. */
  entryId: string | null;
  card: string;
}

export interface OwnDetail {
  id: string;
  kind: string;
  ownName: string;
  parts: [part: string, text: string][];
  enteredAt: number;
  changedAt: number;
  /** The card it was taken from; null when the person entered it. */
  origin: { cardId: string | null; card: string; issuer: string } | null;
  deletedAt: number | null;
  erasedAt: number | null;
  /** Versions that other devices made at the same time. */
  others: number;
  waiting: boolean;
  /** Services that got such a detail from a card. */
  holders: Holder[];
}

export interface CardDetail {
  cardId: string;
  card: string;
  issuer: string;
  receivedAt: number;
  state: CardSummary["state"];
  /** The kind of own detail that it is, or is a part of. */
  kind: string | null;
  detail: Detail;
  holders: Holder[];
}

export interface DetailVersion {
  id: string;
  at: number;
  /** Name and kind of the unlock method of the device that made it. */
  by: string;
  byKind: string;
  said: "content" | "deleted" | "forgotten";
  ownName: string;
  parts: [part: string, text: string][];
  present: boolean;
  shown: boolean;
}

export interface Home {
  cards: CardSummary[];
  awaited: AwaitedCard[];
  sharingCount: number;
  sharing: Sharing[];
  latest: EntrySummary[];
  /** Records of history, sharing and receipts that cannot be read. */
  unreadable: number;
  status: Status;
}

/** One way to unlock, as it is listed. */
export interface UnlockMethod {
  id: string;
  kind: "passphrase" | "recoveryCode" | "passkey" | "device";
  name: string;
  addedAt: number;
  unlockedWith: boolean;
}

/** A device that has the vault. */
export interface Device {
  id: string;
  name: string;
  addedAt: number;
  /** `null` for one that was added and never came. */
  seenAt: number | null;
  thisOne: boolean;
  ownKey: boolean;
}

/** How far adding a device is. */
export interface Pairing {
  state: "code" | "waiting" | "digits" | "receiving" | "given" | "received";
  /** What to show as a QR code, on the new device. */
  code: string | null;
  /** Six digits, on the new device: typed on the other one. */
  digits: string | null;
  /** What the new device calls itself, on the one that gives. */
  name: string | null;
  until: number;
  /** False when the service was not reached: ask again after a while. */
  reached: boolean;
}

export type Reply =
  | { type: "documents"; documents: DocumentView[]; uploads: UploadView[] }
  | { type: "document"; document: DocumentView }
  | { type: "upload"; upload: UploadView }
  | { type: "missing"; missing: number[] }
  | { type: "status"; status: Status }
  | { type: "vaultCreated"; recoveryCode: string[]; vaultAddress: string }
  /** Salts for `prf.eval`, base64url, and the user handle as text: the id by which `openVault` finds the vault. */
  | { type: "passkeySalts"; current: string; next: string; user: string }
  | {
      type: "unlockQuestions";
      passkeys: { credentialId: string; current: string; next: string }[];
      devices: { slot: string; point: string }[];
    }
  /** For `challenge` of `navigator.credentials.get`; absent where the service knows no passkeys. */
  | { type: "passkeyChallenge"; challenge?: string }
  | { type: "unlockMethods"; methods: UnlockMethod[]; epoch: number }
  | { type: "devices"; devices: Device[] }
  | { type: "pairing"; pairing: Pairing }
  | { type: "recoveryCode"; recoveryCode: string[] }
  | { type: "home"; home: Home }
  | { type: "cards"; cards: CardSummary[]; awaited: AwaitedCard[]; failed: FailedCard[] }
  /** Open `url` in the browser: the issuer wants the person to sign in. Then `offerReturn`. */
  | { type: "signIn"; url: string }
  | { type: "card"; card: Card }
  | { type: "details"; own: OwnDetail[]; onCards: CardDetail[]; unreadable: number }
  /** Null when it was erased. */
  | { type: "detail"; detail: OwnDetail | null; versions: DetailVersion[] }
  /** What is wrong, by part (`ownName` for the name) and code; nothing was kept then. */
  | { type: "detailSaved"; id: string | null; problems: [part: string, code: string][] }
  | { type: "offer"; offer: Offer }
  | { type: "request"; request: Request }
  | { type: "recognisability"; recognisability: RecognisabilityView }
  | { type: "result"; result: Result }
  | { type: "history"; entries: EntrySummary[] }
  | { type: "entry"; entry: Entry }
  | { type: "receipt"; receipt: Receipt }
  | { type: "sharing"; sharing: Sharing[] }
  | { type: "sharingItem"; item: Sharing }
  | { type: "settings"; settings: Settings }
  | { type: "done" };

/** Thrown by every method. */
export interface WalletError {
  code: string;
  message: string;
  hint: string;
  blame: "service" | "you" | "network" | "wallet";
  wasAnythingShared: "no" | "unknown" | "yes";
}

export interface HttpRequest {
  method: "GET" | "POST" | "PUT" | "DELETE";
  url: string;
  headers: [name: string, value: string][];
  body: string | null;
  /** Largest response body to accept, in bytes. */
  max_response: number;
}

export interface HttpResponse {
  status: number;
  headers: [name: string, value: string][];
  body: string;
}

export type Step = { type: "send"; request: HttpRequest } | { type: "done"; reply: Reply };

type Source = URL | string | BufferSource | WebAssembly.Module;
/** Loads the WebAssembly module, which is three files; call it once, first. */
export function load(source?: Source, rest?: Source, receiving?: Source): Promise<void>;

export class Wallet {
  /** `cache` is what {@link Wallet.cache} gave; `sandbox` accepts plain http to this machine. */
  constructor(options: { operator: string; sandbox?: boolean; cache?: Uint8Array });
  start(command: Command, now?: number): Step;
  /** `undefined` when no usable answer came. */
  resume(response: HttpResponse | undefined, now?: number): Step;
  /** Ciphertext to keep on this device; empty when there is nothing to keep. */
  cache(): Uint8Array;
  /** Notes what piece `number` of an upload holds, in order from 0: a first reading of the file. Errors are thrown. */
  measurePiece(upload: string, number: number, content: Uint8Array): void;
  /** The request that sends a piece, with its body: a second reading. Independent of any command. */
  sendPiece(upload: string, number: number, content: Uint8Array): { request: HttpRequest; body: Uint8Array };
  /** What became of it; `undefined` when no answer came. */
  pieceSent(status: number | undefined): void;
  /** The request that reads a piece of a document's file; its answer is bytes. */
  readPiece(document: string, file: string, number: number): HttpRequest;
  /** The content in the answer to it, checked. */
  openPiece(document: string, file: string, number: number, answer: { status: number; bytes: Uint8Array } | undefined): Uint8Array;
  /** Runs a command to its end. After `sync` it asks for the awaited cards that are due. */
  run(
    command: Command,
    host: {
      send: (request: HttpRequest) => Promise<HttpResponse | undefined>;
      keep?: (cache: Uint8Array) => Promise<void>;
    },
  ): Promise<Reply>;
}
