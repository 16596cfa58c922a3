/* While a night, a selection or a print run is at work, its card is asked for again every few
   seconds, and the whole page once when it is done. Without this a reload shows the same. */
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const WAIT_MS = 4000;
  const address = new URL(window.location.href);
  address.searchParams.set("part", "night");

  const look = async () => {
    const card = document.querySelector("#tonight[data-polls]");
    if (!card) return;
    if (!document.hidden) {
      try {
        const answer = await fetch(address, {
          credentials: "same-origin",
          headers: { "X-Polls": "1" }, // nobody's hand: it keeps nobody signed in
        });
        if (answer.redirected || !answer.ok) throw new Error(String(answer.status));
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.querySelector("#tonight");
        if (!fresh) return;
        if (!fresh.hasAttribute("data-polls")) { window.location.reload(); return; }
        if (fresh.innerHTML !== card.innerHTML) card.replaceChildren(...fresh.children);
      } catch { /* asked again below: the server may be restarting */ }
    }
    window.setTimeout(look, WAIT_MS);
  };
  window.setTimeout(look, WAIT_MS);
});
