// Two submissions side by side; lines with code that next to nobody else has are marked.
"use strict";

(() => {
  const { make, want, views } = report;

  function side(name, number, lines) {
    return make(
      "div",
      { class: "side" },
      make("h3", {}, make("a", { href: `#student-${number}` }, name)),
      make("ol", { class: "source" }, ...lines.map(([text, marked]) =>
        make("li", { class: marked ? "marked" : null },
          marked ? make("span", { class: "unseen" }, "shared: ") : null, text || "\u00a0"))),
    );
  }

  views.pair = async (number, _parameters, section) => {
    const pair = await want(`pair-${number}`);
    section.replaceChildren(
      make("nav", { "aria-label": "Similar submissions", class: "neighbours" }, make("a", { href: "#similar" }, "All similar submissions")),
      make("h1", { tabindex: "-1" }, `${pair.names[0]} and ${pair.names[1]}`),
      make("p", { class: "hint" }, make("b", {}, "A hint, not a verdict. "),
        "Marked lines hold code that next to nobody else in the class has, whatever its names are."),
      ...pair.exercises.flatMap(([name, told, left, right], place) => [
        make("h2", { id: `pair-exercise-${place}` }, make("code", {}, name), ` ${told}`),
        make("div", { class: "sides", role: "region", "aria-labelledby": `pair-exercise-${place}`, tabindex: "0" },
          side(pair.names[0], pair.students[0], left), side(pair.names[1], pair.students[1], right)),
      ]),
    );
  };
})();
