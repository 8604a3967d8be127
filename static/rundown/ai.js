// The AI pages: a click on a variable puts it where somebody was writing; a chosen version shows at once.
(() => {
  "use strict";

  let last = document.getElementById("text");
  document.addEventListener("focusin", ({ target }) => {
    if (target.matches("[data-takes-variables]")) last = target;
  });
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-insert]");
    if (!button || !last || last.readOnly) return;
    last.setRangeText(`{{${button.dataset.insert}}}`, last.selectionStart, last.selectionEnd, "end");
    last.focus();
  });
  document.addEventListener("change", ({ target }) => {
    if (target.matches("[data-submit-on-change]")) target.form.submit();
  });
})();
