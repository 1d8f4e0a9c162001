import "@assent/ui/css/tokens.css";
import "@assent/ui/css/base.css";
import { mount } from "svelte";
import App from "./app/App.svelte";
import { app } from "./app/app.svelte";

const target = document.getElementById("app");
if (target) {
  await app.start();
  mount(App, { target });
}
