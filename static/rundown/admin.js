// Every page of the admin. A form says which workspace it was opened in: another may be open in another tab by the time
// that it is sent. And what Unfold and Django leave without a name gets one, for those who hear the page.
(() => {
  "use strict";

  const workspace = new URL(document.currentScript.src).searchParams.get("workspace");
  document.addEventListener("formdata", ({ target, formData }) => {
    if (workspace && target.method === "post") formData.set("_workspace", workspace);
  });

  const name = () => {
    for (const field of document.querySelectorAll("input[placeholder]:not([aria-label])")) {
      if (!field.labels?.length) field.setAttribute("aria-label", field.placeholder);
    }
    for (const icon of document.querySelectorAll("a > .clock-icon, a > .date-icon")) {
      icon.parentElement.setAttribute("aria-label", icon.title);
    }
  };
  window.addEventListener("load", () => setTimeout(name)); // Django puts its links for dates there at that time
})();
