// Passkeys that answer salts (WebAuthn Level 3, extension `prf`). The page only carries: what a passkey answers goes to the
// worker as it came, and is wiped there. No signature is checked, because nothing is signed in to: the answer is the key.
import { base64url, fromBase64url } from "../engine/base64url";
import { EngineError } from "../engine/client";
import type { PasskeyAnswer } from "../engine/commands";

/** The salts of one passkey; base64url. */
export interface PasskeyQuestion {
  credentialId: string;
  current: string;
  next: string;
}

/** What to make a passkey with: salts and user handle as the engine gave them. */
export interface PasskeyOrder {
  current: string;
  next: string;
  user: string;
  /** What the keeper of passkeys shows. */
  label: string;
  /** Credential ids of the passkeys that the vault has. */
  known: string[];
}

type Code = "removed" | "cancelled" | "unavailable" | "no-key" | "already" | "wrong-site" | "failed";

/** Why a passkey could not be used. `made` is one that exists by now, and still has to answer. */
export class PasskeyError extends EngineError {
  constructor(
    code: Code,
    readonly made?: string,
  ) {
    super({ code: `passkey-${code}`, message: "", hint: "", blame: "you", wasAnythingShared: "no" });
  }
}

/** As long as a person may take. */
const timeout = 180_000;
/** ES256, EdDSA, RS256: what authenticators have. The signature itself means nothing here. */
const algorithms = [-7, -8, -257];

const challenge = () => crypto.getRandomValues(new Uint8Array(32));
const evaluation = ({ current, next }: { current: string; next: string }) => ({ first: fromBase64url(current), second: fromBase64url(next) });
// WebAuthn Level 3 §5.1.3: a passkey belongs to a domain name; an address of numbers has none.
const hasName = !/^\[|^[\d.]+$/.test(location.hostname);

interface Capable {
  getClientCapabilities?: () => Promise<Record<string, boolean | undefined>>;
  signalUnknownCredential?: (options: { rpId: string; credentialId: string }) => Promise<void>;
}

/** Whether this browser can use passkeys here, as far as it says. */
export async function canUsePasskeys(): Promise<boolean> {
  if (!hasName || !isSecureContext || typeof PublicKeyCredential === "undefined" || !navigator.credentials) return false;
  try {
    const capabilities = await (PublicKeyCredential as Capable).getClientCapabilities?.();
    return capabilities?.["extension:prf"] !== false;
  } catch {
    return true;
  }
}

/** Makes a passkey and has it answer. One that cannot is taken back as far as its keeper lets us. */
export async function makePasskey(order: PasskeyOrder): Promise<PasskeyAnswer> {
  const made = await ceremony(() =>
    navigator.credentials.create({
      publicKey: {
        rp: { id: location.hostname, name: "Assent" },
        user: { id: new TextEncoder().encode(order.user), name: order.label, displayName: order.label },
        challenge: challenge(),
        pubKeyCredParams: algorithms.map((alg) => ({ type: "public-key", alg })),
        authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
        excludeCredentials: order.known.map(descriptor),
        attestation: "none",
        timeout,
        extensions: { prf: { eval: evaluation(order) } },
      },
    }),
  );
  const credentialId = base64url(new Uint8Array(made.rawId));
  const { prf } = made.getClientExtensionResults();
  const answer = answerOf(credentialId, prf?.results);
  if (answer) return answer;
  if (prf?.enabled !== true) {
    await takeBack(credentialId);
    throw new PasskeyError("no-key");
  }
  return finishPasskey(credentialId, order);
}

/** Asks a passkey that was just made; most answer only when they are used. */
export async function finishPasskey(made: string, salts: { current: string; next: string }): Promise<PasskeyAnswer> {
  try {
    return await askPasskey([{ credentialId: made, ...salts }]);
  } catch (error) {
    const code = error instanceof PasskeyError ? error.failure.code.replace("passkey-", "") : "failed";
    if (code !== "no-key") throw new PasskeyError(code as Code, made);
    await takeBack(made);
    throw error;
  }
}

/** Has one of these passkeys answer. */
export async function askPasskey(questions: PasskeyQuestion[]): Promise<PasskeyAnswer> {
  // Only words: what says so is not vouched for, and a lying service must not have passkeys deleted.
  if (questions.length === 0) throw new PasskeyError("removed");
  const used = await ceremony(() =>
    navigator.credentials.get({
      publicKey: {
        rpId: location.hostname,
        challenge: challenge(),
        allowCredentials: questions.map(({ credentialId }) => descriptor(credentialId)),
        userVerification: "required",
        timeout,
        extensions: { prf: { evalByCredential: Object.fromEntries(questions.map((question) => [question.credentialId, evaluation(question)])) } },
      },
    }),
  );
  const answer = answerOf(base64url(new Uint8Array(used.rawId)), used.getClientExtensionResults().prf?.results);
  if (!answer) throw new PasskeyError("no-key");
  return answer;
}

/** Lets the person choose any passkey of this site; gives its id and the vault it belongs to. */
export async function findPasskey(): Promise<{ credentialId: string; user: string }> {
  const used = await ceremony(() =>
    navigator.credentials.get({ publicKey: { rpId: location.hostname, challenge: challenge(), userVerification: "preferred", timeout } }),
  );
  const { userHandle } = used.response as AuthenticatorAssertionResponse;
  if (!userHandle) throw new PasskeyError("failed");
  return { credentialId: base64url(new Uint8Array(used.rawId)), user: new TextDecoder().decode(userHandle) };
}

/** Tells the keeper of passkeys that one opens nothing (WebAuthn Level 3 §5.1.10). Not every browser can. */
export async function takeBack(credentialId: string): Promise<void> {
  await (globalThis.PublicKeyCredential as Capable | undefined)
    ?.signalUnknownCredential?.({ rpId: location.hostname, credentialId })
    .catch(() => undefined);
}

const descriptor = (id: string): PublicKeyCredentialDescriptor => ({ type: "public-key", id: fromBase64url(id) });

async function ceremony(ask: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  if (!(await canUsePasskeys())) throw new PasskeyError("unavailable");
  try {
    const credential = await ask();
    if (credential instanceof PublicKeyCredential) return credential;
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    const codes: Record<string, Code> = {
      NotAllowedError: "cancelled",
      AbortError: "cancelled",
      InvalidStateError: "already",
      SecurityError: "wrong-site",
      NotSupportedError: "no-key",
      ConstraintError: "no-key",
    };
    throw new PasskeyError(codes[name] ?? "failed");
  }
  throw new PasskeyError("failed");
}

function answerOf(credentialId: string, results: AuthenticationExtensionsPRFValues | undefined): PasskeyAnswer | undefined {
  if (!results?.first || !results.second) return undefined;
  return { credentialId, current: bytes(results.first), next: bytes(results.second) };
}

const bytes = (source: BufferSource): Uint8Array =>
  ArrayBuffer.isView(source) ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength) : new Uint8Array(source);
