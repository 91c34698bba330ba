"""wrk as the caller: one thread on core 0."""
import re

from benchmarks.context import Failed, find, output_of, pinned

SCALE = {"us": 1e-3, "ms": 1, "s": 1e3}
BYTES = {"": 1e-6, "K": 1e-3, "M": 1, "G": 1e3}


def load(url, connections, seconds, *more):
    """Rate, median and p99 latency in ms, MB/s."""
    text = output_of(pinned(0, [find("wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", *more, url]))
    if "Socket errors" in text or "Non-2xx" in text:
        raise Failed(f"{url}: errors under load:\n{text}")

    def latency(percent):
        number, unit = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)", text).groups()
        return float(number) * SCALE[unit]

    size, unit = re.search(r"Transfer/sec:\s+([\d.]+)(\w?)B", text).groups()
    return {"rate": float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]), "p50": latency(50), "p99": latency(99),
            "mb": float(size) * BYTES[unit]}
