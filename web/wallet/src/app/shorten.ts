/** A name short enough for a heading or a button. The whole name is shown elsewhere on the screen. */
export function shorten(name: string, most = 60): string {
  const characters = [...name];
  return characters.length > most ? `${characters.slice(0, most - 1).join("").trimEnd()}…` : name;
}
