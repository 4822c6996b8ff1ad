// Theme, and what is said of the thing that is pointed at. The page can be read without any of it.
(() => {
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const themes = ["system", "light", "dark"];
  const store = {
    get() { try { return localStorage.getItem("sparkify-theme"); } catch { return null; } },
    set(value) { try { localStorage.setItem("sparkify-theme", value); } catch { /* private windows */ } },
  };
  let theme = themes.includes(store.get()) ? store.get() : "system";
  const apply = () => {
    if (theme === "system") delete root.dataset.theme; else root.dataset.theme = theme;
    button.textContent = `Theme: ${theme}`;
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    store.set(theme);
    apply();
  });
  apply();

  const tip = document.getElementById("tip");
  const say = (text, x, y) => {
    tip.textContent = text;
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(8, Math.min(x - box.width / 2, innerWidth - box.width - 8))}px`;
    tip.style.top = `${y - box.height - 12 < 8 ? y + 18 : y - box.height - 12}px`;
  };
  const hush = () => { tip.hidden = true; };
  document.addEventListener("pointerover", (event) => {
    const cell = event.target.closest("[data-tip]");
    if (!cell) { if (!event.target.closest(".series")) hush(); return; }
    const box = cell.getBoundingClientRect();
    say(cell.dataset.tip, box.left + box.width / 2, box.top);
  });
  // A tip stays with a chart that is read by keyboard, and goes when the pointer's place scrolls away.
  let follow = null;
  addEventListener("scroll", () => (follow ?? hush)(), { passive: true });

  for (const series of document.querySelectorAll(".series")) {
    const points = JSON.parse(series.dataset.points);
    const cursors = series.querySelectorAll(".cursor");
    const plot = series.querySelector(".plot");
    const live = document.createElement("span");
    live.className = "sr";
    live.setAttribute("aria-live", "polite");
    series.append(live);
    let at = -1;
    const show = (index, aloud) => {
      at = Math.max(0, Math.min(points.length - 1, index));
      for (const cursor of cursors) {
        cursor.hidden = false;
        cursor.style.left = `${(100 * at) / points.length}%`;
      }
      const box = plot.getBoundingClientRect();
      say(points[at], box.left + (box.width * (at + 0.5)) / points.length, box.top);
      if (aloud) live.textContent = points[at];
    };
    const leave = () => { hush(); follow = null; for (const cursor of cursors) cursor.hidden = true; };
    series.addEventListener("pointermove", (event) => {
      const box = plot.getBoundingClientRect();
      show(Math.floor((points.length * (event.clientX - box.left)) / box.width), false);
    });
    series.addEventListener("pointerleave", leave);
    series.addEventListener("blur", leave);
    series.addEventListener("keydown", (event) => {
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: points.length - 1 }[event.key];
      if (to === undefined) { if (event.key === "Escape") leave(); return; }
      event.preventDefault();
      show(to, true);
      follow = () => show(at, false);
    });
  }

  // Numbers can be taken along: into a file as CSV, or copied with tabs, which a spreadsheet pastes into columns. Texts
  // that it would take for formulas have an apostrophe.
  const quoted = (cell) => {
    const text = cell.textContent;
    const plain = cell.classList.contains("num") ? text.replace(/,/g, "") : text.replace(/^(?=[=+\-@\t\r])/, "'");
    return /[",\t\n\r]/.test(plain) ? `"${plain.replace(/"/g, '""')}"` : plain;
  };
  const written = (table, between) =>
    Array.from(table.rows, (row) => `${Array.from(row.cells, quoted).join(between)}\r\n`).join("");
  const taking = (text, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.addEventListener("click", () => act(made));
    return made;
  };
  for (const place of document.querySelectorAll(".take")) {
    const table = place.parentElement.querySelector("table");
    if (navigator.clipboard) place.append(taking("Copy", async (made) => {
      try { await navigator.clipboard.writeText(written(table, "\t")); made.textContent = "Copied"; }
      catch { made.textContent = "Not allowed"; }
    }));
    place.append(taking("Download CSV", () => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob(["\ufeff", written(table, ",")], { type: "text/csv" }));
      link.download = `${place.dataset.name}.csv`;
      link.click();
      URL.revokeObjectURL(link.href);
    }));
    place.hidden = false;
  }
})();
