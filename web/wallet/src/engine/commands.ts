// What the page may ask of the engine. Nothing outside this list reaches the worker's WebAssembly.
import { flag, list, number, object, type Of, oneOf, optional, record, text, variants } from "./shape";

export const themes = ["system", "light", "dark"] as const;

export const command = variants({
  status: {},
  createVault: { passphrase: text },
  confirmRecovery: { groups: list(object({ index: number, text })) },
  openVault: { address: text, passphrase: optional(text), recoveryCode: optional(text), fresh: flag },
  unlock: { passphrase: optional(text), recoveryCode: optional(text) },
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
  stopSharing: { id: text, askErasure: flag },
  retryPending: {},
  sync: {},
  settings: {},
  setSettings: { language: optional(text), theme: optional(oneOf(...themes)), autoLockMinutes: optional(number) },
  forgetHere: {},
  deleteVault: {},
});

export type Command = Of<typeof command>;
export type CommandType = Command["type"];
