// The tables, by DataTables: sorted, searched and shown a page at a time.
"use strict";

(() => {
  const { make, want, views } = report;
  const PLACES = { name: 0, id: 1, login: 2, section: 3, score: 4, most: 5, when: 6, late: 7, remarks: 8, state: 9, letters: 10, roster: 11 };
  const POINTS = 12; // from here on: points by exercise, -1 where there are none

  const words = {
    search: "Search",
    lengthMenu: "_MENU_ rows",
    info: "_START_ to _END_ of _TOTAL_",
    infoEmpty: "nothing found",
    infoFiltered: "(of _MAX_)",
    zeroRecords: "Nothing here has these words.",
    emptyTable: "Nothing to show.",
  };

  // letters that are no other letter with a mark
  const PLAIN = { ø: "o", đ: "d", ł: "l", ħ: "h", ı: "i", ß: "ss", æ: "ae", œ: "oe", þ: "th", ð: "d" };

  /** A text as it is searched: without capitals and marks, so that "jose" finds "José", and Hangul by its letters. */
  const folded = (text) =>
    String(text).toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[øđłħıßæœþð]/g, (letter) => PLAIN[letter]);

  /** DataTables reads a searched text with `&` as markup: it gets a text that cannot be any. */
  const searched = (text) => folded(text).replace(/[<>&]/g, " ");

  /** The search box of a table; DataTables' own would look for the text as it was typed. */
  function searchBox(settings) {
    const box = make("input", { type: "search", autocomplete: "off" });
    box.addEventListener("input", () => new DataTable.Api(settings).search(searched(box.value)).draw());
    return make("div", { class: "dt-search" }, make("label", {}, "Search ", box));
  }
  const layout = { topStart: searchBox, topEnd: "info", bottomStart: "pageLength", bottomEnd: "paging" };

  /** Everything on paper: a table shows all of its rows while the page is printed. */
  const lengths = new Map();
  function forPaper(table) {
    window.addEventListener("beforeprint", () => {
      if (table.table().container().closest("[hidden]")) return;
      lengths.set(table, table.page.len());
      table.page.len(-1).draw();
    });
    window.addEventListener("afterprint", () => {
      if (lengths.has(table)) table.page.len(lengths.get(table)).draw();
      lengths.delete(table);
    });
  }

  const text = (place) => ({
    data: place,
    type: "string",
    render: (value, kind) => (kind === "filter" ? searched(value) : kind === "display" ? node(value) : value),
  });
  const node = (value) => document.createTextNode(value);
  const number = (place, shown = (value) => String(value)) => ({
    data: place,
    type: "num",
    className: "number",
    searchable: false,
    render: (value, kind, row) => (kind === "display" ? node(shown(value, row)) : value),
  });

  /** How much of its points an exercise has, as a name for its colour. */
  function shade(points, most, letter) {
    if (points < 0 || "nm".includes(letter)) return "none";
    if (letter === "e") return "broken";
    return points >= most ? "all" : points * 2 >= most ? "half" : points > 0 ? "some" : "zero";
  }

  /** The first thing to look at, and how many there are besides. */
  const lookedAt = ([first, ...more]) => node(first ? first + (more.length ? ` (and ${more.length} more)` : "") : "");

  let table = null;
  let chosen = null; // the students to whom the table is narrowed, or everybody

  async function students() {
    if (table) return table;
    const [about, rows] = await Promise.all([want("class"), want("table")]);
    const columns = [
      {
        ...text(PLACES.name),
        title: "name",
        render: (value, kind, row, place) =>
          kind === "filter" ? searched(value)
            : kind === "display" ? make("a", { href: `#student-${place.row}` }, value) : value,
      },
      { ...text(PLACES.id), title: "identifier" },
      { ...text(PLACES.login), title: "login" },
      { ...text(PLACES.section), title: "section" },
      { ...number(PLACES.score, (value) => (value === null ? "–" : String(value))), title: "score" },
      ...about.exercises.map(([name, , most], place) => ({
        ...number(POINTS + place, (value, row) => (value < 0 || "nm".includes(row[PLACES.letters][place]) ? "–" : String(value))),
        title: name,
        className: "number points",
        createdCell: (cell, value, row) => {
          const letter = row[PLACES.letters][place] ?? "-";
          cell.classList.add(shade(value, most, letter));
          cell.title = `${name}: ${about.letters[letter] ?? "not graded"}`;
        },
      })),
      { ...text(PLACES.when), title: "handed in", searchable: false },
      { ...number(PLACES.late, (value) => (value ? String(value) : "")), title: "days late" },
      {
        ...text(PLACES.state),
        title: "state",
        render: (value, kind) =>
          kind === "filter" ? searched(value) : kind === "display" ? node(value === "graded" ? "" : value) : value,
      },
      {
        data: PLACES.remarks,
        type: "string",
        className: "remarks",
        title: "to look at",
        render: (value, kind) =>
          kind === "filter" ? searched(value.join(" ")) : kind === "display" ? lookedAt(value) : value.length,
      },
    ].filter(({ data }) =>
      data === PLACES.state ? rows.some((row) => row[data] !== "graded")
        : data === PLACES.remarks ? rows.some((row) => row[data].length)
          : data === PLACES.late || (data && data <= PLACES.section) ? rows.some((row) => row[data]) : true);
    table = new DataTable("#students-table", {
      data: rows,
      columns,
      layout,
      language: words,
      pageLength: 50,
      lengthMenu: [25, 50, 100, 500],
      autoWidth: false,
      order: [],
    });
    forPaper(table);
    table.search.fixed("who", (_text, _row, place) => !chosen || chosen.has(place));
    return table;
  }

  /** The students that the address asks for, with a sentence about them; `null`: everybody. */
  async function narrowed(parameters) {
    const [about, rows] = await Promise.all([want("class"), want("table")]);
    const those = (test) => new Set(rows.flatMap((row, place) => (test(row, place) ? [place] : [])));
    if (parameters.has("mistake")) {
      // the same mistake in several exercises has several numbers
      const all = await want("mistakes");
      const some = parameters.get("mistake").split(",").map((number) => all[Number(number)] ?? ["", []]);
      return [new Set(some.flatMap(([, who]) => who)), some[0][0]];
    }
    if (parameters.has("check")) {
      const number = Number(parameters.get("check"));
      const letters = await want("letters");
      const [exercise, name] = about.checks[number] ?? [0, ""];
      const who = those((_row, place) => "ft".includes(letters[place][number] || " ") && "phf".includes(rows[place][PLACES.letters][about.checks[number]?.[0]] || " "));
      return [who, `tried and did not pass ${name} of ${about.exercises[exercise][0]}`];
    }
    if (parameters.has("low")) {
      const [low, high] = [Number(parameters.get("low")), Number(parameters.get("high"))];
      const who = those((row) => row[PLACES.state] === "graded" && row[PLACES.score] >= low && row[PLACES.score] <= high);
      return [who, `scores from ${low} to ${high}`];
    }
    if (parameters.has("absent")) {
      const who = those((row) => row[PLACES.state] === "nothing handed in");
      return [who, "nothing was handed in"];
    }
    if (parameters.has("late")) return [those((row) => row[PLACES.late] > 0), "late"];
    if (parameters.has("roster")) return [those((row) => !row[PLACES.roster]), "not on the roster"];
    if (parameters.has("look")) return [those((row) => row[PLACES.remarks].length > 0), "to look at"];
    if (parameters.has("state")) {
      const state = parameters.get("state");
      return [those((row) => row[PLACES.state] === state), state];
    }
    if (parameters.has("ungraded")) return [those((row) => row[PLACES.state] === "not graded"), "not graded, through no fault of theirs"];
    return [null, ""];
  }

  views.students = async (_argument, parameters) => {
    await students();
    const [who, told] = await narrowed(parameters);
    chosen = who;
    const filter = document.querySelector("#filter");
    filter.hidden = !who;
    filter.firstElementChild.textContent = who ? `${who.size.toLocaleString("en")} ${who.size === 1 ? "student" : "students"}: ${told}` : "";
    table.draw();
  };

  // tables that the page already holds become sortable and searchable when they are first shown
  const paged = { exercises: false, checks: false, mistakes: true, similar: true };
  for (const view of ["exercises", "mistakes", "similar"]) {
    views[view] = (_argument, _parameters, section) => {
      for (const one of section.querySelectorAll("table[data-table]:not(.dataTable)")) {
        const many = paged[one.dataset.table] && one.tBodies[0].rows.length > 50;
        const made = new DataTable(one, {
          language: words,
          layout: many ? layout : { topStart: one.tBodies[0].rows.length > 10 ? searchBox : null, topEnd: null, bottomStart: null, bottomEnd: null },
          paging: many,
          pageLength: 50,
          autoWidth: false,
          order: [],
        });
        forPaper(made);
      }
    };
  }
})();
