// What the page may ask of the engine. Nothing outside this list reaches the worker's WebAssembly.
import { flag, list, number, object, type Of, oneOf, optional, record, text, variants } from "./shape";

export const themes = ["system", "light", "dark"] as const;

/** A passkey's answers to the salts it was asked with; all base64url. */
const passkeyAnswer = object({ credentialId: text, current: text, next: text });
/** What this device's own key agreed on; all base64url. */
const deviceAnswer = object({ slot: text, agreed: text });
/** One way to unlock: exactly one member. */
const unlock = {
  passphrase: optional(text),
  recoveryCode: optional(text),
  passkey: optional(passkeyAnswer),
  device: optional(deviceAnswer),
};
/** What to change of the ways to unlock; which members go with which kind is in wallet/src/app/command.rs. */
const methodChange = object({
  kind: oneOf("addPassphrase", "changePassphrase", "addPasskey", "renewPasskey", "addDevice", "rename", "remove", "newKeys"),
  slot: optional(text),
  name: optional(text),
  passphrase: optional(text),
  passkey: optional(passkeyAnswer),
  publicKey: optional(text),
});

export const command = variants({
  status: {},
  createVault: { passphrase: optional(text), passkey: optional(passkeyAnswer) },
  confirmRecovery: { groups: list(object({ index: number, text })) },
  openVault: { address: text, ...unlock, fresh: flag },
  unlock,
  unlockQuestions: { address: optional(text) },
  unlockMethods: {},
  newPasskey: {},
  changeMethods: { change: methodChange, confirm: optional(object(unlock)) },
  newRecoveryCode: { confirm: object(unlock) },
  confirmNewRecoveryCode: { groups: list(object({ index: number, text })) },
  lock: {},
  home: {},
  cards: {},
  card: { id: text },
  removeCard: { id: text },
  offerOpen: { link: text },
  offerAccept: { txCode: optional(text) },
  offerCancel: {},
  requestOpen: { link: text, scanned: flag },
  requestShare: { optional: list(text), cards: record(text), understood: list(text) },
  requestWeigh: { optional: list(text), cards: record(text) },
  requestDecline: {},
  history: { service: optional(text), text: optional(text) },
  entry: { id: text },
  deleteEntry: { id: text },
  receipt: { id: text },
  sharing: {},
  stopSharing: { id: text, purposes: list(text), askErasure: flag },
  retryPending: {},
  sync: {},
  settings: {},
  setSettings: { language: optional(text), theme: optional(oneOf(...themes)), autoLockMinutes: optional(number) },
  forgetHere: {},
  deleteVault: {},
});

export type Command = Of<typeof command>;
export type CommandType = Command["type"];
