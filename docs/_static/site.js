/* What scrolls can be reached by keyboard too. */
(() => {
  "use strict";
  const reach = () => {
    for (const box of document.querySelectorAll("article pre, article .table-wrapper"))
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
  };
  window.addEventListener("DOMContentLoaded", reach);
  window.addEventListener("resize", reach);
})();
