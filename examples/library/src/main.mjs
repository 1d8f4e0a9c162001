// The city library of Voorbeeld: an example of a service that asks for consent through Assent.
// One process, no framework. `app.mjs` answers requests; `register.mjs` is everything the library remembers.
import { mkdirSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { AssentApi } from "@assent/sdk/server";
import { createApp } from "./app.mjs";
import { readConfig } from "./config.mjs";
import { Register } from "./register.mjs";
import { Withdrawals } from "./withdrawals.mjs";

const config = readConfig(process.env);
mkdirSync(config.data, { recursive: true, mode: 0o700 });
const register = new Register(join(config.data, "register.json"));
const assent = new AssentApi({ url: config.assentUrl, key: config.assentKey });
const withdrawals = new Withdrawals(register, assent);

const server = createServer(createApp({ config, register, assent, withdrawals }));
server.requestTimeout = 15_000;
server.listen(config.port, "127.0.0.1", () => console.log(`the library is open at ${config.origin}`));

// Webhooks are quick but can get lost; asking now and then cannot.
const timer = setInterval(() => withdrawals.checkAll().catch(() => undefined), config.checkEverySeconds * 1000);

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    clearInterval(timer);
    server.close(() => process.exit(0));
    server.closeAllConnections();
  });
}
