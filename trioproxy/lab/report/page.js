"use strict";
// Chooses runs and light or dark. The page says everything without it.
(() => {
  const theme = document.getElementById("theme");
  const root = document.documentElement;
  theme.hidden = false;
  theme.addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });

  const choosers = [...document.querySelectorAll("form.chooser")].map((form) => {
    const timelines = [...form.nextElementSibling.querySelectorAll("details.timeline")];
    const search = form.querySelector("input");
    const select = form.querySelector("select");
    const options = [...select.options];
    const matching = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      return timelines.filter((each) => {
        const title = each.querySelector("summary").textContent.toLowerCase();
        return words.every((word) => title.includes(word));
      });
    };
    const show = () => {
      const found = matching();
      const runs = new Set(found.map((each) => each.dataset.run));
      for (const each of options) each.hidden = each.value !== "" && !runs.has(each.value);
      if (select.value && !runs.has(select.value)) select.value = "";
      for (const each of timelines) {
        each.hidden = select.value ? each.dataset.run !== select.value : !runs.has(each.dataset.run);
        if (!each.hidden && select.value) each.open = true;
      }
    };
    const choose = (run) => {
      search.value = "";
      select.value = run;
      show();
    };
    form.hidden = false;
    form.addEventListener("submit", (event) => event.preventDefault());
    search.addEventListener("input", show);
    select.addEventListener("change", () => {
      show();
      history.replaceState(null, "", select.value ? `#run=${encodeURIComponent(select.value)}` : " ");
    });
    for (const button of form.querySelectorAll("[data-step]")) {
      button.addEventListener("click", () => {
        const runs = ["", ...matching().map((each) => each.dataset.run)];
        const at = runs.indexOf(select.value) + Number(button.dataset.step);
        select.value = runs[(at + runs.length) % runs.length];
        select.dispatchEvent(new Event("change"));
      });
    }
    return { form, choose, runs: new Set(timelines.map((each) => each.dataset.run)) };
  });

  // `#run=<id>`: that run alone.
  const follow = () => {
    if (!location.hash.startsWith("#run=")) return;
    const run = decodeURIComponent(location.hash.slice(5));
    const chooser = choosers.find((each) => each.runs.has(run));
    if (!chooser) return;
    chooser.choose(run);
    chooser.form.scrollIntoView();
  };
  addEventListener("hashchange", follow);
  follow();
})();
