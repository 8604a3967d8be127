// The AI pages: a click on a variable puts it where somebody was writing; a chosen version shows at once; rows come and go.
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
  // Without this script the last row is a free one, and the tick “remove” does it when the form is sent.
  for (const table of document.querySelectorAll("[data-rows]")) {
    const place = table.closest(".table-wrap").parentElement;
    const total = place.querySelector(`[name="${table.dataset.rows}-TOTAL_FORMS"]`);
    const add = place.querySelector("[data-add-row]");
    add.hidden = false;
    add.addEventListener("click", () => {
      const row = place.querySelector("[data-row]").innerHTML.replaceAll("__prefix__", total.value);
      table.tBodies[0].insertAdjacentHTML("beforeend", row);
      total.value = Number(total.value) + 1;
      table.tBodies[0].lastElementChild.querySelector("input").focus();
    });
    table.addEventListener("change", ({ target }) => {
      if (target.name.endsWith("-DELETE")) target.closest("tr").classList.toggle("ai-dropped", target.checked);
    });
  }
  document.addEventListener("change", ({ target }) => {
    if (target.matches("[data-submit-on-change]")) target.form.submit();
  });
})();
