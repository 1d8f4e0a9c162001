// Colours an issuer gives to its card. Taken only where everybody can read the text on them.

export interface CardColours {
  background: string;
  ink: string;
}

/** WCAG 2.2 SC 1.4.3. */
const least = 4.5;
/** Our own inks, for issuers that name none or one that cannot be read. */
const inks = ["#ffffff", "#1b2022"];

/** The colours to paint a card in; `undefined` for our own, when the issuer's are missing or not readable. */
export function cardColours(background: string | undefined, text: string | undefined): CardColours | undefined {
  const ground = luminance(background);
  if (!background || ground === undefined) return undefined;
  const ink = [text, ...inks].find((candidate) => {
    const light = luminance(candidate);
    return light !== undefined && contrast(light, ground) >= least;
  });
  return ink === undefined ? undefined : { background, ink };
}

function contrast(a: number, b: number): number {
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

/** Relative luminance of `#rrggbb`; nothing else is a colour here. */
function luminance(colour: string | undefined): number | undefined {
  if (!colour || !/^#[0-9a-f]{6}$/i.test(colour)) return undefined;
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
