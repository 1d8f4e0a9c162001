// Which reply answers which command (wallet/src/app/reply.rs).
import type { CommandType } from "./commands";
import { failure } from "./messages";
import { blob, flag, list, number, object, type Of, oneOf, optional, pair, type Shape, text, variants } from "./shape";
import * as view from "./views";

const status = object({ type: oneOf("status"), status: view.status });
/** A card of an offer that does not come. With `again`, `offerAccept` asks for it once more. */
const failedCard = object({ name: text, problem: failure, again: flag });
const someCards = { cards: list(view.cardSummary), awaited: list(view.awaitedCard), failed: list(failedCard) };
const cards = object({ type: oneOf("cards"), ...someCards });
const result = object({ type: oneOf("result"), result: view.result });
const sharing = object({ type: oneOf("sharing"), sharing: list(view.sharingItem) });
const settings = object({ type: oneOf("settings"), settings: view.settings });
const unlockMethods = object({ type: oneOf("unlockMethods"), methods: list(view.unlockMethod), epoch: number });
export const document = object({ type: oneOf("document"), document: view.document });
const devices = object({ type: oneOf("devices"), devices: list(view.device) });
const pairing = object({ type: oneOf("pairing"), pairing: view.pairing });
const detail = object({ type: oneOf("detail"), detail: optional(view.ownDetail), versions: list(view.detailVersion) });
const done = object({ type: oneOf("done") });

export const replies = {
  status,
  createVault: object({ type: oneOf("vaultCreated"), recoveryCode: list(text), vaultAddress: text }),
  confirmRecovery: status,
  openVault: status,
  unlock: status,
  unlockQuestions: object({
    type: oneOf("unlockQuestions"),
    passkeys: list(object({ credentialId: text, current: text, next: text })),
    devices: list(object({ slot: text, point: text })),
  }),
  /** Without a challenge the vault service knows no passkeys. */
  passkeyChallenge: object({ type: oneOf("passkeyChallenge"), challenge: optional(text) }),
  unlockMethods,
  newPasskey: object({ type: oneOf("passkeySalts"), current: text, next: text, user: text }),
  changeMethods: unlockMethods,
  newRecoveryCode: object({ type: oneOf("recoveryCode"), recoveryCode: list(text) }),
  confirmNewRecoveryCode: unlockMethods,
  thisDevice: object({ type: oneOf("thisDevice"), slot: optional(text) }),
  unlockHere: status,
  addThisDevice: unlockMethods,
  devices,
  registerDevice: devices,
  renameDevice: devices,
  removeDevice: devices,
  pairStart: pairing,
  pairScan: pairing,
  pairNext: pairing,
  pairConfirm: pairing,
  pairCancel: done,
  emergency: object({ type: oneOf("service"), answer: view.emergency }),
  emergencySet: object({ type: oneOf("recoveryCode"), recoveryCode: list(text) }),
  emergencyOpen: status,
  signIn: object({ type: oneOf("service"), answer: view.signIn }),
  lock: status,
  home: object({ type: oneOf("home"), home: view.home }),
  cards,
  card: object({ type: oneOf("card"), card: view.card }),
  removeCard: cards,
  details: object({ type: oneOf("details"), own: list(view.ownDetail), onCards: list(view.cardDetail), unreadable: number }),
  detail,
  saveDetail: object({ type: oneOf("detailSaved"), id: optional(text), problems: list(pair(text, text)) }),
  changeDetail: detail,
  offerOpen: object({ type: oneOf("offer"), offer: view.offer }),
  offerAccept: variants({ cards: someCards, signIn: { url: text } }),
  offerReturn: cards,
  fetchAwaited: cards,
  forgetAwaited: done,
  offerCancel: done,
  requestOpen: object({ type: oneOf("request"), request: view.request }),
  requestShare: result,
  requestWeigh: object({ type: oneOf("recognisability"), recognisability: view.recognisabilityView }),
  requestDecline: result,
  history: object({ type: oneOf("history"), entries: list(view.entrySummary) }),
  entry: object({ type: oneOf("entry"), entry: view.entry }),
  deleteEntry: done,
  receipt: object({ type: oneOf("receipt"), receipt: view.receipt }),
  sharing,
  stopSharing: object({ type: oneOf("sharingItem"), item: view.sharingItem }),
  retryPending: sharing,
  documents: object({ type: oneOf("documents"), documents: list(view.document), uploads: list(view.upload) }),
  documentBegin: object({ type: oneOf("upload"), upload: view.upload }),
  documentCancel: done,
  documentChange: document,
  documentDelete: variants({ done: {}, document: { document: view.document } }),
  documentRestore: document,
  documentVersion: document,
  sync: status,
  settings,
  setSettings: settings,
  forgetHere: status,
  deleteVault: status,
  exportVault: object({ type: oneOf("file"), content: blob }),
  room: object({ type: oneOf("room"), bytes: optional(number), files: optional(number), fileBytes: optional(number) }),
  importOpen: done,
  importPlan: view.importPlan,
  importStep: object({ type: oneOf("importStep"), left: number }),
  importEnd: done,
} satisfies Record<CommandType, Shape<unknown>>;

export type Received = Of<typeof cards>;
export type Questions = Of<typeof replies.unlockQuestions>;
export type Reply<C extends CommandType> = Of<(typeof replies)[C]>;

/** A backup with documents; the names of those that the service did not have. */
export const backup = object({ type: oneOf("file"), content: optional(blob), missing: list(text, 200_000) });
export type Backup = Of<typeof backup>;

/** What became of a file's documents; the names of those that are damaged in it, wholly or in an earlier version, or have no room. */
export const broughtIn = object({
  type: oneOf("broughtIn"), whole: number, damaged: list(text, 200_000), versions: list(text, 200_000), noRoom: list(text, 200_000),
});
export type BroughtIn = Of<typeof broughtIn>;
