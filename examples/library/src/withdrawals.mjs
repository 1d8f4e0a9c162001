// When someone stops sharing, what they shared is deleted: at once by webhook, and by asking in case a webhook is lost.
import { AssentProblem, verifyWebhook, WebhookError } from "@assent/sdk/server";

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
      this.#register.erase(event.consent_id, "withdrawn");
    }
    return 204;
  }

  /** Asks about one consent and deletes when it is no longer given. False when nobody answered. */
  async check(consentId) {
    try {
      const { state } = await this.#assent.consent(consentId);
      if (state !== "active") this.#register.erase(consentId, state === "expired" ? "time" : "withdrawn");
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
