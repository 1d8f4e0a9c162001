/** The bodies of the Assent API that a service uses (`/openapi.json` has them all). */
import type { PresentationState } from "../states";

/** A text per language, e.g. `{ en: "…", nl: "…" }`. */
export type LocalisedText = Record<string, string>;

/** One detail of a card. */
export interface RequestedDetail {
  vct: string;
  path: (string | number | null)[];
  /** Only for optional details: what this one is for. */
  purpose?: LocalisedText;
}

/** What a service asks, and everything the law wants said with it. */
export interface ConsentRequest {
  purpose: LocalisedText;
  purpose_type: string;
  legal_basis: string;
  required: RequestedDetail[];
  optional?: RequestedDetail[];
  /** ISO 8601 duration, e.g. `P30D`. */
  retention: string;
  recipients: string[];
  storage_locations: string[];
  jurisdiction: string;
  controller: { name: string; contact: string; address: string };
  privacy_policy: string;
  rights_contact: string;
  authority: { name: string; url: string };
  language: string;
}

/** `POST /v1/presentations`. */
export interface NewPresentation {
  consent_request?: ConsentRequest;
  dcql_query?: unknown;
  response_mode?: "direct_post" | "direct_post.jwt";
  wallet_authorization_endpoint?: string;
  /**
   * Where the wallet sends the person afterwards, with a `response_code`: only with it are the details given out. On this
   * device that is the browser they left. On another device it is a page that shows them a code to type where they started.
   */
  redirect_uri?: string;
  webhook_url?: string;
  /** Seconds. */
  expires_in?: number;
  /** Transactions to authorise, for a `dcql_query`; only wallets that say they know the types get such a request. */
  transaction_data?: { type: string; credential_ids: string[]; [member: string]: unknown }[];
}

/** Its answer. */
export interface CreatedPresentation {
  transaction_id: string;
  expires_at: string;
  links: { same_device: string; cross_device: string };
  qr_svg: string;
}

/** `GET /v1/presentations/{transaction_id}`. */
export interface Presentation {
  state: PresentationState;
  /** Keep what you need: with a `response_code` they are given out once, without one for a minute after the first time. */
  credentials?: { query_id: string; vct: string; issuer: string; claims: Record<string, unknown>; transaction_data?: number[] }[];
  /** There were credentials, and the server has erased them since. */
  details_erased?: boolean;
  consent?: Consent;
  error?: string;
}

/** `GET /v1/consents/{consent_id}`. */
export interface Consent {
  consent_id: string;
  state: string;
  /** Purposes that were withdrawn while the rest stays: stop these. */
  withdrawn_purposes?: string[];
}

/** What a webhook carries. */
export interface WebhookEvent {
  type: "presentation.verified" | "presentation.declined" | "presentation.failed" | "consent.withdrawn" | (string & {});
  transaction_id?: string;
  consent_id?: string;
  /** With `consent.withdrawn`: what ends. */
  purposes?: string[];
  /** With `consent.withdrawn`: `active` when other purposes stay. Stopping everything is always right. */
  consent_state?: "active" | "withdrawn";
}
