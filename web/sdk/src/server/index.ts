/** The back-end half (Node 20 or newer): a typed client for the Assent API, and the check of webhooks. No dependencies. */
export { type ApiOptions, AssentApi, AssentProblem } from "./api";
export type * from "./types";
export { verifyWebhook, WebhookError } from "./webhook";
