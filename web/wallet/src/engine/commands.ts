// What the page may ask of the engine. Nothing outside this list reaches the worker's WebAssembly.
import { blob, bytes, flag, list, number, object, type Of, oneOf, optional, record, text, variants } from "./shape";

export const themes = ["system", "light", "dark"] as const;

export const fileFormats = ["backup", "exchange", "json", "html"] as const;
export type FileFormat = (typeof fileFormats)[number];
/** `moved`: the vault of the file was not used since. `history`: bring that in, too. */
const importChoice = { moved: flag, history: flag };

/** What a passkey signed for the vault service; base64url. */
const assertion = object({ credentialId: text, clientData: text, authenticatorData: text, signature: text });
/** A passkey's answers to the salts it was asked with; its id in base64url. `made`: what a new one said of itself. */
const passkeyAnswer = object({ credentialId: text, current: bytes, next: bytes, assertion: optional(assertion), made: optional(text) });
/** One way to unlock: exactly one member. What this device's own key answers is never seen by the page. */
const unlock = {
  passphrase: optional(text),
  recoveryCode: optional(text),
  passkey: optional(passkeyAnswer),
};
const proof = object(unlock);
/** What to change of the ways to unlock; which members go with which kind is in wallet/src/app/command.rs. */
const methodChange = object({
  kind: oneOf("addPassphrase", "changePassphrase", "addPasskey", "renewPasskey", "rename", "remove", "newKeys"),
  slot: optional(text),
  name: optional(text),
  passphrase: optional(text),
  passkey: optional(passkeyAnswer),
});

export const command = variants({
  status: {},
  createVault: { passphrase: optional(text), passkey: optional(passkeyAnswer) },
  confirmRecovery: { groups: list(object({ index: number, text })) },
  openVault: { address: text, ...unlock, fresh: flag },
  unlock,
  unlockQuestions: { address: optional(text), assertion: optional(assertion) },
  passkeyChallenge: {},
  unlockMethods: {},
  newPasskey: { confirm: optional(proof) },
  changeMethods: { change: methodChange, confirm: optional(proof) },
  newRecoveryCode: { confirm: proof },
  confirmNewRecoveryCode: { groups: list(object({ index: number, text })) },
  // These three the worker itself does: the key of this device stays with it.
  /** The slot that this device's own key opens. */
  thisDevice: {},
  /** Unlocks with this device's own key. */
  unlockHere: {},
  /** Makes this device's own key a way to unlock. */
  addThisDevice: { name: text, confirm: proof },
  devices: {},
  /** This device says that it is here; the name counts the first time. */
  registerDevice: { name: text },
  renameDevice: { id: text, name: text },
  removeDevice: { id: text, confirm: proof },
  /** Begins to get a vault from another device; with `ownKey` the worker makes a key of this device's own for it. */
  pairStart: { name: text, ownKey: flag },
  /** Begins to give the vault to the device that shows this code. */
  pairScan: { code: text },
  pairNext: {},
  pairConfirm: { digits: text, confirm: optional(proof) },
  pairCancel: {},
  emergency: {
    step: oneOf("status", "stop", "remove", "ask"),
    address: optional(text),
    code: optional(text),
    confirm: optional(proof),
  },
  emergencySet: { name: text, waitSeconds: number, confirm: proof },
  emergencyOpen: { address: text, code: text },
  signIn: {
    step: oneOf("ways", "begin", "find", "list", "link", "unlink"),
    id: optional(text),
    code: optional(text),
    verifier: optional(text),
  },
  lock: {},
  home: {},
  cards: {},
  card: { id: text },
  removeCard: { id: text },
  details: {},
  detail: { id: text },
  saveDetail: {
    id: optional(text),
    kind: text,
    parts: record(text),
    ownName: text,
    seen: list(text),
    fromCard: optional(text),
  },
  changeDetail: {
    id: text,
    change: oneOf("delete", "restore", "undo", "take", "forget", "erase"),
    version: optional(text),
    seen: list(text),
  },
  offerOpen: { link: text },
  /** With a sign-in at the issuer: how this app is known to issuers, and where they send the person back to. */
  offerAccept: { txCode: optional(text), clientId: optional(text), redirectUri: optional(text) },
  /** `answer`: the address that the person came back with after signing in. */
  offerReturn: { answer: text },
  /** Without an id all that are due are asked for. */
  fetchAwaited: { id: optional(text) },
  forgetAwaited: { id: text },
  offerCancel: {},
  requestOpen: { link: text, scanned: flag },
  requestShare: { shown: text, optional: list(text), cards: record(text), understood: list(text) },
  requestWeigh: { optional: list(text), cards: record(text) },
  requestDecline: {},
  history: { service: optional(text), text: optional(text) },
  entry: { id: text },
  deleteEntry: { id: text },
  receipt: { id: text },
  sharing: {},
  stopSharing: { id: text, purposes: list(text), askErasure: flag },
  retryPending: {},
  documents: {},
  documentBegin: { name: text, mediaType: text, size: number, about: text, replaces: text },
  documentCancel: { upload: text },
  documentChange: { id: text, name: text, note: text, about: text },
  documentDelete: { id: text, now: flag },
  documentRestore: { id: text },
  documentVersion: { id: text, file: text, remove: flag },
  sync: {},
  settings: {},
  setSettings: { language: optional(text), theme: optional(oneOf(...themes)), autoLockMinutes: optional(number) },
  forgetHere: {},
  deleteVault: {},
  // The worker does these, with the engine and the module for files.
  /** Makes a file of everything the vault holds; a passphrase for the first two. */
  exportVault: { format: oneOf(...fileFormats), passphrase: optional(text), language: text },
  /** Opens a file, and keeps it open for the next two. */
  importOpen: { content: blob, passphrase: optional(text) },
  /** What of it would come in. */
  importPlan: { ...importChoice, language: text },
  /** Brings the next part in. */
  importStep: importChoice,
  importEnd: {},
  /** How much room the vault service has for documents. */
  room: {},
});

/** How somebody shows to be allowed in: exactly one member. */
export type Proof = Of<typeof proof>;
export type Assertion = Of<typeof assertion>;
export type PasskeyAnswer = Of<typeof passkeyAnswer>;
export type Command = Of<typeof command>;
export type CommandType = Command["type"];
