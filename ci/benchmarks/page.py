"""docs/performance.md: each group's table stands between two markers; all other text is written by hand and stays."""
import re

BEGIN, END = "<!-- ci/bench {}: generated from here -->", "<!-- ci/bench {}: to here -->"
UNITS = {"ratio": "", "count": "", "us": "µs", "1/s": "/s"}


def number(value):
    if value >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def with_unit(value, unit):
    return f"{number(value)} {UNITS.get(unit, unit)}".strip()


def table(rows):
    lines = ["| what | median | range | rounds | wanted |", "|---|---|---|---|---|"]
    for row in rows:
        wanted = ""
        if row.wanted is not None:
            wanted = f"{'at most' if row.better == 'less' else 'at least'} {with_unit(row.wanted, row.unit)}"
            wanted += "" if row.as_wanted else ": **missed**"
        if row.samples:
            spread = f"{number(min(row.samples))}–{number(max(row.samples))}"
            median = with_unit(row.median, row.unit)
            lines.append(f"| {row.name} | {median} | {spread} | {len(row.samples)} | {wanted} |")
        else:
            lines.append(f"| {row.name} | not measured: {row.not_measured} | | | {wanted} |")
    return "\n".join(lines)


def section(about, facts, rows):
    machine = facts["machine"]
    where = (f"{facts['measured']}, commit {machine['commit']}, {machine['cores']} cores of {machine['cpu']}, "
             f"{machine['memory_gib']} GiB, {machine['system']}, kernel {machine['kernel']}; load average "
             f"{facts['load_before']} before and {facts['load_after']} after, nice {machine['nice']}.")
    return f"{about}\n\n{where}\n\n{table(rows)}"


def with_section(page, group, text):
    """The page with the group's part replaced, or added at its end."""
    begin, end = BEGIN.format(group), END.format(group)
    part = f"{begin}\n{text}\n{end}"
    pattern = re.compile(re.escape(begin) + r".*?" + re.escape(end), re.DOTALL)
    if pattern.search(page):
        return pattern.sub(lambda _: part, page)
    return f"{page.rstrip()}\n\n## {group.capitalize()}\n\n{part}\n"
