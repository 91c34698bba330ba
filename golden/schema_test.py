"""Holds the data in golden/ to its schemas, and shows that the schemas refuse what is wrong."""

import json
import pathlib
import sys
import unittest

import jsonschema

GOLDEN = pathlib.Path(__file__).resolve().parent
HEADER = {"case": "x", "requirements": ["FRAME-01"], "modes": ["S"], "about": "It works."}

BROKEN_STEPS = {
    "an unknown step": {"shout": "hello"},
    "two steps on one line": {"send": {}, "close_stdin": True},
    "an unknown key beside a step": {"send": {}, "keepopen": True},
    "a mode that does not exist": {"send": {}, "modes": ["X"]},
    "an unknown matcher": {"expect": {"type": "<whole>"}},
    "an unknown matcher deep inside": {"expect": {"error": {"code": ["<whole:1>"]}}},
    "a bound that is not a number": {"expect": {"type": "ack"}, "within_ms": "soon"},
    "an outcome of nobody": {"outcome": {"ok": True}},
    "an unknown key in outcome": {"outcome": {"request_id": "a", "status": "OK"}},
    "an unknown key in provider_saw": {"provider_saw": {"requests": 1}},
    "an unknown place to hang": {"provider": [{"respond": {"hang": "somewhere"}}]},
    "a rule without an answer": {"provider": [{"match": {"call": 1}}]},
    "a header name in capitals": {"provider_saw": {"headers": {"Content-Type": "<any>"}}},
    "bytes that are not base64": {"send_raw": {"base64": "%%"}},
    "a negative sleep": {"sleep_ms": -1},
    "a signal that does not exist": {"signal": "SIGTERM"},
    "a variable of the host in lower case": {"env": {"home": "/"}},
}

SCENARIO = {
    "name": "x",
    "about": "It fails.",
    "good_host": "Says so.",
    "requirements": ["PROV-04"],
    "modes": ["S"],
    "provider": [{"respond": {"status": 503}}],
    "play": [{"outcome": {"request_id": "a", "ok": False}}],
    "proof": [{"provider_did": {"call": 1, "status": 503}}],
}

BROKEN_SCENARIOS = {
    "an unknown key": {"author": "me"},
    "no sentence": {"about": ""},
    "no rule": {"provider": []},
    "a rule without an answer": {"provider": [{"times": 1}]},
    "an unknown step": {"play": [{"shout": "hello"}]},
    "no proof": {"proof": []},
    "a proof that proves nothing": {"proof": [{"sleep_ms": 1}]},
    "call 0": {"proof": [{"provider_did": {"call": 0}}]},
    "a fact that does not exist": {"proof": [{"provider_did": {"colour": "red"}}]},
}

BROKEN_HEADERS = {
    "no modes": {**HEADER, "modes": []},
    "no requirement": {**HEADER, "requirements": []},
    "a requirement that is not an ID": {**HEADER, "requirements": ["FRAME-1"]},
    "an unknown key": {**HEADER, "author": "me"},
    "a row without a name": {**HEADER, "rows": [{"value": 1}]},
    "an unknown capability": {**HEADER, "capabilities": ["magic"]},
    "timing false": {**HEADER, "timing": False},
    "draft false": {**HEADER, "draft": False},
}


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def validator(schema, definition=None):
    if definition:
        schema = {"$ref": "#/definitions/" + definition, "definitions": schema["definitions"]}
    return jsonschema.Draft7Validator(schema)


def scenario_validator():
    """The scenario's schema, with that of cases inside."""
    text = (GOLDEN / "schema/scenario.schema.json").read_text(encoding="utf-8")
    schema = json.loads(text.replace("case.schema.json#", "#"))
    schema["definitions"] = load(GOLDEN / "schema/case.schema.json")["definitions"]
    return validator(schema)


def complaint(valid, line):
    """What is wrong with the line, or None."""
    if valid.is_valid(line):
        return None
    return jsonschema.exceptions.best_match(valid.iter_errors(line)).message


class Schemas(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.schema = load(GOLDEN / "schema/case.schema.json")
        cls.header = validator(cls.schema, "header")
        cls.step = validator(cls.schema, "step")
        # The step is known by its key, so that a complaint speaks of that step alone.
        cls.steps = {
            name.removeprefix("step_"): validator(cls.schema, name)
            for name in cls.schema["definitions"]
            if name.startswith("step_")
        }

    def test_the_schemas_are_schemas(self):
        for name in ("advice", "case", "policy", "requirements", "scenario"):
            jsonschema.Draft7Validator.check_schema(load(GOLDEN / f"schema/{name}.schema.json"))

    def test_the_catalogue_obeys_its_schema(self):
        catalogue = load(GOLDEN / "contract/requirements.json")
        valid = validator(load(GOLDEN / "schema/requirements.schema.json"))
        self.assertIsNone(complaint(valid, catalogue))
        ids = [row["id"] for row in catalogue["requirements"]]
        self.assertEqual(len(ids), len(set(ids)), "an ID is used twice")
        areas = {area["id"] for area in catalogue["areas"]}
        self.assertEqual(areas, {row_id.split("-")[0] for row_id in ids})

    def test_the_advice_obeys_its_schema(self):
        valid = validator(load(GOLDEN / "schema/advice.schema.json"))
        advice = load(GOLDEN / "contract/advice.json")
        self.assertIsNone(complaint(valid, advice))
        for change in ({"do": ""}, {"id": "FRAME"}, {"cause": "No full stop"}, {"x": "y."}):
            entry = {**advice["advice"][0], **change}
            self.assertFalse(valid.is_valid({"advice": [entry]}), change)

    def test_every_case_obeys_the_schema(self):
        rows = load(GOLDEN / "contract/requirements.json")["requirements"]
        known = {row["id"] for row in rows}
        cases = sorted((GOLDEN / "cases").glob("*/*.jsonl"))
        self.assertGreater(len(cases), 100, "the cases are missing")
        scripts = sorted((GOLDEN.parent / "conformance/record/requests").glob("*/*.jsonl"))
        self.assertGreater(len(scripts), 10, "the scripts of `touchstone record` are missing")
        for path in cases + scripts:
            text = path.read_text(encoding="utf-8")
            self.assertTrue(text.endswith("\n"), f"{path}: no LF at the end")
            lines = [json.loads(line) for line in text[:-1].split("\n")]
            for number, line in enumerate(lines, 1):
                problem = self.complain(number, line)
                self.assertIsNone(problem, f"{path}:{number}: {problem}")
                for name in line.get("requirements", []):
                    self.assertIn(name, known, f"{path}:{number}")
            header = lines[0]
            self.assertEqual(header["case"], path.stem, path)
            self.assertNotIn("draft", header, f"{path}: a draft is no golden case")
            names = [row["name"] for row in header.get("rows", [])]
            self.assertEqual(len(names), len(set(names)), f"{path}: a row name is used twice")

    def test_every_scenario_obeys_the_schema(self):
        valid = scenario_validator()
        scenarios = sorted((GOLDEN.parent / "fault-injection/scenarios").glob("*.json"))
        self.assertGreaterEqual(len(scenarios), 25, "scenarios are missing")
        for path in scenarios:
            scenario = load(path)
            self.assertIsNone(complaint(valid, scenario), path)
            self.assertEqual(scenario["name"], path.stem)

    def test_broken_scenarios_are_refused(self):
        valid = scenario_validator()
        self.assertIsNone(complaint(valid, SCENARIO))
        for what, change in BROKEN_SCENARIOS.items():
            with self.subTest(what):
                self.assertFalse(valid.is_valid({**SCENARIO, **change}))
        for key in SCENARIO:
            with self.subTest(f"without {key}"):
                self.assertFalse(
                    valid.is_valid({k: v for k, v in SCENARIO.items() if k != key})
                )

    def test_broken_steps_are_refused(self):
        for what, line in BROKEN_STEPS.items():
            with self.subTest(what):
                self.assertFalse(self.step.is_valid(line))

    def test_broken_headers_are_refused(self):
        self.assertTrue(self.header.is_valid(HEADER))
        self.assertTrue(self.header.is_valid({**HEADER, "draft": True}))
        for what, line in BROKEN_HEADERS.items():
            with self.subTest(what):
                self.assertFalse(self.header.is_valid(line))

    def test_every_policy_obeys_the_schema(self):
        valid = validator(load(GOLDEN / "schema/policy.schema.json"))
        policies = sorted((GOLDEN.parent / "ci/policies").glob("*.json"))
        policies = [path for path in policies if not path.name.startswith("waivers")]
        self.assertGreaterEqual(len(policies), 3, "policies are missing")
        for path in policies:
            policy = load(path)
            self.assertIsNone(complaint(valid, policy), path)
            self.assertEqual(policy["name"], path.stem)

    # The loader is held to the same examples: conformance/policy/policy_test.cc.
    def test_good_policies_are_taken_and_bad_ones_refused(self):
        valid = validator(load(GOLDEN / "schema/policy.schema.json"))
        examples = load(GOLDEN / "schema/policy.examples.json")
        for example in examples["good"]:
            self.assertIsNone(complaint(valid, example["policy"]), example["what"])
        self.assertGreater(len(examples["bad"]), 40)
        for example in examples["bad"]:
            with self.subTest(example["what"]):
                self.assertFalse(valid.is_valid(example["policy"]))

    def test_a_catalogue_with_a_broken_row_is_refused(self):
        valid = validator(load(GOLDEN / "schema/requirements.schema.json"))
        for change in ({"level": "MAY"}, {"modes": ["B", "S"]}, {"milestone": "M4"}, {"x": 1}):
            catalogue = load(GOLDEN / "contract/requirements.json")
            catalogue["requirements"][0].update(change)
            with self.subTest(change):
                self.assertFalse(valid.is_valid(catalogue))

    def complain(self, number, line):
        if number == 1:
            return complaint(self.header, line)
        names = [key for key in line if key in self.steps]
        if len(names) != 1:
            return f"expected one step, found {names or list(line)}"
        return complaint(self.steps[names[0]], line)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])
