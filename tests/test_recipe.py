"""A recipe is checked whole before anything is asked, and every complaint is one sentence that says where."""

from pathlib import Path

import pytest

from textbooks import job as jobs
from textbooks.errors import TextbooksError
from textbooks.excerpt import checks
from textbooks.plan import recipe as recipes
from textbooks.plan.prompts import Prompter

MALFORMED = {
    "an unknown key": ("about: A", "abuot: A", r"recipe\.yaml:2: unknown key 'abuot'. Did you mean 'about'"),
    "a missing key": ("about: A small recipe.\n", "", r"recipe\.yaml:1: key 'about' is missing"),
    "a wrong type": ("seed: 3", "seed: many", r"recipe\.yaml:3: 'seed' is 'many'"),
    "an unknown axis key": ("{values: [child", "{valeus: [child", r"recipe\.yaml:7: unknown key 'draw.reader.valeus'"),
    "two sources": ("{values: [dry", "{list: styles, values: [dry", r"recipe\.yaml:8: axis 'tone' needs exactly one"),
    "an unknown list": ("things.yaml", "thongs", r"no list 'thongs'"),
    "an unknown rule": ("snippets: [1", "snipets: [1", r"recipe\.yaml:10: unknown rule 'snipets'. Did you mean 'snipp"),
    "an unusable rule": (
        "snippets: [1, 2]",
        "snippets: 2",
        r"recipe\.yaml:10: rule 'snippets' is 2; it takes two whole",
    ),
    "a rule naming no axis": ("prints: true", "construct: $node.x", r"recipe\.yaml:11: rule 'construct' names axis"),
    "a missing template": ("ask.md.jinja", "tell.md.jinja", r"recipe\.yaml:13: no template '.*tell.md.jinja'"),
    "where without match": (
        "list: things.yaml}",
        "list: things.yaml, where: {name: [lits]}}",
        r"axis 'thing' has no value whose 'name' is 'lits'. Did you mean 'lists'",
    ),
    "a clashing duplicate": ("[child, adult]", "[child, child]", r"recipe\.yaml:7: 'child' stands twice"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_recipe_is_one_sentence(case: str, recipe: Path) -> None:
    old, new, said = MALFORMED[case]
    text = recipe.read_text()
    assert old in text
    recipe.write_text(text.replace(old, new))
    with pytest.raises(TextbooksError, match=said) as caught:
        jobs.prepare(str(recipe), recorded=[recipe])
    assert "\n" not in str(caught.value)


MORE_MALFORMED = {
    "a step named like an axis": ("{name: ask,", "{name: tone,", "'tone' is the name of an axis or another step"),
    "a rule of a field that another entry lacks": (
        "prints: true",
        "construct: $thing.node",
        "axis 'thing' has no field 'node'",
    ),
    "no values": ("values: [child, adult]", "values: []", "axis 'reader' has an empty list of values"),
    "where of an unknown field": ("{values: [child, adult]}", "{values: [a, b], where: {lvl: x}}", "no field 'lvl'"),
    "an axis named like a template's word": ("tone: {values", "namespace: {values", "bears a name that templates use"),
    "a package that is not there": ("teacher:", "box: {packages: [no-such-package]}\nteacher:", "is not installed"),
    "a key that is a list": ("about: A", "? [a, b]\n: c\nabout: A", "a key must be a text"),
}


@pytest.mark.parametrize("case", MORE_MALFORMED)
def test_what_would_fail_later_is_refused_before_anything_is_asked(case: str, recipe: Path) -> None:
    old, new, said = MORE_MALFORMED[case]
    text = recipe.read_text()
    assert old in text
    recipe.write_text(text.replace(old, new))
    with pytest.raises(TextbooksError, match=said):
        jobs.prepare(str(recipe), recorded=[recipe])


def test_every_entry_that_a_rule_may_draw_is_checked(recipe: Path) -> None:
    (recipe.parent / "nodes.yaml").write_text(
        "fields: [node]\nentries:\n  - {name: a, node: For}\n  - {name: b, node: ListComprehension}\n"
    )
    text = recipe.read_text().replace("tone: {values: [dry, warm]}", "tone: {list: nodes.yaml}")
    recipe.write_text(text.replace("prints: true", "construct: $tone.node"))
    with pytest.raises(TextbooksError, match="rule 'construct' is 'ListComprehension'; it takes the name of a node"):
        jobs.prepare(str(recipe), recorded=[recipe])


def test_a_rule_may_list_drawn_values(recipe: Path) -> None:
    text = recipe.read_text().replace("prints: true", "mentions: [print, $thing.name, $reader.name, $tone.name]")
    recipe.write_text(text.replace("tone: {values: [dry, warm]}", "tone: {values: [dry, warm, wry], pick: 2}"))
    (recipe.parent / "ask.md.jinja").write_text("{{ rules.mentions | join(', ') }}")
    job = jobs.prepare(str(recipe), recorded=[recipe])
    drawn = job.plan[3].columns()
    wanted = ["print", drawn["thing"], drawn["reader"], *drawn["tone"]]
    assert job.recipe.rules_for(job.plan[3])["mentions"] == wanted
    assert next(job.first_requests()).body["messages"][0]["content"].startswith("print, ")


def test_what_becomes_of_an_unknown_rule_is_refused(recipe: Path) -> None:
    with pytest.raises(TextbooksError, match=r"'snipets' is no rule of this recipe. Did you mean 'snippets'"):
        jobs.prepare(str(recipe), settings=["on_violation={snipets: warn}"], asks=False)
    with pytest.raises(TextbooksError, match=r"'on_violation.snippets' is 'ignore'"):
        jobs.prepare(str(recipe), settings=["on_violation={snippets: ignore}"], asks=False)


CHILD = """
name: child
extends: recipe.yaml
language: ko
draw:
  thing: {join: names.yaml, look_up: {terms: {list: terms.yaml, field: term}}}
  tone: {values: [wry]}
rules: {prints: null, words: [1, 9]}
"""


def child(recipe: Path, text: str = CHILD) -> Path:
    """A recipe that extends the small one, with lists of its own."""
    folder = recipe.parent
    (folder / "terms.yaml").write_text("fields: [term]\nentries: [{name: list, term: 목록}, {name: set, term: 집합}]\n")
    names = "fields: [local, terms]\nentries: [{name: sets, local: 집합들, terms: [set, list]}]\n"
    (folder / "names.yaml").write_text(names)
    (folder / "child.yaml").write_text(text)
    return folder / "child.yaml"


def test_a_recipe_may_extend_another_and_join_lists(recipe: Path) -> None:
    loaded = recipes.load(str(child(recipe)))
    assert (loaded.name, loaded.spec.about, loaded.spec.seed, loaded.spec.language) == (
        "child",
        "A small recipe.",
        3,
        "ko",
    )
    assert loaded.spec.rules == {"snippets": [1, 2], "words": [1, 9]}
    assert [axis.name for axis in loaded.axes] == ["thing", "reader", "tone"]
    assert [entry.view() for entry in loaded.axes[0].entries] == [
        {"name": "sets", "list": "things", "local": "집합들", "terms": ["집합", "목록"]}
    ]
    assert sorted(loaded.digests) == ["names.yaml:names", "terms.yaml:terms", "things"]
    assert Prompter(loaded).request(loaded.plan()[0], loaded.spec.steps[0], {}).body["messages"][0]["content"]


BAD_CHILDREN = {
    "a misspelt key": ("language: ko", "langage: ko", r"child\.yaml:4: unknown key 'langage'. Did you mean 'language'"),
    "a fault in the other recipe": ("rules: {", "claims: maybe\nrules: {", r"child\.yaml:8: 'claims' is 'maybe'"),
    "no such recipe": ("recipe.yaml", "recip.yaml", r"child\.yaml:3: no recipe 'recip\.yaml'"),
    "itself": ("recipe.yaml", "child.yaml", r"child\.yaml:3: the recipe extends itself"),
    "an unknown list": ("names.yaml", "nams.yaml", r"child\.yaml:6: no list 'nams\.yaml'. Did you mean 'names\.yaml'"),
    "an unknown field": ("field: term", "field: trm", r"'terms\.yaml' has no field 'trm'. Did you mean 'term'"),
    "a field that is not there": (
        "look_up: {terms",
        "look_up: {trms",
        r"'sets' has no field 'trms'. Did you mean 'terms'",
    ),
}


@pytest.mark.parametrize("case", BAD_CHILDREN)
def test_a_fault_in_a_recipe_that_extends_another_is_told_where_it_stands(case: str, recipe: Path) -> None:
    old, new, said = BAD_CHILDREN[case]
    assert old in CHILD
    path = child(recipe, CHILD.replace(old, new))
    with pytest.raises(TextbooksError, match=said):
        recipes.load(str(path))


def test_a_term_that_is_not_in_the_glossary_is_told_where_it_stands(recipe: Path) -> None:
    path = child(recipe)
    (path.parent / "terms.yaml").write_text(
        "fields: [term]\nentries: [{name: list, term: 목록}, {name: sets, term: 집합}]\n"
    )
    with pytest.raises(TextbooksError, match=r"names\.yaml:2: 'set' is not in 'terms\.yaml'. Did you mean 'sets'"):
        recipes.load(str(path))
    (path.parent / "names.yaml").write_text("fields: [local, terms]\nentries: [{name: set, local: a, terms: [set]}]\n")
    with pytest.raises(TextbooksError, match=r"names\.yaml:2: 'set' is no value of the axis. Did you mean 'sets'"):
        recipes.load(str(path))


def test_a_term_that_stands_twice_in_a_glossary_is_told_with_both_places(recipe: Path) -> None:
    path = child(recipe)
    terms = ["{name: list, term: 목록}", "{name: set, term: 집합}", "{name: List, term: 열}"]
    (path.parent / "terms.yaml").write_text("fields: [term]\nentries:\n" + "".join(f"  - {one}\n" for one in terms))
    with pytest.raises(TextbooksError, match=r"terms\.yaml:5: 'List' stands twice, first at .*terms\.yaml:3"):
        recipes.load(str(path))


def test_a_fault_of_the_recipe_that_is_extended_is_told_with_its_file(recipe: Path) -> None:
    path = child(recipe)
    recipe.write_text(recipe.read_text().replace("seed: 3", "seed: many"))
    with pytest.raises(TextbooksError, match=r"recipe\.yaml:3: 'seed' is 'many'"):
        recipes.load(str(path))


def test_a_parent_without_children_is_refused(recipe: Path) -> None:
    (recipe.parent / "more.yaml").write_text("entries: [x]\n")
    text = recipe.read_text().replace(
        "thing: {list: things.yaml}",
        "kind: {lists: [things.yaml, more.yaml]}\n  thing: {list: things.yaml, given: {kind: list}}",
    )
    recipe.write_text(text)
    with pytest.raises(TextbooksError, match="axis 'thing' has no values left for 'more'"):
        jobs.prepare(str(recipe), recorded=[recipe])


def test_a_date_is_a_text(recipe: Path) -> None:
    loaded = recipes.load(str(recipe), ["teacher.sampling.stop=2024-01-01"])
    assert loaded.spec.teacher.sampling == {"stop": "2024-01-01"}


KINDS = {
    "paragraphs": [-3, "2", 1.5, True],
    "words": [[150, 30], [1], [1, 2, 3], 30, "many"],
    "prints": ["yes please", 1],
    "libraries": ["numpy", [1]],
    "python": ["2.7", "4.0", "3", 3.11],
    "function_name": [3, "a b"],
    "construct": ["ListCmp", "parse", 1],
    "mentions": [3, [1]],
    "prose_language": ["xx", 1, "English"],
}


@pytest.mark.parametrize(("rule", "value"), [(rule, value) for rule, values in KINDS.items() for value in values])
def test_a_rule_with_a_value_of_another_kind_is_refused(rule: str, value: object) -> None:
    with pytest.raises(TextbooksError, match=f"here: rule '{rule}' is .*; it takes "):
        checks.refuse_unusable({rule: value}, lambda _: "here")


TEMPLATES = {
    "an unknown variable": ("{{ thing.name }} {{ raeder.name }}", r"variable 'raeder' is given by no axis.*'reader'"),
    "an unknown field": (
        "{{ thing.nam }} {{ reader.name }} {{ tone.name }}",
        r"ask\.md\.jinja:1: 'thing' has no field 'nam'. Did you mean 'name'",
    ),
    "broken syntax": ("{{ thing.name", r"ask\.md\.jinja:1: .*; mend the template"),
    "an unused axis": ("{{ thing.name }} {{ reader.name }}", r"axis 'tone' is drawn but no template or rule uses it"),
}


@pytest.mark.parametrize("case", TEMPLATES)
def test_a_malformed_template_is_one_sentence(case: str, recipe: Path) -> None:
    text, said = TEMPLATES[case]
    (recipe.parent / "ask.md.jinja").write_text(text)
    with pytest.raises(TextbooksError, match=said):
        jobs.prepare(str(recipe), recorded=[recipe])


def test_an_unknown_recipe_suggests_the_nearest() -> None:
    with pytest.raises(TextbooksError, match="Did you mean 'phi1-textbook'"):
        recipes.load("phi-textbook")


def test_settings_are_laid_over_the_recipe(recipe: Path) -> None:
    loaded = recipes.load(str(recipe), ["seed=9", "teacher.sampling.temperature=1.1", "draw.tone.values=[a, b, c]"])
    assert loaded.spec.seed == 9
    assert loaded.spec.teacher.sampling == {"temperature": 1.1}
    assert len(loaded.plan()) == 3 * 2 * 3


def test_an_axis_may_not_bear_the_name_of_a_fixed_column(recipe: Path) -> None:
    recipe.write_text(recipe.read_text().replace("tone: {values", "text: {values"))
    template = recipe.parent / "ask.md.jinja"
    template.write_text(template.read_text().replace("tone.name", "text.name"))
    with pytest.raises(TextbooksError, match=r"recipe\.yaml:8: axis 'text' bears the name of a fixed column"):
        jobs.prepare(str(recipe), recorded=[recipe])


@pytest.mark.parametrize("setting", ["seed", "=3", "seed.x=3", "seed=[", "sede=3"])
def test_a_setting_that_cannot_be_laid_over_is_one_sentence(setting: str, recipe: Path) -> None:
    with pytest.raises(TextbooksError):
        recipes.load(str(recipe), [setting])


def test_more_samples_than_combinations_are_refused(recipe: Path) -> None:
    with pytest.raises(TextbooksError, match="has only 12 combinations"):
        jobs.prepare(str(recipe), samples=13, recorded=[recipe])


TOLD = ("words", "letters", "snippet_lines", "line_length", "python")
"""Rules whose values an answer can only keep when the prompt tells them."""


@pytest.mark.parametrize("name", recipes.names())
def test_shipped_prompts_state_the_values_that_the_contract_checks(name: str) -> None:
    loaded = recipes.load(name)
    prompter, assignment = Prompter(loaded), loaded.plan()[0]
    answers: dict[str, object] = {}
    prompts = []
    for step in loaded.spec.steps:
        prompts += [one["content"] for one in prompter.request(assignment, step, answers).body["messages"]]
        answers[step.name] = dict.fromkeys(step.parts, "some") | {"text": "some"} if step.parts else "some"
    prompt = "\n".join(prompts)
    for rule in TOLD:
        value = loaded.spec.rules.get(rule)
        for limit in value if isinstance(value, list | tuple) else [value]:
            assert limit in (None, 0) or str(limit) in prompt, rule
    assert "{{" not in prompt


def test_the_drawn_values_stand_after_the_fixed_rules() -> None:
    """A repeated beginning is what prompt caches charge a tenth for."""
    loaded = recipes.load("phi1-textbook")
    plan, prompter = loaded.plan(), Prompter(loaded)
    texts = [prompter.request(plan[i], loaded.spec.steps[0], {}).body["messages"][0]["content"] for i in (0, 1, 2)]
    shared = next(i for i, letters in enumerate(zip(*texts, strict=False)) if len(set(letters)) > 1)
    assert shared > len(texts[0]) / 2


def test_the_custom_id_depends_on_the_body_alone(recipe: Path) -> None:
    loaded = recipes.load(str(recipe))
    one = Prompter(loaded).request(loaded.plan()[2], loaded.spec.steps[0], {})
    again = Prompter(recipes.load(str(recipe), ["samples=3", "publish.test_percent=9"])).request(
        loaded.plan()[2], loaded.spec.steps[0], {}
    )
    other = Prompter(loaded, model="another").request(loaded.plan()[2], loaded.spec.steps[0], {})
    assert one.custom_id == again.custom_id != other.custom_id
