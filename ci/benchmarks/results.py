"""The file of results: {"groups": {name: facts}, "benchmarks": [rows]}. Groups that are not measured anew stay."""
import json
import os

from benchmarks.row import Row


def read(path):
    if not path or not os.path.exists(path):
        return {}, []
    with open(path, encoding="utf-8") as file:
        content = json.load(file)
    return content["groups"], [Row.from_json(fields) for fields in content["benchmarks"]]


def write(path, groups, rows):
    text = json.dumps({"tool": "ci/bench", "groups": groups, "benchmarks": [row.to_json() for row in rows]}, indent=1)
    with open(f"{path}.new", "w", encoding="utf-8") as file:
        file.write(text + "\n")
    os.replace(f"{path}.new", path)
