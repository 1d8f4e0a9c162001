/** The browser half: importing this module defines `<request-consent>`. */
import { RequestConsent } from "./element";

export { RequestConsent };
export type { ConsentState } from "./states";

if (globalThis.customElements && !customElements.get("request-consent")) customElements.define("request-consent", RequestConsent);

declare global {
  interface HTMLElementTagNameMap {
    "request-consent": RequestConsent;
  }
}
