export { default as Field } from "./components/Field.svelte";
export { default as Icon, type IconName } from "./components/Icon.svelte";
export { default as Notice } from "./components/Notice.svelte";
export { default as Tick } from "./components/Tick.svelte";
export { default as Waiting } from "./components/Waiting.svelte";
