// Everybody, to print: a page for each student, with the code where it is wanted.
"use strict";

(() => {
  const { make, want, views } = report;

  views.print = async (_argument, parameters, section) => {
    const about = await want("class");
    const withCode = parameters.has("code");
    const told = make("p", { role: "status" }, "");
    section.replaceChildren(
      make("nav", { "aria-label": "To print", class: "neighbours" },
        make("a", { href: "#students" }, "All students"),
        make("a", { href: withCode ? "#print" : "#print?code=1" }, withCode ? "Without the code" : "With the code")),
      make("h1", { tabindex: "-1" }, "To print"),
      told,
    );
    const address = location.hash;
    for (let number = 0; number < about.students; number += 1) {
      const [student, codes] = await report.wanted(number, about, withCode);
      if (location.hash !== address) return; // somebody has gone on
      const page = make("article", { class: "sheet" }, ...report.wholeStudent(student, about, codes));
      const heading = page.querySelector("h1");
      heading.replaceWith(make("h2", {}, ...heading.childNodes));
      page.querySelector(".older")?.remove();
      for (const one of page.querySelectorAll("details.code")) one.open = true;
      // on paper nothing scrolls
      for (const one of page.querySelectorAll(".scroll")) {
        for (const name of ["role", "tabindex", "aria-label"]) one.removeAttribute(name);
      }
      section.append(page);
      told.textContent = `${(number + 1).toLocaleString("en")} of ${about.students.toLocaleString("en")} are ready to print.`;
    }
  };
})();
