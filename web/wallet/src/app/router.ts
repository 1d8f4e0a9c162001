// Addresses inside the app: `#/card/…`. Ids are opaque to the page.

export const screens = [
  "home", "card", "add", "offer", "returned", "request", "result", "sharing", "stop", "history", "entry", "receipt", "settings",
  "details", "detail", "detailadd", "detailedit", "carddetail",
  "create", "open", "ways", "way", "add-way", "documents", "document", "devices", "device", "device-add",
  "device-join", "find", "sign-ins", "emergency", "rescue", "take-out", "bring-in", "erase",
] as const;
export type ScreenName = (typeof screens)[number];

export interface Route {
  screen: ScreenName;
  id: string;
  /** A part of what the id names. */
  part: string;
}

/** The route of an address; home for anything unknown. */
export function parseRoute(hash: string): Route {
  const [name, id, part] = hash.replace(/^#\/?/, "").split("?")[0]?.split("/") ?? [];
  const screen = screens.find((known) => known === name) ?? "home";
  return { screen, id: decode(id ?? ""), part: decode(part ?? "") };
}

/** The address of a route. */
export const href = (screen: ScreenName, ...ids: string[]): string =>
  screen === "home" ? "#/" : `#/${[screen, ...ids].map(encodeURIComponent).join("/")}`;

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}
