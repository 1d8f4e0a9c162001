// Commands that screens give by themselves when another device changed the vault. Nobody has to be there for that, so they do
// not put off the automatic lock; who is there presses something, and the page tells that.
const looks = new Set([
  ...["status", "home", "cards", "card", "details", "detail", "documents", "sharing", "history", "entry"],
  ...["settings", "devices", "unlockMethods", "thisDevice", "emergency"],
]);

export const justLooks = (command: string): boolean => looks.has(command);
