import "@assent/ui/css/tokens.css";
import "@assent/ui/css/base.css";
import { mount } from "svelte";
import App from "./app/App.svelte";
import { app } from "./app/app.svelte";

const target = document.getElementById("app");
if (target) {
  try {
    await app.start();
    mount(App, { target });
  } catch {
    // Without its texts: in every language (index.html has the same for a browser without scripts).
    target.textContent = "Assent could not be loaded. Check your connection and load this page again. / Assent kon niet worden geladen. Controleer je verbinding en laad deze pagina opnieuw.";
  }
}
