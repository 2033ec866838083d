/* What scrolls can be reached by keyboard too; a table then says what it is of. */
(() => {
  "use strict";
  const titleOf = (box) => box.closest("section")
    ?.querySelector(":is(h1, h2, h3, h4, h5, h6)")?.firstChild?.textContent.trim();
  const reach = () => {
    for (const box of document.querySelectorAll("article pre, article .table-wrapper")) {
      const title = box.matches(".table-wrapper") ? titleOf(box) : "";
      if (box.scrollWidth <= box.clientWidth) {
        for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
        continue;
      }
      box.tabIndex = 0;
      if (!title) continue;
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", title);
    }
  };
  window.addEventListener("DOMContentLoaded", reach);
  window.addEventListener("resize", reach);
})();

/* A command that is too long for its line breaks between words, not at the hyphens of an option. */
window.addEventListener("DOMContentLoaded", () => {
  "use strict";
  for (const block of document.querySelectorAll("div:is(.highlight-sh, .highlight-console) pre")) {
    const texts = document.createTreeWalker(block, NodeFilter.SHOW_TEXT), found = [];
    while (texts.nextNode()) if (texts.currentNode.data.includes("--")) found.push(texts.currentNode);
    for (const text of found)
      text.replaceWith(...text.data.split(/((?<!\S)--[\w-]+)/).map((part, number) => {
        if (number % 2 === 0) return part;
        const span = document.createElement("span");
        span.className = "whole";
        span.textContent = part;
        return span;
      }));
  }
});
