"use strict";

// Tables whose columns sort: a click or a key on a title, once for upwards, once more for downwards.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  const written = [...body.rows];
  const valueOf = (row, column) => {
    const cell = row.cells[column];
    const said = cell.dataset.sort ?? cell.textContent.trim();
    if (!heads[column].classList.contains("number")) return said;
    const number = Number.parseFloat(said.replaceAll(",", ""));
    return Number.isNaN(number) ? null : number;
  };
  const compare = (one, other) =>
    typeof one === "number" ? one - other : one.localeCompare(other, undefined, { numeric: true });
  heads.forEach((head, column) => {
    if ("unsorted" in head.dataset) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const downwards = head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", downwards ? "descending" : "ascending");
      const keyed = written.map((row) => [valueOf(row, column), row]);
      keyed.sort(([one], [other]) => {
        if (one === null || other === null) return (one === null) - (other === null); // unknown: last
        return downwards ? compare(other, one) : compare(one, other);
      });
      body.append(...keyed.map(([, row]) => row));
    });
  });
}

// Tables and code that are wider than the window say so.
for (const region of document.querySelectorAll(".scroll")) {
  const hint = document.createElement("p");
  hint.className = "hint";
  hint.textContent = "Scroll sideways to see more →";
  hint.setAttribute("aria-hidden", "true"); // a region that scrolls is announced as one
  region.before(hint);
  const look = () => {
    hint.hidden = region.scrollWidth <= region.clientWidth + 1;
  };
  new ResizeObserver(look).observe(region);
  look();
}

// Charts that tell their values: under the pointer, or with the arrow keys.
let isFirst = true;
for (const figure of document.querySelectorAll("figure.chart")) {
  const stops = [...figure.querySelectorAll("rect.stop")];
  if (stops.length === 0) continue;
  const picture = figure.querySelector("svg");
  const guide = figure.querySelector("line.guide");
  const told = document.createElement("output");
  const hint = isFirst ? "Point at a chart, or use the arrow keys, to read its values." : "";
  isFirst = false;
  const texts = stops.map((stop) => stop.querySelector("title").textContent);
  let current = -1;
  const show = (index) => {
    current = index;
    guide.setAttribute("x1", stops[index].dataset.at);
    guide.setAttribute("x2", stops[index].dataset.at);
    guide.classList.add("on");
    told.textContent = texts[index];
  };
  const hide = () => {
    current = -1;
    guide.classList.remove("on");
    told.textContent = hint;
  };
  stops.forEach((stop, index) => {
    stop.querySelector("title").remove(); // what it says is told below the chart
    stop.addEventListener("pointerenter", () => show(index));
  });
  picture.addEventListener("pointerleave", hide);
  picture.addEventListener("blur", hide);
  picture.tabIndex = 0;
  picture.addEventListener("keydown", (event) => {
    const last = stops.length - 1;
    const next = {
      ArrowRight: Math.min(current + 1, last),
      ArrowLeft: current < 0 ? last : Math.max(current - 1, 0),
      Home: 0,
      End: last,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    show(next);
  });
  picture.after(told);
  hide();
}
