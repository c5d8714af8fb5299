// One student: every exercise, every check, and what it said.
"use strict";

(() => {
  const { make, prose, want, views } = report;
  const MARKS = { p: "✓", h: "◐", f: "✗", t: "⏳", e: "⚠", r: "–", n: "○", m: "?", s: "–", x: "⚠" };

  const signed = (value) => (value > 0 ? `+${value}` : String(value).replace("-", "−"));

  function sums([score, most, graded, penalty], adjustments, state) {
    const lines = [];
    const ungraded = score === null;
    if (!ungraded && (penalty || adjustments.length)) lines.push(make("li", {}, `graded: ${graded} points`));
    if (penalty) lines.push(make("li", {}, `late: −${penalty} points`));
    for (const [exercise, points, who, when, why] of adjustments) {
      lines.push(make("li", {}, `by hand${exercise ? ` in ${exercise}` : ""}: ${signed(points)} points, ${who}, ${when}: `, why));
    }
    return [
      make("p", { class: "total" }, make("b", {}, ungraded ? (state === "graded" ? "not graded" : state) : String(score)), ungraded ? "" : ` of ${most} points`),
      lines.length ? make("ul", { class: "sums" }, ...lines) : null,
    ];
  }

  function shape(name, attributes) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  }

  /** An error over a tensor as a heat map, or two loss curves; numbers go from -99 to 99. */
  function picture([kind, title, size, rows]) {
    const heat = kind === "error";
    const [width, height] = heat ? [14 * Math.max(...rows.map((row) => row.length)), 14 * rows.length] : [240, 110];
    const told = heat
      ? `The error of ${title}, shape (${size.join(", ")}); orange is too large, blue too small.`
      : "The losses, step by step: the student's in orange, the reference's dashed.";
    const svg = shape("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": told });
    rows.forEach((row, y) => {
      if (heat) {
        row.forEach((value, x) => {
          const fill = value === null ? "#000" : value > 0 ? "#d55e00" : "#0072b2";
          const share = value === null ? 1 : Math.abs(value) / 99;
          svg.append(shape("rect", { x: 14 * x, y: 14 * y, width: 14, height: 14, fill, "fill-opacity": share, stroke: "currentColor", "stroke-opacity": 0.2 }));
        });
      } else {
        const step = 230 / Math.max(1, row.length - 1);
        const points = row.flatMap((value, x) => (value === null ? [] : [`${(5 + step * x).toFixed(1)},${104 - value}`]));
        const look = y ? { stroke: "currentColor", "stroke-dasharray": "4 3" } : { stroke: "#d55e00", "stroke-width": 2 };
        svg.append(shape("polyline", { points: points.join(" "), fill: "none", ...look }));
      }
    });
    return make("figure", {}, svg, make("figcaption", { class: "soft" }, told));
  }

  function check(entry, about, keptBack, code) {
    const [number, letter, score, message, cause, place, cases, pictures, same] =
      typeof entry === "number" ? [entry, "p", about.checks[entry][3]] : entry;
    const [, name, description, points] = about.checks[number];
    return make(
      "li",
      { class: `check is-${letter}` },
      make("span", { class: "mark", "aria-hidden": "true" }, MARKS[letter] ?? "–"),
      make("div", {},
        make("div", {}, make("b", {}, name), " ", make("span", { class: "soft" }, ...prose(description)),
          keptBack.includes(name) ? make("span", { class: "tag" }, "kept back from students") : null),
        cause ? make("p", { class: "cause" }, "→ ", ...prose(cause)) : null,
        message ? make("pre", {}, message) : null,
        same ? make("p", { class: "soft" }, "The same mistake as ", make("b", {}, same), ".") : null,
        place ? make("p", { class: "soft look" }, "Look at ", code?.link(name, place) ?? place, ".") : null,
        ...(pictures ?? []).map(picture),
        cases?.length ? make("p", { class: "soft" }, `Otherwise on ${cases.join(", ")}.`) : null,
      ),
      make("span", { class: "number" }, make("span", { class: "status" }, about.letters[letter]), ` ${score} / ${points}`),
    );
  }

  function exercise([number, letter, score, most, message, violations, checks, remarks, keptBack], about, codes) {
    const [name, title] = about.exercises[number];
    const code = codes?.of(name);
    return make(
      "section",
      { class: "exercise" },
      make("h2", {}, make("span", {}, title || name, " ", make("code", {}, name)),
        make("span", { class: `points is-${letter}` }, make("span", { class: "status" }, about.letters[letter]), ` ${score} / ${most}`)),
      message ? make("pre", {}, message) : null,
      violations.length
        ? make("ul", { class: "violations" }, ...violations.map(([line, told]) => make("li", {}, `line ${line}: `, ...prose(told))))
        : null,
      remarks.length
        ? make("div", { class: "remarks" }, make("h3", {}, "To look at"), make("ul", {}, ...remarks.map((remark) => make("li", {}, remark))))
        : null,
      "mn".includes(letter) ? null : make("ul", { class: "checks" }, ...checks.map((one) => check(one, about, keptBack, code))),
      code?.element,
    );
  }

  /** All that is shown of a student, as elements. */
  function wholeStudent(student, about, codes) {
    const known = new Set(student.exercises.map(([number]) => about.exercises[number][0]));
    return [
      make("h1", { tabindex: "-1" }, student.name),
      make("dl", { class: "facts" }, ...student.facts.map(([word, value]) =>
        make("div", {}, make("dt", {}, word || "roster"), make("dd", {}, value)))),
      ...sums(student.score, student.adjustments, student.state),
      student.problem ? make("pre", {}, student.problem) : null,
      student.notes.length
        ? make("div", { class: "notes" }, make("h2", {}, "To look at"),
            make("ul", {}, ...student.notes.map((note) => make("li", {}, note))))
        : null,
      student.comments.length
        ? make("ul", { class: "comments", "aria-label": "Comments" }, ...student.comments.map(([name, place, line, who, when, said]) =>
            make("li", {}, make("span", { class: "soft" }, [name, line === null ? place : `${place}, line ${line}`, who, when].filter(Boolean).join(", "), ": "), said)))
        : null,
      ...student.exercises.map((one) => exercise(one, about, codes)),
      // handed in, and without a result
      ...(codes?.names ?? []).filter((name) => !known.has(name)).map((name) =>
        make("section", { class: "exercise" }, make("h2", {}, make("code", {}, name)), codes.of(name).element)),
      codes?.older,
    ].filter(Boolean);
  }

  /** A student's data, with the code where it is wanted and there is any. */
  async function wanted(number, about, withCode) {
    const shard = await want(`students-${Math.floor(number / about.shard)}`);
    const student = shard[number % about.shard];
    return [student, withCode && student.code ? report.listings(await want(`code-${number}`)) : null];
  }

  Object.assign(report, { wanted, wholeStudent });

  views.student = async (number, _parameters, section) => {
    const about = await want("class");
    if (!(number >= 0 && number < about.students)) throw new Error("there is no such student");
    const [student, codes] = await wanted(number, about, true);
    const neighbour = (at, word) =>
      at >= 0 && at < about.students ? make("a", { href: `#student-${at}` }, word) : null;
    section.replaceChildren(
      make("nav", { "aria-label": "Students", class: "neighbours" },
        make("a", { href: "#students" }, "All students"), neighbour(number - 1, "Previous"), neighbour(number + 1, "Next")),
      ...wholeStudent(student, about, codes),
    );
  };
})();
