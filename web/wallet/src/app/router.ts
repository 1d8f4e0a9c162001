// Addresses inside the app: `#/card/…`. Ids are opaque to the page.

export const screens = [
  "home", "card", "add", "offer", "request", "result", "sharing", "stop", "history", "entry", "receipt", "settings",
  "create", "open",
] as const;
export type ScreenName = (typeof screens)[number];

export interface Route {
  screen: ScreenName;
  id: string;
}

/** The route of an address; home for anything unknown. */
export function parseRoute(hash: string): Route {
  const [name, id] = hash.replace(/^#\/?/, "").split("?")[0]?.split("/") ?? [];
  const screen = screens.find((known) => known === name) ?? "home";
  return { screen, id: decode(id ?? "") };
}

/** The address of a route. */
export const href = (screen: ScreenName, id = ""): string =>
  screen === "home" ? "#/" : `#/${screen}${id && `/${encodeURIComponent(id)}`}`;

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}
