// Settings, from the environment. The API key comes from a file, so that it is in no process list.
import { readFileSync } from "node:fs";

/** Reads the settings; throws a plain sentence when one is missing. */
export function readConfig(env) {
  const need = (name) => {
    if (!env[name]) throw new Error(`${name} is not set; see examples/library/README.md`);
    return env[name];
  };
  const file = (name) => readFileSync(need(name), "utf8").trim();
  const port = Number(env.LIBRARY_PORT ?? 8471);
  const origin = env.LIBRARY_ORIGIN ?? `http://localhost:${port}`;
  return {
    port,
    origin,
    /** Cookies can only be `Secure` where there is TLS; on this machine's own address there is none. */
    secure: origin.startsWith("https:"),
    data: env.LIBRARY_DATA ?? ".library",
    assentUrl: need("ASSENT_URL"),
    assentKey: file("ASSENT_KEY_FILE"),
    webhookSecret: env.ASSENT_WEBHOOK_SECRET_FILE ? file("ASSENT_WEBHOOK_SECRET_FILE") : undefined,
    checkEverySeconds: Number(env.LIBRARY_CHECK_EVERY ?? 60),
  };
}
