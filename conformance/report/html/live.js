// Shows a running soak: the lines of its record come as server-sent events (soak/record/record.h).
'use strict';
(() => {
  const kMostSamples = 1200, kMostWindows = 1200, kMostListed = 100;
  const byId = id => document.getElementById(id);
  const charts = new SoakCharts(document.querySelector('.charts'));
  let model, facts, drawn;

  function begin() {
    model = {tracks: [], marks: [], segments: []};
    facts = {asked: {}, last: {}, outcomes: {}, answered: 0, unexpected: 0, failures: [], failed: 0,
             p99: null, at: 0, ended: ''};
    drawn = false;
  }

  function track(who) {
    const i = who === 'reference' ? 1 : 0;
    while (model.tracks.length <= i)
      model.tracks.push({name: model.tracks.length ? 'reference' : 'host', samples: [], windows: []});
    return model.tracks[i];
  }

  // Every second row, when there are too many to draw.
  const thin = (rows, most) => rows.length > most ? rows.filter((_, i) => i % 2 === 0) : rows;

  const take = {
    soak(line) {
      facts.asked = line;
      track('host').name = line.host?.name ?? 'host';
    },
    segment(line) {
      facts.ended = '';
      model.segments.push({from_s: line.from_s, until_s: line.from_s, ended: ''});
    },
    sample(line) {
      const to = track(line.who);
      to.samples.push([line.at_s, line.rss_bytes, line.pss_bytes ?? null, line.descriptors,
                       line.threads, line.children, line.cpu_percent, line.lag_ms]);
      to.samples = thin(to.samples, kMostSamples);
      if (line.who !== 'reference') facts.last = line;
      facts.at = Math.max(facts.at, line.at_s);
    },
    window(line) {
      const to = track(line.who);
      to.windows.push([line.from_s, line.seconds, line.p50_ms, line.p90_ms, line.p99_ms, line.max_ms,
                       line.outcomes ?? {}]);
      to.windows = thin(to.windows, kMostWindows);
      if (line.who === 'reference') return;
      facts.answered += line.answered;
      facts.unexpected += line.unexpected;
      facts.p99 = line.p99_ms;
      facts.rate = line.answered / (line.seconds || 1);
      facts.at = Math.max(facts.at, line.from_s + line.seconds);
      for (const [name, count] of Object.entries(line.outcomes ?? {}))
        facts.outcomes[name] = (facts.outcomes[name] ?? 0) + count;
    },
    mark(line) {
      const same = model.marks.find(mark => mark.from_s === line.from_s && mark.what === line.what);
      if (same) same.until_s = line.until_s;
      else model.marks.push({from_s: line.from_s, until_s: line.until_s, what: line.what});
    },
    failure(line) {
      ++facts.failed;
      facts.failures.push(line);
      if (facts.failures.length > kMostListed) facts.failures.shift();
    },
    end(line) {
      facts.ended = line.ended;
    },
  };

  function span(seconds) {
    const s = Math.floor(seconds), two = n => String(n).padStart(2, '0');
    return `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  }

  function list(box, items) {
    box.replaceChildren(...items.map(text => {
      const item = document.createElement('li');
      item.textContent = text;
      return item;
    }));
  }

  function tell() {
    const {asked, last} = facts;
    const wanted = asked.asked_s ? ` of ${span(asked.asked_s)}`
      : asked.asked_requests ? ` of ${asked.asked_requests} requests` : '';
    byId('title').textContent = asked.host ? `${asked.host.name} in mode ${asked.mode}` : 'Waiting for the soak';
    const rows = [
      ['Elapsed', span(facts.at) + wanted],
      ['Load', [asked.arrivals, asked.mix && `mix ${asked.mix}`].filter(Boolean).join(', ')],
      ['Answered', `${facts.answered}, ${facts.unexpected} unexpected`],
      ['Rate', facts.rate === undefined ? '' : `${facts.rate.toFixed(1)}/s`],
      ['p99', facts.p99 === null ? '' : `${facts.p99.toFixed(1)} ms`],
      ['RSS', last.rss_bytes ? `${(last.rss_bytes / 1048576).toFixed(1)} MiB` : ''],
      ['Descriptors', last.descriptors ?? ''],
      ['The judge’s lag', last.lag_ms === undefined ? '' : `${last.lag_ms.toFixed(1)} ms`],
      ['Outcomes', Object.entries(facts.outcomes).map(([name, n]) => `${name} ${n}`).join(', ')],
      ['Seed', asked.seed ?? ''],
    ];
    byId('facts').replaceChildren(...rows.map(([name, value]) => {
      const row = document.createElement('div'), dt = document.createElement('dt'), dd = document.createElement('dd');
      dt.textContent = name;
      dd.textContent = value === '' ? '–' : value;
      row.append(dt, dd);
      return row;
    }));
    byId('failure-count').textContent = facts.failed;
    list(byId('failures'), facts.failures.map(f => `${span(f.at_s)} ${f.requirement}: ${f.message}`));
    list(byId('marks'), model.marks.map(m => `${span(m.from_s)} – ${span(m.until_s)} ${m.what}`));
  }

  const state = text => { byId('state').textContent = text; };
  let live = false, due = false;
  // At most once a second, however fast the lines come.
  function draw() {
    if (due) return;
    due = true;
    setTimeout(() => {
      due = false;
      tell();
      if (model.tracks.length > 0) charts.show(model);
      state(facts.ended ? `ended: ${facts.ended}` : live ? 'running' : 'not connected, trying again');
      document.body.dataset.samples = model.tracks[0]?.samples.length ?? 0;
    }, drawn ? 1000 : 50);
    drawn = true;
  }

  begin();
  const events = new EventSource('events');
  events.addEventListener('begin', begin);
  events.addEventListener('live', () => { live = true; draw(); });
  events.addEventListener('error', () => { live = false; draw(); });
  events.addEventListener('message', event => {
    let line;
    try {
      line = JSON.parse(event.data);
    } catch {
      return;  // the record's next line tells more
    }
    if (Object.hasOwn(take, line?.kind)) take[line.kind](line);
    if (live) draw();
  });
})();
