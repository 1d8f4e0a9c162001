// Passkeys that answer salts (WebAuthn Level 3, extension `prf`). The page only carries: what a passkey answers goes to the
// worker as it came, and is wiped there. Signatures are for the vault service, which checks them; the answer is the key.
import { base64url, fromBase64url } from "../engine/base64url";
import { EngineError } from "../engine/client";
import type { Assertion, PasskeyAnswer } from "../engine/commands";

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

/** A passkey that was just made. */
export interface Made {
  id: string;
  /** What it said of itself, for the vault service. */
  data?: string | undefined;
}

type Code = "removed" | "cancelled" | "unavailable" | "no-key" | "already" | "wrong-site" | "failed";

/** Why a passkey could not be used. `made` is one that exists by now, and still has to answer. */
export class PasskeyError extends EngineError {
  constructor(
    code: Code,
    readonly made?: Made,
  ) {
    super({ code: `passkey-${code}`, message: "", hint: "", blame: "you", wasAnythingShared: "no" });
  }
}

/** As long as a person may take. */
const timeout = 180_000;
/** ES256, EdDSA, RS256: what authenticators have. The vault service checks the first two; with the third it is not signed in to. */
const algorithms = [-7, -8, -257];

/** What is signed: for the vault service as it gave it; else for nobody. */
const challengeOf = (given?: string) => (given ? fromBase64url(given) : crypto.getRandomValues(new Uint8Array(32)));
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
        challenge: challengeOf(),
        pubKeyCredParams: algorithms.map((alg) => ({ type: "public-key", alg })),
        authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
        excludeCredentials: order.known.map(descriptor),
        attestation: "none",
        timeout,
        extensions: { prf: { eval: evaluation(order) } },
      },
    }),
  );
  const id = base64url(new Uint8Array(made.rawId));
  const { prf } = made.getClientExtensionResults();
  // Not every browser gives it: the vault service then does not know this passkey.
  const data = (made.response as AuthenticatorAttestationResponse).getAuthenticatorData?.();
  const known = { id, data: data && base64url(new Uint8Array(data)) };
  const answer = answerOf(id, prf?.results);
  if (answer) return { ...answer, made: known.data };
  if (prf?.enabled !== true) {
    await takeBack(id);
    throw new PasskeyError("no-key");
  }
  return finishPasskey(known, order);
}

/** Asks a passkey that was just made; most answer only when they are used. */
export async function finishPasskey(made: Made, salts: { current: string; next: string }): Promise<PasskeyAnswer> {
  try {
    return { ...(await askPasskey([{ credentialId: made.id, ...salts }])), made: made.data };
  } catch (error) {
    const code = error instanceof PasskeyError ? error.failure.code.replace("passkey-", "") : "failed";
    if (code !== "no-key") throw new PasskeyError(code as Code, made);
    await takeBack(made.id);
    throw error;
  }
}

/** Has one of these passkeys answer, and sign the `challenge` of the vault service in the same moment. */
export async function askPasskey(questions: PasskeyQuestion[], challenge?: string): Promise<PasskeyAnswer> {
  // Only words: what says so is not vouched for, and a lying service must not have passkeys deleted.
  if (questions.length === 0) throw new PasskeyError("removed");
  const used = await ceremony(() =>
    navigator.credentials.get({
      publicKey: {
        rpId: location.hostname,
        challenge: challengeOf(challenge),
        allowCredentials: questions.map(({ credentialId }) => descriptor(credentialId)),
        userVerification: "required",
        timeout,
        extensions: { prf: { evalByCredential: Object.fromEntries(questions.map((question) => [question.credentialId, evaluation(question)])) } },
      },
    }),
  );
  const answer = answerOf(base64url(new Uint8Array(used.rawId)), used.getClientExtensionResults().prf?.results);
  if (!answer) throw new PasskeyError("no-key");
  return { ...answer, assertion: signedBy(used, challenge) };
}

/** Lets the person choose any passkey of this site; gives its id, the vault it belongs to, and what it signed. */
export async function findPasskey(challenge?: string): Promise<{ credentialId: string; user: string; assertion: Assertion | undefined }> {
  const used = await ceremony(() =>
    navigator.credentials.get({ publicKey: { rpId: location.hostname, challenge: challengeOf(challenge), userVerification: "required", timeout } }),
  );
  const { userHandle } = used.response as AuthenticatorAssertionResponse;
  if (!userHandle) throw new PasskeyError("failed");
  return { credentialId: base64url(new Uint8Array(used.rawId)), user: new TextDecoder().decode(userHandle), assertion: signedBy(used, challenge) };
}

function signedBy({ rawId, response }: PublicKeyCredential, challenge: string | undefined): Assertion | undefined {
  if (!challenge) return undefined;
  const { clientDataJSON, authenticatorData, signature } = response as AuthenticatorAssertionResponse;
  const text = (bytes: ArrayBuffer) => base64url(new Uint8Array(bytes));
  return { credentialId: text(rawId), clientData: text(clientDataJSON), authenticatorData: text(authenticatorData), signature: text(signature) };
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
