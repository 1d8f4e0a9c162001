// Which address a person sees in the browser where they began.
import type { RequestView } from "../engine/views";

/**
 * The service's own site, as its signed terms name it; where it has none, the address that its answer goes to. Only of a
 * service whose identity was checked: an unchecked one could name any site.
 */
export function siteOf({ service, policyUrl }: Pick<RequestView, "service" | "policyUrl">): string {
  if (service.trust === "unverified" || !policyUrl || !URL.canParse(policyUrl)) return service.domain;
  return new URL(policyUrl).host || service.domain;
}
