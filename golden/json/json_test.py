"""Holds golden/json to its table, and the table to a third opinion: Python's parser, made strict."""

import json
import sys
import unittest

import generate

TABLE = generate.build()
sys.setrecursionlimit(2000)  # n_deep_ goes to 1000 levels, n_depth_ from 5000 on
# JSON that a request is refused for all the same.
ACCEPTED_ANYWAY = ("n_deep_", "n_request_")


def no_constant(name):
    raise ValueError(name)


def integer(digits):
    if not -(2**63) <= int(digits) < 2**64:
        raise ValueError(digits)
    return int(digits)


def has_surrogate(value):
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str) and any(0xD800 <= ord(c) <= 0xDFFF for c in value):
            return True
        if isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            waiting += value
    return False


def no_known_key_twice(pairs):
    known = [key for key, _ in pairs if key in ("protocol_version", "type", "request_id", "ts_ms")]
    if len(known) != len(set(known)):
        raise ValueError("twice")
    return dict(pairs)


def is_json(data):
    try:
        value = json.loads(data.decode("utf-8", "strict"), parse_constant=no_constant,
                           parse_int=integer, object_pairs_hook=no_known_key_twice)
    except (ValueError, RecursionError):
        return False
    return not has_surrogate(value)


def as_line(name, data):
    if name[2:].startswith(("line_", "request_")):
        return data
    return b'{"protocol_version":1,"type":"ping","request_id":"json","x":' + data + b"}"


class Corpus(unittest.TestCase):
    def test_the_files_are_what_the_table_makes(self):
        self.assertEqual([], list(map(str, self.differences())))

    def differences(self):
        there = {path.name: path.read_bytes() for path in generate.FOLDER.glob("*.json")}
        wanted = {name: data for name, (data, _) in TABLE.items()}
        return [name for name in there.keys() | wanted.keys() if there.get(name) != wanted.get(name)]

    def test_a_changed_a_missing_and_a_foreign_file_are_noticed(self):
        name, (data, why) = next(iter(TABLE.items()))
        try:
            TABLE[name] = (data + b" ", why)
            TABLE["y_not_there.json"] = (b"1", why)
            self.assertEqual(sorted([name, "y_not_there.json"]), sorted(self.differences()))
        finally:
            TABLE[name] = (data, why)
            TABLE.pop("y_not_there.json", None)
        last, row = TABLE.popitem()
        try:
            self.assertEqual([last], self.differences())
        finally:
            TABLE[last] = row

    def test_python_agrees_about_what_is_json(self):
        judged = 0
        for name, (data, why) in TABLE.items():
            if name.startswith("i_"):
                continue
            wanted = name.startswith(("y_",) + ACCEPTED_ANYWAY)
            self.assertEqual(wanted, is_json(as_line(name, data)), f"{name}: {why}")
            judged += 1
        self.assertGreaterEqual(judged, 300)

    def test_every_row_says_why_and_has_its_own_bytes(self):
        seen = {}
        for name, (data, why) in TABLE.items():
            self.assertTrue(why, name)
            same = seen.setdefault(as_line(name, data), name)
            self.assertEqual(name[0], same[0], f"{name} and {same} are the same line")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
