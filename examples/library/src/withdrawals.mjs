// When someone stops sharing, what they shared is deleted: at once by webhook, and by asking in case a webhook is lost.
// Who stops only the reminders stays a member without an e-mail address.
import { AssentProblem, verifyWebhook, WebhookError } from "@assent/sdk/server";
import { REMINDERS } from "./consent-request.mjs";

export class Withdrawals {
  #register;
  #assent;

  constructor(register, assent) {
    this.#register = register;
    this.#assent = assent;
  }

  /** Handles one webhook. Returns the HTTP status to answer. */
  receive(secret, headers, body) {
    if (!secret) return 404;
    let id;
    let event;
    try {
      ({ id, event } = verifyWebhook(secret, (name) => headers[name], body));
    } catch (error) {
      if (error instanceof WebhookError) return 401;
      throw error;
    }
    if (event.type === "consent.withdrawn" && event.consent_id && this.#register.isNewEvent(id)) {
      if (event.consent_state === "active") this.#stopped(event.consent_id, event.purposes);
      else this.#register.erase(event.consent_id, "withdrawn");
    }
    return 204;
  }

  /** Some purposes ended. */
  #stopped(consentId, purposes = []) {
    if (purposes.some((purpose) => purpose !== REMINDERS)) this.#register.erase(consentId, "withdrawn");
    else if (purposes.length > 0) this.#register.forget(consentId, "email");
  }

  /** Asks about one consent and deletes when it is no longer given. False when nobody answered. */
  async check(consentId) {
    try {
      const { state, withdrawn_purposes: stopped } = await this.#assent.consent(consentId);
      if (state !== "active") this.#register.erase(consentId, state === "expired" ? "time" : "withdrawn");
      else this.#stopped(consentId, stopped);
      return true;
    } catch (error) {
      if (!(error instanceof AssentProblem)) throw error;
      if (error.status === 404) this.#register.erase(consentId, "withdrawn");
      return false;
    }
  }

  /** Asks about all of them, and deletes what is too old. */
  async checkAll() {
    this.#register.eraseOld();
    for (const consentId of this.#register.consents()) await this.check(consentId);
  }
}
