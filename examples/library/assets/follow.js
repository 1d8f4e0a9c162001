// Notices, while the page is open, that the details are gone, and shows it.
const shown = document.querySelector("[data-version]")?.getAttribute("data-version");

async function look() {
  if (!document.hidden) {
    try {
      const answer = await fetch("/account/version", { cache: "no-store" });
      if (answer.ok && (await answer.json()).version !== shown) return location.reload();
    } catch {
      // The library is closed for a moment; the next look will tell.
    }
  }
  setTimeout(look, 2000);
}

if (shown) setTimeout(look, 2000);
