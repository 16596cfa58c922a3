/* A theme's page: a sheet drawn anew while the form is filled in, and swatches beside colours. */
"use strict";
(() => {
  const WAIT_MS = 400;
  const MOST_BYTES = 3 * 1024 * 1024; // of one upload: a larger one is seen once it is saved

  const swatches = (form, changed) => {
    for (const field of form.querySelectorAll("input.colour")) {
      const swatch = document.createElement("input");
      swatch.type = "color";
      swatch.className = "swatch";
      swatch.tabIndex = -1;
      swatch.setAttribute("aria-label", "Choose a colour");
      const follow = () => {
        if (/^#[0-9a-f]{6}$/i.test(field.value)) swatch.value = field.value.toLowerCase();
      };
      follow();
      field.addEventListener("input", follow);
      swatch.addEventListener("input", () => {
        field.value = swatch.value;
        changed();
      });
      field.insertAdjacentElement("afterend", swatch);
    }
  };

  const list = (element, sentences) => {
    element.replaceChildren(
      ...sentences.map((sentence) => {
        const line = document.createElement("li");
        line.textContent = sentence;
        return line;
      }),
    );
  };

  const begin = () => {
    const aside = document.querySelector(".theme-preview");
    const form = aside && aside.closest("form");
    if (!form) return;
    const says = document.getElementById("theme-preview-says");
    const faults = document.getElementById("theme-preview-faults");
    const warnings = document.getElementById("theme-preview-warnings");
    const pages = document.getElementById("theme-preview-pages");
    let timer = 0;
    let asked = null;

    const typed = () => {
      const body = new FormData(form);
      let isLarge = false;
      for (const [name, value] of [...body.entries()]) {
        if (value instanceof File && value.size > MOST_BYTES) {
          body.delete(name);
          isLarge = true;
        }
      }
      return [body, isLarge];
    };

    const show = (drawn) => {
      while (pages.children.length > drawn.length) pages.lastElementChild.remove();
      drawn.forEach((source, at) => {
        let page = pages.children[at];
        if (!page) {
          page = document.createElement("img");
          page.alt = at ? `Page ${at + 1} of the sample sheet` : "The sample sheet";
          pages.append(page);
        }
        page.src = source;
      });
    };

    const draw = async () => {
      if (asked) asked.abort();
      const mine = new AbortController();
      asked = mine;
      says.textContent = "drawing …";
      const [body, isLarge] = typed();
      try {
        const answer = await fetch(aside.dataset.url, {
          method: "POST",
          body,
          signal: mine.signal,
          credentials: "same-origin",
        });
        if (!answer.ok) throw new Error(String(answer.status));
        const told = await answer.json();
        list(faults, told.faults || []);
        if (told.pages) {
          show(told.pages);
          list(warnings, told.warnings);
          says.textContent = `narrowest bar ${told.module}`;
        } else {
          says.textContent = pages.children.length ? "as it last was" : "";
        }
        if (isLarge) says.textContent += "; what is uploaded is large: it shows once it is saved";
        aside.classList.toggle("is-stale", !told.pages);
      } catch (error) {
        if (error.name === "AbortError") return;
        says.textContent = "not drawn: the server did not answer";
        aside.classList.add("is-stale");
      }
    };

    const changed = () => {
      window.clearTimeout(timer);
      timer = window.setTimeout(draw, WAIT_MS);
    };
    swatches(form, changed);
    form.addEventListener("input", changed);
    form.addEventListener("change", changed);
    document.addEventListener("formset:removed", changed);
    draw();
  };

  document.addEventListener("DOMContentLoaded", begin);
})();
