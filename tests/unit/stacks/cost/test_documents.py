"""What docs/costs.md promises."""

import json
import re

import yaml
from lyceum_ops import checkout
from lyceum_stacks.cost import request
from lyceum_stacks.cost.estimate import Options
from lyceum_stacks.cost.usage import PerUser, ResourceUsage, Usage, parse

PAGE = (checkout.ROOT / "docs" / "costs.md").read_text(encoding="utf-8")


def section(title):
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_every_key_of_the_json_is_documented(recorded):
    answer = request.of_preview(recorded("show-sames"), "preview", Usage(), Options())
    keys = {*json.loads(json.dumps(answer.document())), "budget"}
    named = {
        key
        for row in re.findall(r"^\| (`.+?) \|", section("JSON"), re.MULTILINE)
        for key in re.findall(r"`(\w+)`", row)
    }
    assert keys <= named
    assert named <= keys


def test_every_key_of_a_usage_file_is_documented():
    named = set(re.findall(r"\w+", section("Usage files")))
    for kind in (Usage, PerUser, ResourceUsage):
        assert set(kind.__struct_fields__) <= named


def test_the_usage_file_shown_is_one():
    shown = re.search(r"```yaml\n(.+?)```", PAGE, re.DOTALL)[1]
    assert parse(yaml.safe_load(shown), "shown").resources["offsite-copies"].storage_gib == 2000


def test_the_code_shown_runs():
    shown = re.search(r"```python\n(.+?)```", PAGE, re.DOTALL)[1]
    names = {}
    exec(shown, names)  # noqa: S102 - the project's own page
    assert str(names["report"].total) == "93.500000"
