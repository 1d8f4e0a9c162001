/// <reference lib="webworker" />
// Keeps the app shell and the engine for offline use. Nothing personal passes through here: requests to other
// origins and to the server's API are not touched.
declare const self: ServiceWorkerGlobalScope;
declare const __FILES__: string[];
declare const __VERSION__: string;

const cacheName = `assent-${__VERSION__}`;
const shell = new Set(__FILES__);

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches.open(cacheName).then((cache) => cache.addAll(__FILES__.map((file) => new Request(file, { cache: "no-cache" })))),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      // A tab that still runs the version before this one goes on loading its parts from there.
      .then((names) => Promise.all(names.filter((name) => name !== cacheName).slice(0, -1).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

// The page asks for this when the person chose to update, never by itself: a form must not vanish.
self.addEventListener("message", (event) => {
  if (event.data === "update-now") void self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  const path = event.request.mode === "navigate" && url.pathname === "/" ? "/index.html" : url.pathname;
  const current = shell.has(path);
  // Names with a hash in them mean the same in every version.
  if (!current && !path.startsWith("/assets/")) return;
  event.respondWith(caches.match(path, current ? { cacheName } : {}).then((hit) => hit ?? fetch(event.request)));
});

export {};
