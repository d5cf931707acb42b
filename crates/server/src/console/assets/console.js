// Comfort only: every page works without this file. No markup is made from strings here.
"use strict";
(() => {
  // Copy buttons stand beside their value and are hidden until this runs.
  const reveal = (root) => {
    for (const button of root.querySelectorAll("button[data-copy][hidden]")) button.hidden = false;
    for (const time of root.querySelectorAll("time[datetime]")) {
      const at = new Date(time.dateTime);
      if (!Number.isNaN(at.getTime())) time.title = at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "long" });
    }
    for (const mark of root.querySelectorAll("[data-live][hidden]")) mark.hidden = false;
    for (const control of root.querySelectorAll("select[data-submit]")) control.addEventListener("change", () => control.form.requestSubmit());
    for (const dialog of root.querySelectorAll("dialog[open][data-modal]")) {
      dialog.removeAttribute("open");
      dialog.showModal();
      // Escape goes where "Cancel" goes.
      dialog.addEventListener("cancel", (event) => {
        const back = dialog.querySelector("a[data-cancel]");
        if (back) { event.preventDefault(); location.assign(back.href); }
      });
    }
  };
  const say = document.createElement("div");
  say.className = "sr";
  say.setAttribute("role", "status");
  addEventListener("DOMContentLoaded", () => { document.body.append(say); reveal(document); });
  document.addEventListener("htmx:after:swap", () => reveal(document));
  document.addEventListener("click", async (event) => {
    const button = event.target instanceof Element && event.target.closest("button[data-copy]");
    if (button) {
      const value = button.parentElement.querySelector("code");
      try {
        await navigator.clipboard.writeText(value.textContent);
        say.textContent = "Copied";
        const use = button.querySelector("use");
        const before = use.getAttribute("href");
        use.setAttribute("href", before.replace(/#.*/, "#i-check"));
        setTimeout(() => { use.setAttribute("href", before); say.textContent = ""; }, 1600);
      } catch {
        getSelection().selectAllChildren(value);
      }
      return;
    }
    const all = event.target instanceof Element && event.target.closest("input[data-all]");
    if (all) for (const box of document.querySelectorAll(`input[type=checkbox][name="${CSS.escape(all.dataset.all)}"]`)) box.checked = all.checked;
  });
  // A form is sent once.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => { for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent; });
})();
