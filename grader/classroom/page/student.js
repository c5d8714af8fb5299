// One student: every exercise, every check, and what it said.
"use strict";

(() => {
  const { make, prose, want, views } = report;
  const MARKS = { p: "✓", h: "◐", f: "✗", t: "⏳", e: "⚠", r: "–", n: "○", m: "?", s: "–" };

  const signed = (value) => (value > 0 ? `+${value}` : String(value).replace("-", "−"));

  function sums([score, most, graded, penalty], adjustments) {
    const lines = [];
    if (penalty || adjustments.length) lines.push(make("li", {}, `graded: ${graded} points`));
    if (penalty) lines.push(make("li", {}, `late: −${penalty} points`));
    for (const [exercise, points, who, when, why] of adjustments) {
      lines.push(make("li", {}, `by hand${exercise ? ` in ${exercise}` : ""}: ${signed(points)} points, ${who}, ${when}: `, why));
    }
    return [
      make("p", { class: "total" }, make("b", {}, String(score)), ` of ${most} points`),
      lines.length ? make("ul", { class: "sums" }, ...lines) : null,
    ];
  }

  function check(entry, about) {
    const [number, letter, score, message, cause, place, cases] =
      typeof entry === "number" ? [entry, "p", about.checks[entry][3]] : entry;
    const [, name, description, points] = about.checks[number];
    return make(
      "li",
      { class: `check is-${letter}` },
      make("span", { class: "mark", "aria-hidden": "true" }, MARKS[letter] ?? "–"),
      make("div", {},
        make("div", {}, make("b", {}, name), " ", make("span", { class: "soft" }, ...prose(description))),
        message ? make("pre", {}, message) : null,
        cause ? make("p", { class: "cause" }, "→ ", ...prose(cause)) : null,
        place ? make("p", { class: "soft" }, `Look at ${place}.`) : null,
        cases?.length ? make("p", { class: "soft" }, `Otherwise on ${cases.join(", ")}.`) : null,
      ),
      make("span", { class: "number" }, make("span", { class: "status" }, about.letters[letter]), ` ${score} / ${points}`),
    );
  }

  function exercise([number, letter, score, most, message, violations, checks], about) {
    const [name, title] = about.exercises[number];
    return make(
      "section",
      { class: "exercise" },
      make("h2", {}, make("span", {}, title || name, " ", make("code", {}, name)),
        make("span", { class: `points is-${letter}` }, make("span", { class: "status" }, about.letters[letter]), ` ${score} / ${most}`)),
      message ? make("pre", {}, message) : null,
      violations.length
        ? make("ul", { class: "violations" }, ...violations.map(([line, told]) => make("li", {}, `line ${line}: `, ...prose(told))))
        : null,
      "mn".includes(letter) ? null : make("ul", { class: "checks" }, ...checks.map((one) => check(one, about))),
    );
  }

  views.student = async (number, _parameters, section) => {
    const about = await want("class");
    if (!(number >= 0 && number < about.students)) throw new Error("there is no such student");
    const shard = await want(`students-${Math.floor(number / about.shard)}`);
    const student = shard[number % about.shard];
    const neighbour = (at, word) =>
      at >= 0 && at < about.students ? make("a", { href: `#student-${at}` }, word) : null;
    section.replaceChildren(
      ...[
        make("nav", { "aria-label": "Students", class: "neighbours" },
          make("a", { href: "#students" }, "All students"), neighbour(number - 1, "Previous"), neighbour(number + 1, "Next")),
        make("h1", { tabindex: "-1" }, student.name),
        make("dl", { class: "facts" }, ...student.facts.map(([word, value]) =>
          make("div", {}, make("dt", {}, word || "roster"), make("dd", {}, value)))),
        ...sums(student.score, student.adjustments),
        student.problem ? make("pre", {}, student.problem) : null,
        student.notes.length
          ? make("div", { class: "notes" }, make("h2", {}, "To look at"),
              make("ul", {}, ...student.notes.map((note) => make("li", {}, note))))
          : null,
        ...student.exercises.map((one) => exercise(one, about)),
      ].filter(Boolean),
    );
  };
})();
