// A hint about a passphrase while it is typed. Only a hint: the rule is in the engine.

export type Strength = "short" | "weak" | "fair" | "strong";

/** The engine refuses less (wallet/src/vault). */
export const shortest = 10;

const common = ["password", "passphrase", "wachtwoord", "welkom", "welcome", "qwerty", "azerty", "letmein", "iloveyou", "assent"];

/** How hard a passphrase is to guess, roughly. */
export function strengthOf(passphrase: string): Strength {
  if ([...passphrase].length < shortest) return "short";
  const bits = guessBits(passphrase);
  return bits < 45 ? "weak" : bits < 56 ? "fair" : "strong";
}

function guessBits(passphrase: string): number {
  let rest = passphrase.toLowerCase();
  let bits = 0;
  for (const word of common) {
    while (rest.includes(word)) {
      rest = rest.replace(word, "");
      bits += 8;
    }
  }
  const characters = [...rest];
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^a-zA-Z0-9]/].filter((kind) => kind.test(passphrase)).length;
  const fresh = characters.filter((character, index) => !predictable(characters[index - 1], character)).length;
  const variety = Math.min(1, new Set(characters).size / 8);
  return bits + fresh * (2.4 + 0.6 * kinds) * variety;
}

/** True for a repeat or the next in a row, as in "aaaa" or "1234". */
function predictable(previous: string | undefined, character: string): boolean {
  const step = character.charCodeAt(0) - (previous?.charCodeAt(0) ?? NaN);
  return step === 0 || step === 1 || step === -1;
}
