// On a telephone the bar's second row is wider than the screen: the page one is on comes into sight.
"use strict";
(() => {
  const row = document.querySelector(".below-word");
  const here = row && row.querySelector("[aria-current]");
  if (here) row.scrollLeft = here.offsetLeft - (row.clientWidth - here.offsetWidth) / 2;
})();
