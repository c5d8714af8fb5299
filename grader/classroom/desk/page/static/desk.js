"use strict";
// The desk works without this file; with it, it works with the keyboard, and a line can be clicked.

const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const one = (selector, within = document) => within.querySelector(selector);
const memory = {
  get: (name) => { try { return sessionStorage.getItem(name); } catch { return null; } },
  set: (name, value) => { try { value === null ? sessionStorage.removeItem(name) : sessionStorage.setItem(name, value); } catch { /* a browser may forbid it */ } },
};
const page = location.pathname + location.search;
const student = one("[data-student]")?.dataset.student;

function tell(text) {
  one("#told").textContent = text;
}

// keys can be turned off, for who dictates

const keysWanted = one("#single-keys");
if (keysWanted) {
  try { keysWanted.checked = localStorage.getItem("desk-keys") !== "off"; } catch { /* stays on */ }
  keysWanted.addEventListener("change", () => {
    try { localStorage.setItem("desk-keys", keysWanted.checked ? "on" : "off"); } catch { /* for this page, then */ }
  });
}
const help = one("#keys");
one("[data-keys]")?.addEventListener("click", () => help.showModal());

// the lines of the code, or the entries of a list: one of them is the current one

const lines = all(".line");
const entries = all("[data-list] [data-open]");
const rows = lines.length ? lines : entries.map((link) => link.closest("li, tr"));
let here = -1;

function buttonOf(row) {
  return one(".no", row) ?? one("[data-open]", row);
}

function goTo(at, focus = true) {
  if (!rows.length) return;
  rows[here]?.classList.remove("here");
  here = Math.max(0, Math.min(rows.length - 1, at));
  const row = rows[here];
  row.classList.add("here");
  if (lines.length) {
    all(".no[tabindex='0']").forEach((button) => { button.tabIndex = -1; });
    buttonOf(row).tabIndex = 0;
  }
  row.scrollIntoView({ block: "nearest" });
  if (focus) buttonOf(row).focus({ preventScroll: true });
}

function goToMarked(step) {
  const wanted = (row) => row.matches(".marked, .said");
  for (let at = here + step; at >= 0 && at < rows.length; at += step) {
    if (wanted(rows[at])) return goTo(at);
  }
  tell("There is no other line with a mark.");
}

lines.forEach((line, at) => {
  const button = buttonOf(line);
  button.tabIndex = at ? -1 : 0; // one stop for Tab; j and k move it
  button.addEventListener("click", () => { goTo(at); commentOn(line); });
});
entries.forEach((link, at) => link.addEventListener("focus", () => goTo(at, false)));

// the form for a comment goes to where it belongs, and its text is never lost

const form = one("#comment-form");
const field = form && one("textarea", form);
let spot = "";

function draftName() {
  return `desk-draft ${student} ${spot}`;
}

function place(where, exercise, placeName, number, anchor, label) {
  spot = anchor;
  where.append(form);
  form.elements.exercise.value = exercise;
  form.elements.place.value = placeName;
  form.elements.line.value = number;
  form.elements.spot.value = anchor;
  one("#comment-where").textContent = label;
  one("#comment-leave").hidden = where.id === "comment-home";
  field.value = memory.get(draftName()) ?? "";
}

function commentOn(line) {
  const within = line.closest("[data-place]");
  const exercise = line.closest("[data-exercise]").dataset.exercise;
  const number = one(".no", line).dataset.line;
  place(line, exercise, within.dataset.place, number, line.id, `Comment on ${within.dataset.place}, line ${number}`);
  field.focus();
}

function commentOnWhole() {
  place(one("#comment-home"), "", "", "", "whole-title", "Comment on the whole");
}

if (form) {
  commentOnWhole();
  field.addEventListener("input", () => memory.set(draftName(), field.value || null));
  form.addEventListener("submit", () => memory.set(draftName(), null));
  one("#comment-leave").addEventListener("click", () => { commentOnWhole(); field.focus(); });
  all("[data-comment]").forEach((button) => button.addEventListener("click", () => {
    const name = button.dataset.where;
    const section = button.closest("section");
    place(section, name, "", "", one("h2", section).id, `Comment on ${name}`);
    field.focus();
  }));
}

// a form that was sent leaves the page where it was

document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  const sent = event.target;
  if (sent.dataset.sent) return event.preventDefault(); // once, also where Enter is pressed twice
  sent.dataset.sent = "yes";
  memory.set("desk-place", JSON.stringify([page, scrollY, one("aside")?.scrollTop ?? 0, rows[here]?.id ?? ""]));
});
addEventListener("pageshow", () => all("[data-sent]").forEach((sent) => delete sent.dataset.sent));

const kept = JSON.parse(memory.get("desk-place") ?? "null");
memory.set("desk-place", null);
if (kept && kept[0] === page) {
  const at = rows.findIndex((row) => row.id && row.id === kept[3]);
  if (at >= 0) goTo(at, false);
  requestAnimationFrame(() => {
    scrollTo(0, kept[1]);
    const aside = one("aside");
    if (aside) aside.scrollTop = kept[2];
  });
  tell("Saved.");
}

// keys

const letters = {
  "?": () => help.showModal(),
  "/": () => { const search = one("#search"); if (search) search.select(); else location.href = "/students#search"; },
  j: () => goTo(here + 1),
  k: () => goTo(here - 1),
  J: () => goToMarked(1),
  K: () => goToMarked(-1),
  c: () => { if (form) { if (here >= 0 && lines.length) commentOn(lines[here]); else { commentOnWhole(); field.focus(); } } },
  a: () => one("#points")?.focus(),
  e: () => one("#excuse")?.focus(),
};

document.addEventListener("keydown", (event) => {
  const inField = event.target.closest("input, textarea, select");
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && inField?.form) {
    event.preventDefault();
    inField.form.requestSubmit();
    return;
  }
  if (event.key === "Escape" && inField && !help.open) {
    inField.blur();
    if (here >= 0) buttonOf(rows[here]).focus();
    return;
  }
  if (inField || event.ctrlKey || event.metaKey || event.altKey || help.open || event.isComposing || !keysWanted?.checked) return;
  const keyed = all("[data-key]").find((each) => each.dataset.key === event.key);
  const act = letters[event.key] ?? (keyed && (() => keyed.click()));
  if (!act) return;
  event.preventDefault();
  act();
});
if (location.hash === "#search") one("#search")?.focus();
document.documentElement.dataset.ready = "yes";
