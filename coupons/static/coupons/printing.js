/* A print run's page follows the run; when it ends, the page's content is fetched anew. */
"use strict";
(() => {
  const WAIT_MS = 1500;

  const renew = async () => {
    const answer = await fetch(window.location.href, { credentials: "same-origin" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("content");
    if (fresh) document.getElementById("content").replaceWith(document.adoptNode(fresh));
  };

  const follow = (shown) => {
    const bar = shown.querySelector("progress");
    const says = shown.querySelector("p");
    const look = async () => {
      try {
        const answer = await fetch(shown.dataset.url, { credentials: "same-origin" });
        if (!answer.ok) throw new Error(String(answer.status));
        const told = await answer.json();
        bar.max = Math.max(told.sheets, 1);
        bar.value = told.done;
        if (says.textContent !== told.says) says.textContent = told.says;
        if (told.state !== "running") {
          await renew();
          return;
        }
      } catch {
        says.textContent = "The server does not answer; asking again.";
      }
      window.setTimeout(look, WAIT_MS);
    };
    window.setTimeout(look, WAIT_MS);
  };

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".run-progress").forEach(follow);
  });
})();
