// Gives fields in rows, and the boxes that select2 draws, the names they stand under or for, for
// screen readers.
"use strict";
(() => {
  // A row's fields stand under the words of their columns, and have no label of their own.
  const byColumn = (row) => {
    const heads = row.closest("table").querySelectorAll("thead th");
    [...row.cells].forEach((cell, at) => {
      const words = heads[at] ? heads[at].textContent.trim().replace(/[:?]$/, "") : "";
      if (!words) return;
      cell.querySelectorAll("input:not([type=hidden]), select, textarea").forEach((field) => {
        if (!field.closest(".select2")) field.setAttribute("aria-label", words);
      });
    });
  };
  const wordsOf = (field) => {
    const label = field.labels && field.labels[0];
    return label ? label.textContent.trim().replace(/:$/, "") : field.getAttribute("aria-label");
  };
  const named = (select) => {
    const label = select.labels && select.labels[0];
    const box = select.nextElementSibling && select.nextElementSibling.querySelector(".select2-selection");
    const words = wordsOf(select);
    if (!words || !box) return;
    const chosen = box.querySelector(".select2-selection__rendered");
    if (chosen && chosen.getAttribute("role") === "textbox") {
      // One choice: the box's own name is what was chosen, which may be nothing.
      if (label) label.id ||= `label-of-${select.id}`;
      chosen.setAttribute("aria-label", chosen.textContent.trim() ? `${words}: ${chosen.title}` : words);
      box.setAttribute("aria-labelledby", label ? `${label.id} ${chosen.id}` : chosen.id);
    } else {
      box.setAttribute("aria-label", words);
    }
    const clear = box.querySelector("ul > .select2-selection__clear");
    if (clear) clear.setAttribute("role", "listitem");  // in a list stands nothing else
    const search = box.querySelector(".select2-search__field");
    if (search) search.setAttribute("aria-label", words);
  };
  const all = () => {
    document.querySelectorAll(".tabular tr.form-row:not(.empty-form)").forEach(byColumn);
    document.querySelectorAll("select.admin-autocomplete").forEach(named);
  };
  window.addEventListener("load", () => {
    all();
    document.addEventListener("formset:added", all);
    // What select2 tells, it tells to jQuery only.
    if (!window.django || !window.django.jQuery) return;
    window.django.jQuery(document)
      .on("select2:open", (event) => {
        const words = wordsOf(event.target);
        const search = document.querySelector(".select2-container--open .select2-dropdown .select2-search__field");
        if (words && search) search.setAttribute("aria-label", words);
      })
      .on("change", "select.admin-autocomplete", all);
  });
})();
