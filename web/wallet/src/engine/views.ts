// What the engine answers, as the screens need it. Views hold no keys and no raw credentials.
import { flag, list, number, object, type Of, oneOf, optional, text } from "./shape";
import { themes } from "./commands";

export const detail = object({ path: text, label: text, value: optional(text), sensitive: flag });
const cardChoice = object({ id: text, name: text });
export const cardState = oneOf("valid", "expiring", "expired", "revoked", "suspended", "used_up");

export const cardSummary = object({
  id: text,
  name: text,
  vct: text,
  issuer: text,
  state: cardState,
  expiresAt: optional(number),
  copiesLeft: number,
});

export const entryState = oneOf("shared", "declined", "failed", "unknown", "stopped", "received");

export const entrySummary = object({
  id: text,
  at: number,
  kind: oneOf("share", "card", "withdrawal"),
  service: optional(text),
  state: entryState,
  details: number,
});

export const sharingState = oneOf("active", "expired", "stopping", "stopped", "disputed");

export const sharingItem = object({
  id: text,
  service: text,
  domain: optional(text),
  purpose: text,
  details: list(text),
  since: number,
  until: optional(number),
  recognisability: oneOf("not_at_all", "same_visitor", "as_you"),
  state: sharingState,
});

export const status = object({
  state: oneOf("none", "creating", "locked", "unlocked"),
  vaultAddress: optional(text),
});

export const created = object({ recoveryCode: list(text), vaultAddress: text });
export const done = object({});

export const home = object({
  cards: list(cardSummary),
  sharing: list(sharingItem),
  history: list(entrySummary),
  pending: number,
  synced: flag,
});

export const card = object({
  card: cardSummary,
  issuerDomain: optional(text),
  issuedAt: optional(number),
  details: list(detail),
  usedAt: list(object({ service: text, at: number })),
});

export const offer = object({
  issuer: object({ name: text, domain: text, verified: flag }),
  cards: list(object({ name: text, vct: text, details: list(text), copies: number, alreadyHave: flag })),
  txCode: optional(object({ numeric: flag, length: optional(number), description: optional(text) })),
  warnings: list(object({ code: text, text })),
});

export const request = object({
  service: object({
    name: text,
    trust: oneOf("verified", "unverified"),
    country: optional(text),
    domain: text,
    details: list(object({ label: text, value: text })),
  }),
  purpose: optional(text),
  required: list(
    object({ queryId: text, details: list(detail), card: cardChoice, otherCards: list(cardChoice) }),
  ),
  optional: list(
    object({
      setId: text,
      purpose: optional(text),
      details: list(detail),
      card: optional(cardChoice),
      otherCards: list(cardChoice),
      available: flag,
    }),
  ),
  missing: list(object({ vct: text, name: text, details: list(text) })),
  recognisability: object({ level: oneOf("not_at_all", "same_visitor", "as_you"), reasons: list(text) }),
  retention: optional(object({ text, attested: flag })),
  recipients: list(text),
  policyUrl: optional(text),
  sameDevice: flag,
  warnings: list(object({ code: text, text })),
  canShare: flag,
});

export const result = object({
  outcome: oneOf("shared", "declined"),
  service: text,
  details: number,
  entryId: optional(text),
  sharingId: optional(text),
  receipt: flag,
  redirectUri: optional(text),
});

export const entry = object({
  entry: entrySummary,
  domain: optional(text),
  purpose: optional(text),
  policyUrl: optional(text),
  asked: list(text),
  shared: list(text),
  recognisability: optional(oneOf("not_at_all", "same_visitor", "as_you")),
  retention: optional(text),
  receipt: oneOf("none", "waiting", "countersigned", "failed"),
  sharingId: optional(text),
});

export const receipt = object({ fileName: text, content: text, checks: list(object({ label: text, ok: flag })) });
export const settings = object({
  language: optional(text),
  theme: oneOf(...themes),
  autoLockMinutes: number,
  vaultAddress: text,
});

export type Detail = Of<typeof detail>;
export type CardSummary = Of<typeof cardSummary>;
export type EntrySummary = Of<typeof entrySummary>;
export type SharingItem = Of<typeof sharingItem>;
export type StatusView = Of<typeof status>;
export type HomeView = Of<typeof home>;
export type CardView = Of<typeof card>;
export type OfferView = Of<typeof offer>;
export type RequestView = Of<typeof request>;
export type ResultView = Of<typeof result>;
export type EntryView = Of<typeof entry>;
export type ReceiptView = Of<typeof receipt>;
export type SettingsView = Of<typeof settings>;
