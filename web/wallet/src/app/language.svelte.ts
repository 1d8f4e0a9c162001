// What a screen does when the person chooses another language.
import { untrack } from "svelte";
import { app } from "./app.svelte";

/**
 * Does something each time the language changes: names of cards and details come from the engine, in the language that was
 * set when it was asked. Only while a screen is being set up.
 */
export function onLanguage(work: () => void): void {
  let { language } = app.translator;
  $effect(() => {
    if (language === app.translator.language) return;
    language = app.translator.language;
    untrack(work);
  });
}
