// The charts of a soak, for the report and for the live page: `new SoakCharts(box).show(model)`,
// as often as the model grows.
//
// model: {tracks: [{name, samples, windows}], marks, segments}; the first track is the judged host.
//   sample: [at_s, rss_bytes, pss_bytes | null, descriptors, threads, children, cpu_percent, lag_ms]
//   window: [from_s, seconds, p50_ms, p90_ms, p99_ms, max_ms, {outcome: count}]
//   mark: {from_s, until_s, what}     segment: {from_s, until_s, ended}
'use strict';
const SoakCharts = (() => {
  const MiB = 1048576;
  const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function clock(seconds) {
    const s = Math.round(seconds), two = n => String(n).padStart(2, '0');
    return s < 3600 ? `${Math.floor(s / 60)}:${two(s % 60)}`
                    : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  }

  // What was done to the host, as bands behind the lines; segments begin at dashed lines.
  const marks = {
    id: 'marks',
    beforeDatasetsDraw(chart, _, {model}) {
      if (!model) return;
      const {ctx, chartArea: area, scales: {x}} = chart;
      const inside = at => Math.min(Math.max(x.getPixelForValue(at), area.left), area.right);
      ctx.save();
      ctx.fillStyle = css('--shade');
      for (const mark of model.marks) {
        const left = inside(mark.from_s);
        ctx.fillRect(left, area.top, Math.max(2, inside(mark.until_s) - left), area.bottom - area.top);
      }
      ctx.strokeStyle = css('--c6');
      ctx.setLineDash([4, 3]);
      for (const segment of model.segments.slice(1)) {
        ctx.beginPath();
        ctx.moveTo(inside(segment.from_s), area.top);
        ctx.lineTo(inside(segment.from_s), area.bottom);
        ctx.stroke();
      }
      ctx.restore();
    },
  };

  const outcomeColours = {OK: '--c5', PONG: '--c1', CANCELED: '--c6', INVALID_REQUEST: '--c2'};
  const otherColours = ['--c3', '--c4', '--c2', '--c6', '--c1'];

  function line(label, colour, points, more = {}) {
    return {label, data: points, borderColor: css(colour), backgroundColor: css(colour),
            borderWidth: 1.5, pointRadius: points.length < 3 ? 2 : 0, pointHitRadius: 8, ...more};
  }
  const ofReference = ', reference';
  // The reference is drawn dashed, in the colour of what it is compared with.
  const ofTracks = (model, rows, series) => model.tracks.flatMap((track, i) =>
    series.map(([label, colour, pick]) => line(
      i ? label + ofReference : label, colour,
      track[rows].map(row => ({x: row[0], y: pick(row)})).filter(point => point.y !== null),
      i ? {borderDash: [5, 3], borderWidth: 1} : {})));

  function outcomes(model) {
    const windows = model.tracks[0].windows;
    const names = [...new Set(windows.flatMap(row => Object.keys(row[6])))].sort(
      (a, b) => (b === 'OK') - (a === 'OK') || (a < b ? -1 : 1));
    let other = 0;
    return names.map(name => line(
      name, outcomeColours[name] ?? otherColours[other++ % otherColours.length],
      windows.map(row => ({x: row[0] + row[1] / 2, y: (row[6][name] ?? 0) / (row[1] || 1)})),
      {fill: 'stack', stack: 'outcomes', borderWidth: 0, stepped: 'middle'}));
  }

  const hasPss = model => model.tracks.some(track => track.samples.some(row => row[2] !== null));
  const kinds = {
    latency: {
      data: model => ofTracks(model, 'windows', [
        ['p50', '--c1', row => row[2]], ['p90', '--c2', row => row[3]],
        ['p99', '--c3', row => row[4]], ['max', '--c4', row => row[5]]]),
      // Percentiles that lie far apart cannot be read on one linear scale.
      logarithmic: data => {
        const values = data.flatMap(set => set.data.map(point => point.y)).filter(y => y > 0);
        return values.length > 0 && Math.max(...values) > 30 * Math.min(...values);
      },
    },
    outcomes: {data: outcomes, stacked: true},
    memory: {
      data: model => ofTracks(model, 'samples', [
        ['RSS', '--c1', row => row[1] / MiB],
        ...(hasPss(model) ? [['PSS', '--c2', row => row[2] === null ? null : row[2] / MiB]] : [])]),
      min: undefined,
    },
    handles: {data: model => ofTracks(model, 'samples', [
      ['descriptors', '--c1', row => row[3]], ['threads', '--c2', row => row[4]],
      ['children', '--c3', row => row[5]]])},
    cpu: {data: model => ofTracks(model, 'samples', [['CPU', '--c1', row => row[6]]])},
    lag: {data: model => ofTracks({tracks: model.tracks.slice(0, 1)}, 'samples',
                                  [['lag', '--c6', row => row[7]]])},
  };

  function options(kind, data, model) {
    const quiet = {color: css('--soft'), font: {size: 11}};
    const last = Math.max(1, ...model.tracks.flatMap(track => [
      track.samples.at(-1)?.[0] ?? 0,
      track.windows.length ? track.windows.at(-1)[0] + track.windows.at(-1)[1] : 0]));
    return {
      animation: false, responsive: true, maintainAspectRatio: false, parsing: false, normalized: true,
      interaction: {mode: 'nearest', axis: 'x', intersect: false},
      scales: {
        x: {type: 'linear', min: 0, max: last, grid: {color: css('--grid')},
            ticks: {...quiet, callback: clock, maxRotation: 0, autoSkipPadding: 16,
                    stepSize: [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 14400]
                      .find(step => last / step <= 8)}},
        y: {type: kind.logarithmic?.(data) ? 'logarithmic' : 'linear', stacked: kind.stacked ?? false,
            beginAtZero: 'min' in kind ? false : true, grace: '5%', grid: {color: css('--grid')},
            ticks: {...quiet, maxTicksLimit: 6}},
      },
      plugins: {
        marks: {model},
        legend: {display: data.length > 1, align: 'start',
                 labels: {...quiet, boxWidth: 14, boxHeight: 2, padding: 8,
                          filter: item => !item.text.endsWith(ofReference)}},
        tooltip: {callbacks: {title: items => {
          const at = items[0]?.parsed.x ?? 0;
          const during = model.marks.filter(mark => at >= mark.from_s && at <= mark.until_s);
          return [clock(at), ...during.map(mark => mark.what)];
        }}},
      },
    };
  }

  return class {
    constructor(box) {
      this.charts = [...box.querySelectorAll('canvas[data-chart]')].map(canvas => ({
        kind: kinds[canvas.dataset.chart], canvas, chart: null}));
      this.model = null;
      matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
        if (this.model) this.show(this.model);
      });
    }

    show(model) {
      this.model = model;
      for (const one of this.charts) {
        const datasets = one.kind.data(model);
        const made = options(one.kind, datasets, model);
        if (!one.chart) {
          one.chart = new Chart(one.canvas, {type: 'line', data: {datasets}, options: made,
                                             plugins: [marks]});
        } else {
          // Who hid a line wants it hidden when new points come.
          const hidden = new Set(one.chart.data.datasets.filter(
            (_, i) => !one.chart.isDatasetVisible(i)).map(set => set.label));
          for (const set of datasets) set.hidden = hidden.has(set.label);
          one.chart.data.datasets = datasets;
          one.chart.options = made;
          one.chart.update('none');
        }
      }
    }
  };
})();
