// The status page's script: it renews the page in place every few seconds, and draws the charts. Nothing that the reader has
// opened, focused or scrolled changes when the page is renewed. Texts are put into the page as texts, never as markup.
'use strict';
(() => {
  const every = Number(document.body.dataset.every) * 1000;
  const pause = document.getElementById('pause');
  const lost = document.getElementById('lost');
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const plots = new Map(); // by the element that a chart is drawn in
  let charts = new Map(); // their data, by service and id
  let timer;

  // --- the page ---------------------------------------------------------------------------------------------------------

  // morph makes an element what another one is, and keeps those of its parts that are the same already. Whether it is open is the
  // reader's.
  function morph(have, want) {
    if (have === pause || have === lost) return;
    for (const { name, value } of want.attributes) {
      if (name !== 'open' && have.getAttribute(name) !== value) have.setAttribute(name, value);
    }
    for (const { name } of [...have.attributes]) {
      if (name !== 'open' && !want.hasAttribute(name)) have.removeAttribute(name);
    }
    if (have.dataset?.keep === undefined) morphChildren(have, want);
  }

  function morphChildren(parent, want) {
    const named = new Map([...parent.children].filter((e) => e.id).map((e) => [e.id, e]));
    let at = parent.firstChild;
    for (const next of [...want.childNodes]) {
      const have = next.id ? named.get(next.id) : alike(at, next) ? at : undefined;
      if (!have) {
        parent.insertBefore(document.importNode(next, true), at);
        continue;
      }
      if (have === at) at = at.nextSibling;
      else parent.insertBefore(have, at);
      if (have.nodeType === Node.ELEMENT_NODE) morph(have, next);
      else if (have.data !== next.data) have.data = next.data;
    }
    while (at) {
      const gone = at;
      at = at.nextSibling;
      gone.remove();
    }
  }

  function alike(a, b) {
    return a && a.nodeType === b.nodeType && a.nodeName === b.nodeName && !a.id && !b.id;
  }

  async function get(url, kind) {
    const response = await fetch(url, { cache: 'no-store', signal: AbortSignal.timeout(every) });
    if (!response.ok) throw new Error(`${url}: ${response.status}`);
    return response[kind]();
  }

  async function renew() {
    clearTimeout(timer);
    try {
      const [page, data] = await Promise.all([get(location.pathname, 'text'), get(document.body.dataset.from, 'json')]);
      const next = new DOMParser().parseFromString(page, 'text/html');
      morphChildren(document.body, next.body);
      take(data);
      lost.hidden = true;
    } catch (error) {
      const since = document.querySelector('#updated time').textContent;
      lost.textContent = `No answer since ${since}: the figures are of then. (${error.message})`;
      lost.hidden = false;
    }
    later();
  }

  function later() {
    clearTimeout(timer);
    if (pause.getAttribute('aria-pressed') === 'false' && !document.hidden) timer = setTimeout(renew, every);
  }

  // --- the charts -------------------------------------------------------------------------------------------------------

  function take(data) {
    charts = new Map();
    for (const service of data.services) {
      for (const section of service.sections ?? []) {
        for (const chart of section.charts ?? []) charts.set(`${service.name}/${chart.id}`, chart);
      }
    }
    draw();
  }

  function draw() {
    for (const [element, plot] of plots) {
      if (!element.isConnected) {
        plot.destroy();
        plots.delete(element);
      }
    }
    for (const element of document.querySelectorAll('.plot')) {
      const chart = charts.get(`${element.dataset.service}/${element.dataset.chart}`);
      if (!chart || element.clientWidth === 0) continue;
      const shape = JSON.stringify(chart.series.map((s) => [s.name, s.shade, s.dashed]));
      let plot = plots.get(element);
      if (plot && plot.shape !== shape) {
        plot.destroy();
        plot = undefined;
      }
      if (!plot) {
        plot = build(element, chart);
        plot.shape = shape;
        plots.set(element, plot);
        sizes.observe(element);
      }
      plot.chart = chart;
      plot.setData(columns(chart));
      legend(plot);
    }
  }

  // columns are the times and the series as they are drawn: of stacked ones the sums, the highest first, so that each lies
  // before the one above it. A value is that of a part of the time, so it is drawn as wide; the last part ends where the next
  // would begin.
  function columns(chart) {
    const at = [...chart.at];
    let series = chart.series.map((s) => s.values.map((v) => (chart.log && v <= 0 ? null : v)));
    if (chart.stacked) {
      const sums = [];
      for (const values of series) sums.unshift(values.map((v, i) => (v ?? 0) + (sums[0]?.[i] ?? 0)));
      series = sums;
    }
    if (at.length > 0) {
      at.push(at[at.length - 1] + chart.step);
      for (const values of series) values.push(values[values.length - 1]);
    }
    return [at, ...series];
  }

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  function build(element, chart) {
    const shown = chart.stacked ? [...chart.series].reverse() : chart.series;
    const stepped = uPlot.paths.stepped({ align: 1 });
    const axis = {
      stroke: colour('muted'), font: '11px system-ui, sans-serif', grid: { stroke: colour('line'), width: 1 },
      ticks: { stroke: colour('line'), width: 1, size: 4 },
    };
    const height = element.clientHeight;
    let plot;
    const options = {
      width: element.clientWidth, height, padding: [8, 12, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      scales: {
        x: { time: true, range: () => [(plot?.chart ?? chart).from, (plot?.chart ?? chart).to] },
        y: chart.log ? { distr: 3, log: 10, range: (_, low, high) => decades(low, high) } : { range: (_, low, high) => [0, high > 0 ? high * 1.08 : 1] },
      },
      axes: [
        { ...axis, space: 60, size: 28, gap: 4, values: (_, times) => times.map(clock) },
        chart.log
          ? { ...axis, size: 48, gap: 6, splits: (_, i, low, high) => steps(low, high), filter: (_, splits) => splits, values: (_, v) => v.map(short) }
          : { ...axis, size: 48, gap: 6, values: (_, v) => v.map(short) },
      ],
      series: [{}, ...shown.map((s) => {
        const drawn = { label: s.name, stroke: colour(`shade-${s.shade}`), width: 2, points: { show: false }, paths: stepped };
        if (s.dashed) drawn.dash = [6, 4];
        if (chart.stacked) Object.assign(drawn, { fill: colour(`shade-${s.shade}`), stroke: colour('panel'), width: 0.75 });
        return drawn;
      })],
      hooks: { setCursor: [legend] },
    };
    plot = new uPlot(options, columns(chart), element);
    plot.chart = chart;
    return plot;
  }

  // decades returns bounds of 1, 2 or 5 times a power of ten around two figures.
  function decades(low, high) {
    if (!(low > 0) || !(high > 0)) return [1, 100];
    const all = steps(low / 5, high * 5);
    const from = all.filter((v) => v <= low).pop() ?? low;
    const to = all.find((v) => v > high) ?? high;
    return [from, to];
  }

  function steps(low, high) {
    const found = [];
    for (let power = Math.floor(Math.log10(low)) - 1; power <= Math.ceil(Math.log10(high)); power++) {
      for (const part of [1, 2, 5]) {
        const value = Number(`${part}e${power}`);
        if (value >= low * 0.999 && value <= high * 1.001) found.push(value);
      }
    }
    return found;
  }

  const clock = (seconds) => new Date(seconds * 1000).toISOString().slice(11, 16);
  const short = (v) => (v == null ? '' : v >= 10000 ? `${+(v / 1000).toFixed(1)}k` : String(+v.toPrecision(4)));

  // figure writes a value as the page's tables do.
  function figure(v) {
    if (v == null) return '–';
    if (v === 0) return '0';
    if (Math.abs(v) < 10) return v.toFixed(2);
    if (Math.abs(v) < 100) return v.toFixed(1);
    return Math.round(v).toLocaleString('en-US');
  }

  // legend shows the figures under the pointer; without one, the newest.
  function legend(plot) {
    const list = plot.root.closest('.chart')?.querySelectorAll('.legend b');
    const chart = plot.chart;
    if (!list || !chart) return;
    const at = Math.min(plot.cursor.idx ?? chart.at.length - 1, chart.at.length - 1);
    const order = chart.stacked ? [...chart.series].reverse() : chart.series;
    order.forEach((s, i) => { if (list[i]) list[i].textContent = figure(s.values[at]); });
  }

  const sizes = new ResizeObserver((entries) => {
    for (const { target } of entries) plots.get(target)?.setSize({ width: target.clientWidth, height: target.clientHeight });
  });

  // --- what the reader does ---------------------------------------------------------------------------------------------

  pause.hidden = false;
  pause.addEventListener('click', () => {
    const pressed = pause.getAttribute('aria-pressed') === 'false';
    pause.setAttribute('aria-pressed', String(pressed));
    if (pressed) clearTimeout(timer);
    else renew();
  });
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && pause.getAttribute('aria-pressed') === 'false') renew();
    else clearTimeout(timer);
  });
  dark.addEventListener('change', () => {
    for (const plot of plots.values()) plot.destroy();
    plots.clear();
    draw();
  });
  renew();
})();
