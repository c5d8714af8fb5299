// The code of a student, with what the report says of its lines, and what has changed since earlier hand-ins.
"use strict";

(() => {
  const { make, prose } = report;
  const WORDS = { wrong: "not right", forbidden: "not allowed here", "not loaded": "cannot be loaded", look: "to look at", comment: "comment" };
  const CONTEXT = 3; // lines around a change
  let made = 0;

  /** A line's text as it is shown: an empty one takes room, too. */
  const shown = (text) => text || "\u00a0";

  function mark([, kind, checks, text]) {
    return make("li", { class: `line-mark is-${kind.replace(" ", "-")}` },
      make("b", {}, `${WORDS[kind]}${checks.length ? `: ${checks.join(", ")}` : ""}`), " ", ...prose(text));
  }

  /** A cell: numbered lines, and below a line what is said of it. */
  function cell([place, lines, marks], heading, found) {
    const said = new Map();
    for (const one of marks) said.set(one[0], [...(said.get(one[0]) ?? []), one]);
    return [
      heading ? make("h3", {}, place) : null,
      make("ol", { class: "source listing" }, ...lines.map((text, at) => {
        const marked = said.get(at + 1);
        const line = make("li", { class: marked ? "marked" : null, tabindex: marked ? "-1" : null }, make("span", {}, shown(text)),
          marked ? make("ul", { class: "line-marks" }, ...marked.map(mark)) : null);
        for (const one of marked ?? []) for (const name of one[2]) found.set(name, line);
        return line;
      })),
    ];
  }

  function file([name, filename, problem, cells]) {
    const found = new Map(); // check → the line that its mark stands at
    const count = cells.reduce((sum, one) => sum + one[2].length, 0);
    const lines = cells.reduce((sum, one) => sum + one[1].length, 0);
    const told = [`${lines} ${lines === 1 ? "line" : "lines"}`];
    if (count) told.push(`${count} ${count === 1 ? "mark" : "marks"}`);
    const element = make("details", { class: "code", open: count ? "" : null },
      make("summary", {}, make("code", {}, filename), ` ${told.join(", ")}`),
      problem ? make("p", { class: "cause" }, problem) : null,
      make("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": `The code of ${name}` },
        ...cells.flatMap((one) => cell(one, cells.length > 1, found)).filter(Boolean)));
    /** A place in words that leads to its line. */
    function link(check, place) {
      const line = found.get(check);
      if (!line) return place;
      const button = make("button", { type: "button", class: "link" }, place);
      button.addEventListener("click", () => {
        element.open = true;
        line.scrollIntoView({ block: "center" });
        line.focus({ preventScroll: true });
      });
      return button;
    }
    return { element, link };
  }

  /** The lines of a file as earlier ones are compared with it: those of a notebook below the place of each cell. */
  const flat = (entry) =>
    entry ? entry[3].flatMap(([place, lines]) => [...(entry[3].length > 1 ? [place] : []), ...lines]) : [];

  /** What was there and what came in its place; of what stayed, only what is near, unless `whole`. */
  function difference(ops, now, whole) {
    const rows = [];
    let at = 0;
    const row = (kind, text) =>
      make("li", { class: kind }, kind ? make("span", { class: "unseen" }, kind === "out" ? "taken out: " : "put in: ") : null,
        make("span", { class: "sign", "aria-hidden": "true" }, kind === "out" ? "−" : kind === "in" ? "+" : " "), shown(text));
    ops.forEach(([kind, value], place) => {
      if (kind === "-") rows.push(...value.map((text) => row("out", text)));
      else if (kind === "+") {
        rows.push(...now.slice(at, at + value).map((text) => row("in", text)));
        at += value;
      } else {
        const lines = now.slice(at, at + value);
        const before = place ? CONTEXT : 0;
        const after = place < ops.length - 1 ? CONTEXT : 0;
        if (whole || lines.length <= before + after + 1) rows.push(...lines.map((text) => row("", text)));
        else {
          rows.push(...lines.slice(0, before).map((text) => row("", text)));
          rows.push(make("li", { class: "gap" }, `${lines.length - before - after} lines that are the same`));
          if (after) rows.push(...lines.slice(-after).map((text) => row("", text)));
        }
        at += value;
      }
    });
    return make("ol", { class: "source difference" }, ...rows);
  }

  /** An earlier hand-in: its result, and each file that differed from the one that counts. */
  function older([when, commit, score, most, problem, differing], files) {
    const now = new Map(files.map((entry) => [entry[0], flat(entry)]));
    const result = score === null || score === undefined ? "not graded" : `${score} of ${most} points`;
    const body = make("div", {});
    const element = make("details", { class: "code" },
      make("summary", {}, `${when}${commit ? `, commit ${commit}` : ""}: ${result}`), problem ? make("pre", {}, problem) : null, body);
    const fill = (whole) =>
      body.replaceChildren(
        ...(differing.length ? [] : [make("p", { class: "soft" }, "The same text as the one that counts.")]),
        ...differing.flatMap(([name, filename, ops]) => [
          make("h3", {}, make("code", {}, filename || name), filename ? "" : " was not there"),
          make("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": `What has changed in ${name}` },
            difference(ops, now.get(name) ?? [], whole)),
        ]),
        ...(differing.length ? [switcher(whole, fill)] : []));
    element.addEventListener("toggle", () => {
      if (element.open && !body.childNodes.length) fill(false);
    });
    return element;
  }

  function switcher(whole, fill) {
    const button = make("button", { type: "button", class: "link" }, whole ? "Show only what has changed" : "Show the whole files");
    button.addEventListener("click", () => fill(!whole));
    return button;
  }

  /** A student's files by exercise, and the hand-ins before. */
  report.listings = ({ files, older: before }) => {
    const byName = new Map(files.map((entry) => [entry[0], file(entry)]));
    const number = (made += 1);
    return {
      names: files.map(([name]) => name),
      of: (name) => byName.get(name),
      older: before.length
        ? make("section", { class: "older", "aria-labelledby": `older-${number}` },
            make("h2", { id: `older-${number}` }, "Other hand-ins"),
            make("p", { class: "soft" }, "The newest first. − was there then, + stands in what counts now."),
            ...before.map((one) => older(one, files)))
        : null,
    };
  };
})();
