/* A page follows work of the queue: a print run, a selection, the issue of sheets. When that ends
   the page is loaded again, unless somebody has begun to write into it. */
"use strict";
(() => {
  const WAIT_MS = 1500;
  let isWrittenIn = false;

  const follow = (shown) => {
    const bar = shown.querySelector("progress");
    const says = shown.querySelector("p");
    const say = (words) => { if (words && says.textContent !== words) says.textContent = words; };
    const look = async () => {
      try {
        const answer = await fetch(shown.dataset.url, {
          credentials: "same-origin",
          headers: { "X-Polls": "1" }, // nobody's hand: it keeps nobody signed in
        });
        if (!answer.ok) throw new Error(String(answer.status));
        const told = await answer.json();
        if (told.sheets > 0) {
          bar.max = told.sheets;
          bar.value = told.done;
        } else {
          bar.removeAttribute("value");
        }
        say(told.says);
        if (told.state !== "running") {
          if (isWrittenIn) say(shown.dataset.ended);
          else window.location.reload();
          return;
        }
      } catch {
        say(shown.dataset.silent);
      }
      window.setTimeout(look, WAIT_MS);
    };
    window.setTimeout(look, WAIT_MS);
  };

  document.addEventListener("DOMContentLoaded", () => {
    document.addEventListener("input", () => { isWrittenIn = true; });
    document.querySelectorAll(".run-progress").forEach(follow);
  });
})();
