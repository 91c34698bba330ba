"""One thing that was measured: the same shape as in report.json (conformance/bench/benchmark.h)."""
import dataclasses
import statistics


@dataclasses.dataclass
class Row:
    name: str
    unit: str  # "ratio", "ms", "1/s", …
    better: str  # "less" or "more"
    samples: list = dataclasses.field(default_factory=list)  # one of each round
    about: str = ""
    wanted: float | None = None  # at most, where less is better; else at least
    not_measured: str = ""  # why there are no samples
    group: str = ""

    @property
    def median(self):
        return statistics.median(self.samples) if self.samples else 0

    @property
    def as_wanted(self):
        if self.wanted is None or not self.samples:
            return True
        return self.median <= self.wanted if self.better == "less" else self.median >= self.wanted

    def to_json(self):
        fields = {key: value for key, value in dataclasses.asdict(self).items() if value not in (None, "")}
        return fields | {"median": self.median}

    @classmethod
    def from_json(cls, fields):
        known = {field.name for field in dataclasses.fields(cls)}
        return cls(**{key: value for key, value in fields.items() if key in known})


def ratios(name, ours, theirs, better, about, wanted=None):
    """The row of one measure against another, round by round."""
    return Row(name, "ratio", better, [a / b for a, b in zip(ours, theirs, strict=True)], about, wanted)


def not_measured(name, unit, better, why):
    return Row(name, unit, better, not_measured=why)
