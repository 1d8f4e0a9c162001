// What the engine answers, as the screens need it (wallet/src/app/view). Views hold no keys and no raw credentials.
// Times are seconds since 1970. What the wallet itself says comes as codes; the words are in messages/*.json.
import { themes } from "./commands";
import { flag, list, number, object, type Of, oneOf, optional, pair, path, shown as text, written } from "./shape";

export const detail = object({ path, label: text, value: text, sensitive: flag });
export const sharedDetail = object({ vct: text, path, label: text });
export const warning = object({ code: text, text, mustUnderstand: flag });
export const trust = oneOf("verified", "asksForMore", "unverified");
export const recognisability = oneOf("not_at_all", "same_visitor", "as_you");
export const outcome = oneOf("shared", "declined", "failedBeforeSending", "refused", "unknownWhetherReceived");
const cardChoice = object({ id: text, name: text });
/** Another card that fits, with what it would show: not always the same details as the proposed one. */
const otherCard = object({ id: text, name: text, details: list(detail), warnings: list(warning) });
export const recognisabilityView = object({
  level: recognisability,
  reasons: list(text),
  withOptional: list(pair(text, recognisability)),
});
const retention = object({ text, attested: flag });

export const service = object({
  id: text,
  name: text,
  trust,
  country: optional(text),
  domain: text,
  details: list(pair(text, text)),
});

/** One way to unlock the vault. */
export const unlockMethod = object({
  id: text,
  kind: oneOf("passphrase", "recoveryCode", "passkey", "device"),
  /** What the person calls it; empty when it has no name. */
  name: text,
  addedAt: number,
  unlockedWith: flag,
});

/** A device that has the vault. */
export const device = object({
  id: text,
  name: text,
  addedAt: number,
  /** Absent for one that was added and never came. */
  seenAt: optional(number),
  thisOne: flag,
  ownKey: flag,
});

/** How far adding a device is. */
export const pairing = object({
  state: oneOf("code", "waiting", "digits", "receiving", "given", "received"),
  code: optional(text),
  digits: optional(text),
  name: optional(text),
  until: number,
  reached: flag,
});

export const status = object({
  state: oneOf("empty", "unconfirmed", "locked", "damaged", "open"),
  vaultAddress: optional(text),
  unlockMethods: list(text),
  waiting: number,
  pendingWithdrawals: number,
  /** From when on `fetchAwaited` has something to ask for. */
  awaitedAt: optional(number),
});

const cardSummaryState = oneOf("valid", "expiring", "usedUp", "expired", "suspended", "revoked", "unreadable");

export const cardSummary = object({
  id: text,
  name: text,
  issuer: text,
  vct: text,
  state: cardSummaryState,
  validUntil: optional(number),
  copiesLeft: number,
  copiesTotal: number,
  refresh: flag,
  colour: optional(text),
  textColour: optional(text),
  logoText: optional(text),
  renewal: optional(oneOf("copies", "details")),
});

/** A card that its issuer gives later. */
export const awaitedCard = object({
  id: text,
  name: text,
  issuer: text,
  /** Absent when the issuer gives it no more. */
  nextTryAt: optional(number),
});

export const card = object({
  summary: cardSummary,
  details: list(detail),
  receivedAt: number,
  issuerId: text,
  uses: list(object({ service: text, at: number, entryId: text })),
});

export const offer = object({
  issuer: text,
  issuerId: text,
  trust,
  cards: list(object({ id: text, name: text, vct: text, details: list(text), alreadyHere: flag })),
  txCode: optional(object({ numeric: flag, length: optional(number), description: optional(text) })),
  /** Host at which the person will have to sign in. */
  signIn: optional(text),
  warnings: list(warning),
});

export const request = object({
  service,
  purpose: optional(text),
  required: list(
    object({ queryId: text, details: list(detail), card: cardChoice, otherCards: list(otherCard), warnings: list(warning) }),
  ),
  optional: list(
    object({
      setId: text,
      purpose: optional(text),
      details: list(detail),
      card: optional(cardChoice),
      otherCards: list(otherCard),
      queryIds: list(text),
      available: flag,
      warnings: list(warning),
    }),
  ),
  missing: list(object({ vct: text, name: text, details: list(text) })),
  recognisability: recognisabilityView,
  retention: optional(retention),
  recipients: optional(list(text)),
  policyUrl: optional(text),
  receipt: flag,
  canWithdraw: flag,
  sameDevice: flag,
  warnings: list(warning),
  canShare: flag,
  shown: text,
});

export const result = object({
  outcome,
  service: text,
  count: number,
  entryId: text,
  receiptId: optional(text),
  sharingId: optional(text),
  countersigned: flag,
  redirectUri: optional(text),
  warnings: list(warning),
});

export const entrySummary = object({
  id: text,
  at: number,
  kind: text,
  name: text,
  serviceId: text,
  outcome: optional(outcome),
  count: number,
});

export const entry = object({
  summary: entrySummary,
  service: optional(service),
  purpose: optional(text),
  policyUrl: optional(text),
  requested: list(sharedDetail),
  presented: list(sharedDetail),
  reason: optional(text),
  recognisability: optional(recognisability),
  receiptId: optional(text),
  sharingId: optional(text),
  authority: optional(pair(text, text)),
  export: text,
});

const sharingState = oneOf("active", "expired", "stopQueued", "stopped", "stopDisputed");

export const sharingItem = object({
  id: text,
  service,
  details: list(sharedDetail),
  purpose: optional(text),
  purposes: list(object({ id: text, text, details: list(sharedDetail) })),
  since: number,
  until: optional(number),
  retention: optional(retention),
  recognisability,
  state: sharingState,
  stoppedAt: optional(number),
  erasureAsked: flag,
  kept: optional(text),
  attempts: number,
  receiptId: text,
  entryId: optional(text),
  rightsContact: optional(text),
});

const proof = oneOf("absent", "valid", "invalid");
export const receipt = object({
  id: text,
  service: text,
  at: number,
  receipt: proof,
  countersignature: proof,
  withdrawal: proof,
  acknowledgement: proof,
  export: text,
});

export const home = object({
  cards: list(cardSummary),
  awaited: list(awaitedCard),
  sharingCount: number,
  sharing: list(sharingItem),
  latest: list(entrySummary),
  unreadable: number,
  status,
});

/** One version of a document's content. */
export const file = object({ id: text, mediaType: text, size: number, at: number, addedWith: text, pieceBytes: number });

export const document = object({
  id: text,
  name: text,
  note: text,
  /** "card/…" or "detail/…", or empty. */
  about: text,
  addedAt: number,
  changedAt: number,
  /** When it will be gone for good, if it was deleted. */
  goneAt: optional(number),
  /** The present version first. */
  files: list(file),
});

/** An upload that has not ended. */
export const upload = object({
  id: text,
  name: text,
  size: number,
  /** The document that gets a new version; a new document when empty. */
  replaces: text,
  begunAt: number,
  pieces: number,
  measured: number,
  pieceBytes: number,
});

export const settings = object({
  language: text,
  theme: oneOf(...themes),
  autoLockMinutes: number,
  vaultAddress: text,
  unlockMethods: list(text),
});

/** Texts by part of an own detail. */
const parts = list(pair(text, written));
/** Who got a detail. Without a state it was shared once, and there is nothing to stop. */
const holder = object({
  service: text,
  at: number,
  state: optional(sharingState),
  sharingId: optional(text),
  entryId: optional(text),
  card: text,
});

/** One of the person's own details. */
export const ownDetail = object({
  id: text,
  kind: text,
  ownName: written,
  parts,
  enteredAt: number,
  changedAt: number,
  origin: optional(object({ cardId: optional(text), card: text, issuer: text })),
  /** It came out of a file and was not changed since. */
  imported: flag,
  deletedAt: optional(number),
  erasedAt: optional(number),
  /** Versions that other devices made at the same time. */
  others: number,
  /** Waits on this device for the vault service. */
  waiting: flag,
  holders: list(holder),
});

/** A detail on a card. */
export const cardDetail = object({
  cardId: text,
  card: text,
  issuer: text,
  receivedAt: number,
  state: cardSummaryState,
  kind: optional(text),
  detail,
  holders: list(holder),
});

export const detailVersion = object({
  id: text,
  at: number,
  by: text,
  byKind: text,
  said: oneOf("content", "deleted", "forgotten"),
  ownName: written,
  parts,
  present: flag,
  shown: flag,
});

export type UnlockMethod = Of<typeof unlockMethod>;
export type Detail = Of<typeof detail>;
export type SharedDetail = Of<typeof sharedDetail>;
export type Warning = Of<typeof warning>;
export type Trust = Of<typeof trust>;
export type Recognisability = Of<typeof recognisability>;
export type RecognisabilityView = Of<typeof recognisabilityView>;
export type Outcome = Of<typeof outcome>;
export type ServiceView = Of<typeof service>;
export type DeviceView = Of<typeof device>;
export type PairingView = Of<typeof pairing>;
export type StatusView = Of<typeof status>;
export type CardSummary = Of<typeof cardSummary>;
export type AwaitedCard = Of<typeof awaitedCard>;
export type CardView = Of<typeof card>;
export type OfferView = Of<typeof offer>;
export type RequestView = Of<typeof request>;
export type RequiredBlock = RequestView["required"][number];
export type OptionalSet = RequestView["optional"][number];
export type ResultView = Of<typeof result>;
export type EntrySummary = Of<typeof entrySummary>;
export type EntryView = Of<typeof entry>;
export type SharingView = Of<typeof sharingItem>;
export type ReceiptView = Of<typeof receipt>;
export type Proof = Of<typeof proof>;
export type HomeView = Of<typeof home>;
export type SettingsView = Of<typeof settings>;
export type OwnDetail = Of<typeof ownDetail>;
export type CardDetail = Of<typeof cardDetail>;
export type DetailVersion = Of<typeof detailVersion>;
export type Holder = Of<typeof holder>;
export type Parts = Of<typeof parts>;
export type FileView = Of<typeof file>;
export type DocumentView = Of<typeof document>;
export type UploadView = Of<typeof upload>;

/** What the vault service tells about signing in; which members go with which step is in wallet/src/app/command.rs. */
export const signIn = object({
  providers: optional(list(object({ id: text, name: text }), 8)),
  url: optional(text),
  verifier: optional(text),
  vaults: optional(list(text, 16)),
  sign_ins: optional(list(object({ id: text, provider: text, created_at: number }), 16)),
});

const standing = {
  state: oneOf("ready", "asked", "stopped", "released"),
  wait_seconds: number,
  set_at: number,
  asked_at: optional(number),
  release_at: optional(number),
};

/** How emergency access stands: for its owner with `standing`, for a contact at the top. */
export const emergency = object({
  standing: optional(object(standing)),
  events: optional(list(object({ what: oneOf("set", "asked", "stopped", "released", "removed"), at: number }), 50)),
  least_wait_seconds: optional(number),
  /** What the vault itself calls the contact. */
  name: optional(text),
  state: optional(standing.state),
  release_at: optional(number),
});

export const fileKinds = ["backup", "archive", "exchange", "exchangeData", "myData"] as const;

/** What of an opened file comes in (wallet/src/transfer/merge.rs). */
export const importPlan = object({
  type: oneOf("importPlan"),
  kind: oneOf(...fileKinds),
  madeAt: number,
  left: number,
  kinds: list(object({ kind: text, new: number, here: number, left: number })),
  cards: list(
    object({
      name: text,
      issuer: text,
      fate: oneOf("new", "joins", "here", "again"),
      copies: number,
      again: optional(text),
    }),
  ),
  documents: list(
    object({ name: text, fate: oneOf("new", "here", "missing", "deleted"), bytes: number, sealed_bytes: number, files: list(number) }),
    200_000,
  ),
  notes: list(object({ code: text, count: number })),
});
export type ImportPlan = Of<typeof importPlan>;
export type EmergencyView = Of<typeof emergency>;
