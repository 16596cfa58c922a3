// Gives the boxes that select2 draws the names of the fields they stand for, for screen readers.
"use strict";
(() => {
  const named = (select) => {
    const label = select.labels && select.labels[0];
    const box = select.nextElementSibling && select.nextElementSibling.querySelector(".select2-selection");
    if (!label || !box) return;
    const words = label.textContent.trim().replace(/:$/, "");
    const chosen = box.querySelector(".select2-selection__rendered");
    if (chosen && chosen.getAttribute("role") === "textbox") {
      // One choice: the box's own name is what was chosen, which may be nothing.
      label.id ||= `label-of-${select.id}`;
      chosen.setAttribute("aria-label", chosen.textContent.trim() ? `${words}: ${chosen.title}` : words);
      box.setAttribute("aria-labelledby", `${label.id} ${chosen.id}`);
    } else {
      box.setAttribute("aria-label", words);
    }
    const search = box.querySelector(".select2-search__field");
    if (search) search.setAttribute("aria-label", words);
  };
  const all = () => document.querySelectorAll("select.admin-autocomplete").forEach(named);
  window.addEventListener("load", () => {
    all();
    document.addEventListener("formset:added", all);
    // What select2 tells, it tells to jQuery only.
    if (!window.django || !window.django.jQuery) return;
    window.django.jQuery(document)
      .on("select2:open", (event) => {
        const label = event.target.labels && event.target.labels[0];
        const search = document.querySelector(".select2-container--open .select2-dropdown .select2-search__field");
        if (label && search) search.setAttribute("aria-label", label.textContent.trim().replace(/:$/, ""));
      })
      .on("change", "select.admin-autocomplete", all);
  });
})();
