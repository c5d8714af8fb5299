// The page: which part of it is shown, its theme, and data that are loaded when they are looked at.
// Text is only ever put in as text: no markup is made from strings.
"use strict";

const report = (() => {
  const taken = new Map(); // name → value, of each data file that has been loaded
  const waiting = new Map(); // name → what to call with its value

  /** A data file hands over its value. */
  function take(name, value) {
    taken.set(name, value);
    for (const ready of waiting.get(name) ?? []) ready(value);
    waiting.delete(name);
  }

  /** A promise of a data file's value. */
  function want(name) {
    if (taken.has(name)) return Promise.resolve(taken.get(name));
    return new Promise((ready, fail) => {
      if (!waiting.has(name)) {
        waiting.set(name, []);
        const script = document.createElement("script");
        script.src = `data/${name}.js`;
        script.addEventListener("error", () => fail(new Error(`data/${name}.js is missing`)));
        if (!document.querySelector(`script[src="data/${name}.js"]`)) document.head.append(script);
      }
      waiting.get(name).push(ready);
    });
  }

  /** An element with attributes and children; a string among the children is text. */
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  }

  /** Text in which what stands between backticks is set as code. */
  function prose(text) {
    return text
      .split(/(`[^`\n]+`)/)
      .filter(Boolean)
      .map((piece) => (/^`[^`\n]+`$/.test(piece) ? make("code", {}, piece.slice(1, -1)) : piece));
  }

  const views = {}; // name → function(argument, parameters) that fills the view, may be async

  /** Shows the part that the address names: `#students?low=10`, `#student-12`. */
  async function show(first) {
    const [, name = "overview", argument, query = ""] =
      /^#([a-z]+)(?:-(\d+))?(?:\?(.*))?$/.exec(location.hash) ?? [];
    const sections = [...document.querySelectorAll("[data-view]")];
    const section = sections.find((one) => one.dataset.view === name) ?? sections[0];
    for (const one of sections) one.hidden = one !== section;
    for (const link of document.querySelectorAll("nav a")) {
      if (link.hash === `#${section.dataset.view}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    try {
      await views[section.dataset.view]?.(argument && Number(argument), new URLSearchParams(query), section);
    } catch (error) {
      section.replaceChildren(make("p", { role: "alert" }, `This cannot be shown: ${error.message}.`));
    }
    const heading = section.querySelector("h1");
    document.title = `${heading?.textContent ?? ""} – ${document.querySelector(".title").textContent}`;
    if (!first) {
      window.scrollTo(0, 0);
      heading?.focus({ preventScroll: true });
    }
  }

  const chooser = document.querySelector("#theme");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  /** Light or dark, as chosen here, else as the system has it; on paper always light. */
  function paint(onPaper = false) {
    const root = document.documentElement;
    root.classList.toggle("dark", !onPaper && (chooser.value ? chooser.value === "dark" : dark.matches));
    root.style.colorScheme = chooser.value || "light dark";
  }

  function remembered(value) {
    try {
      if (value === undefined) return localStorage.getItem("theme") ?? "";
      localStorage.setItem("theme", value);
    } catch {
      // a browser may keep no memory for pages from disk
    }
    return "";
  }

  chooser.value = remembered();
  chooser.addEventListener("change", () => {
    remembered(chooser.value);
    paint();
  });
  dark.addEventListener("change", () => paint());
  window.addEventListener("beforeprint", () => paint(true));
  window.addEventListener("afterprint", () => paint());
  paint();

  window.addEventListener("hashchange", () => show(false));
  // the skip link would change the address, and with it the part that is shown
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    document.querySelector("#main").focus();
  });
  document.addEventListener("DOMContentLoaded", () => show(true));
  return { take, want, make, prose, views };
})();
