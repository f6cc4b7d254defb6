"""The mathematics, held against brute force on small catalogs."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.base import clone

from recommender.engine import Answers, Question, TwentyQuestions, chance
from recommender.engine.support import fill, follow_hierarchies, follow_scales

Catalog = tuple[list[Question], NDArray[np.float64], NDArray[np.float64]]


@st.composite
def catalogs(draw: st.DrawFn) -> Catalog:
    """Small catalogs with gaps: some cells NaN, some questions taking several answers, uneven priors."""
    shapes = draw(st.lists(st.tuples(st.integers(2, 4), st.booleans()), min_size=1, max_size=5))
    questions = [
        Question(f"q.{i}", tuple(f"o{j}" for j in range(width)), several=several, picks=1.3 if several else 1.0)
        for i, (width, several) in enumerate(shapes)
    ]
    entries = draw(st.integers(2, 7))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    support = random.choice([0.0, 0.2, 0.4, 0.7, 1.0, np.nan], (entries, sum(w for w, _ in shapes)))
    return questions, support, random.uniform(0.5, 4.0, entries)


@st.composite
def interviews(draw: st.DrawFn) -> tuple[TwentyQuestions, Answers]:
    questions, support, weight = draw(catalogs())
    model = TwentyQuestions(temperature=draw(st.sampled_from([1.0, 1.6]))).fit(questions, support, weight)
    answers: dict[str, tuple[str, ...]] = {}
    for question in draw(st.lists(st.sampled_from(questions), unique_by=lambda q: q.name)):
        most = len(question.options) if question.several else 1
        answers[question.name] = tuple(draw(st.lists(st.sampled_from(question.options), max_size=most, unique=True)))
    return model, answers


@given(interviews())
def test_the_posterior_is_a_probability(interview: tuple[TwentyQuestions, Answers]) -> None:
    model, answers = interview
    belief = model.posterior(answers)
    assert belief.min() >= 0
    assert belief.sum() == pytest.approx(1, abs=1e-5)


@given(interviews())
@settings(max_examples=50)
def test_the_order_of_answers_does_not_matter(interview: tuple[TwentyQuestions, Answers]) -> None:
    model, answers = interview
    beliefs = [model.posterior(dict(pairs)) for pairs in list(permutations(answers.items()))[:24]]
    for belief in beliefs[1:]:
        np.testing.assert_allclose(belief, beliefs[0], rtol=1e-4, atol=1e-7)


@given(interviews())
def test_not_sure_changes_nothing(interview: tuple[TwentyQuestions, Answers]) -> None:
    model, answers = interview
    shrugged = {q.name: answers.get(q.name, ()) for q in model.questions_}
    np.testing.assert_allclose(model.posterior(shrugged), model.posterior(answers), rtol=1e-5, atol=1e-9)


@given(interviews())
def test_explanations_add_up_to_the_ratio_of_probabilities(interview: tuple[TwentyQuestions, Answers]) -> None:
    model, answers = interview
    belief = model.posterior(answers)
    for entry in np.flatnonzero(belief[:-1] > 1e-6):
        told = sum(model.explain(answers, int(entry)).values())
        start = np.log2(model.prior_[entry] / model.prior_[-1])
        assert start + told == pytest.approx(np.log2(belief[entry] / belief[-1]), abs=1e-3)


def brute_gain(model: TwentyQuestions, question: int, belief: NDArray[np.floating]) -> float:
    """Expected fall of the entropy of the belief, by going through every answer."""

    def entropy(p: NDArray[np.floating]) -> float:
        p = p[p > 0]
        return float(-(p * np.log2(p)).sum())

    first, last = model.start_[question], model.start_[question + 1]
    rows = model.table_[first:last].astype(float)
    splits = [[row, 1 - row] for row in rows] if model.questions_[question].several else [list(rows)]
    gain = 0.0
    for outcomes in splits:
        gain += entropy(belief)
        for likelihood in outcomes:
            joint = belief * likelihood
            if joint.sum() > 0:
                gain -= joint.sum() * entropy(joint / joint.sum())
    return gain


@given(interviews())
@settings(max_examples=60)
def test_gains_equal_brute_force(interview: tuple[TwentyQuestions, Answers]) -> None:
    model, answers = interview
    belief = model.posterior(answers)
    expected = [brute_gain(model, q, belief.astype(float)) for q in range(len(model.questions_))]
    np.testing.assert_allclose(model.gains(belief), expected, atol=2e-5)


@given(catalogs())
def test_the_chances_of_one_answer_sum_to_one(catalog: Catalog) -> None:
    questions, support, weight = catalog
    model = TwentyQuestions().fit(questions, support, weight)
    for i, question in enumerate(questions):
        rows = model.table_[model.start_[i] : model.start_[i + 1]]
        assert (rows > 0).all(), "no single slip may rule an entry out"
        assert (rows < 1).all()
        if not question.several:
            np.testing.assert_allclose(rows.sum(axis=0), 1, atol=1e-5)


COLOURS = Question("q.colour", ("red", "green", "blue"))
SHAPES = Question("q.shape", ("round", "square"))


def test_the_one_that_suits_leads() -> None:
    model = TwentyQuestions().fit([COLOURS, SHAPES], [[1, 0, 0, 1, 0], [0, 1, 0, 1, 0], [0, 0, 1, 0, 1]])
    best, chances = model.rank({"q.colour": ("green",)}, k=3)
    assert best[0] == 1
    assert chances[0] > 0.7


def test_silence_is_not_a_no() -> None:
    nan = np.nan
    silent, refuses = [nan, nan, nan, 1, 0], [0, 0, 1, 1, 0]
    model = TwentyQuestions().fit([COLOURS, SHAPES], np.array([[1, 0, 0, 1, 0], silent, refuses]))
    belief = model.posterior({"q.colour": ("red",)})
    assert belief[0] > belief[1] > 2 * belief[2]


def test_nothing_fits_when_every_entry_needs_slips() -> None:
    questions = [Question(f"q.{i}", ("a", "b", "c", "d")) for i in range(4)]
    only_a = np.tile([1.0, 0.0, 0.0, 0.0], (5, 4))
    model = TwentyQuestions().fit(questions, only_a)
    assert model.posterior({q.name: ("a",) for q in questions})[-1] < 0.01
    assert model.posterior({q.name: ("d",) for q in questions})[-1] > 0.9


def test_a_broad_option_is_answered_by_what_suits_its_narrow_ones() -> None:
    question = Question("q.light", ("fluor", "confocal", "em"), includes={"fluor": ("confocal",)})
    nan = np.nan
    model = TwentyQuestions().fit([question], [[nan, 1.0, nan], [nan, nan, 1.0], [1.0, nan, nan]])
    broad = model.posterior({"q.light": ("fluor",)})
    narrow = model.posterior({"q.light": ("confocal",)})
    assert broad[0] > 3 * broad[1]
    assert narrow[2] > 2 * narrow[1]


HARD = Question("q.os", ("win", "mac", "linux"), several=True, picks=1.2, hard=frozenset({"win", "mac", "linux"}))


def test_a_hard_constraint_excludes_only_what_plainly_lacks_it() -> None:
    model = TwentyQuestions().fit([HARD], [[0.0, 1.0, 1.0], [np.nan, 1.0, 1.0], [1.0, 0.0, 0.0]])
    belief = model.posterior({"q.os": ("win",)})
    assert belief[0] == 0
    assert belief[1] > 0
    assert model.excluded({"q.os": ("win",)}).tolist() == [[True, False, False]]
    assert not model.excluded({"q.os": ("win", "mac")}).any(), "one of several systems is enough"


def test_terms_must_all_be_met() -> None:
    terms = Question("q.cost", ("free", "open"), several=True, hard=frozenset({"free", "open"}), hard_needs_all=True)
    model = TwentyQuestions().fit([terms], [[1.0, 0.0], [1.0, 1.0]])
    assert model.excluded({"q.cost": ("free", "open")}).tolist() == [[True, False]]


def test_a_question_that_does_not_apply_is_not_asked() -> None:
    gate = Question("q.gate", ("yes", "no"), answered=0.9)
    gated = Question("q.gated", ("a", "b"), applies_when={"q": "q.gate", "has": ["yes"]})
    model = TwentyQuestions(top=1).fit([gate, gated], [[1, 0, 1, 0], [1, 0, 0, 1], [0, 1, 1, 0], [0, 1, 0, 1]])
    assert model.next_question({"q.gate": ("yes",)}) == "q.gated"
    assert model.next_question({"q.gate": ("no",)}) is None


def test_what_few_can_answer_is_asked_later() -> None:
    easy = Question("q.easy", ("a", "b"), answered=0.9)
    rare = Question("q.rare", ("a", "b"), answered=0.1)
    support = [[1, 0, 1, 0], [1, 0, 0, 1], [0, 1, 1, 0], [0, 1, 0, 1]]
    assert TwentyQuestions().fit([rare, easy], support).next_question({}) == "q.easy"


def test_it_stops_after_the_longest_and_when_the_leaders_are_clear() -> None:
    questions = [Question(f"q.{i}", ("a", "b")) for i in range(8)]
    support = np.array([[(entry >> bit) & 1, 1 - ((entry >> bit) & 1)] for entry in range(64) for bit in range(8)])
    support = support.reshape(64, 16).astype(float)
    short = TwentyQuestions(longest=2).fit(questions, support)
    assert short.next_question({"q.0": ("a",), "q.1": ("b",)}) is None
    sure = TwentyQuestions(enough=0.2).fit(questions, support)
    answers: dict[str, tuple[str, ...]] = {}
    while (name := sure.next_question(answers)) is not None:
        answers[name] = ("a",)
    assert 0 < len(answers) < 8


@pytest.mark.parametrize("bad", [[[0.5, 1.2]], [[-0.1, 0.5]], [[0.5]], [0.5, 0.5]])
def test_a_support_matrix_of_the_wrong_shape_or_range_is_refused(bad: list[Any]) -> None:
    with pytest.raises(ValueError, match="support"):
        TwentyQuestions().fit([Question("q.x", ("a", "b"))], bad)


def test_it_is_a_scikit_learn_estimator() -> None:
    model = clone(TwentyQuestions(error=0.2))
    assert model.get_params()["error"] == 0.2
    assert model.set_params(top=5).top == 5


def test_an_unknown_option_is_an_error_not_a_guess() -> None:
    model = TwentyQuestions().fit([COLOURS], [[1, 0, 0], [0, 1, 0]])
    with pytest.raises(KeyError):
        model.posterior({"q.colour": ("mauve",)})


@pytest.mark.parametrize(
    ("condition", "answers", "expected"),
    [
        (None, {}, 1.0),
        ({"q": "q.a", "has": ["x", "y"]}, {"q.a": ("y", "z")}, 1.0),
        ({"q": "q.a", "has": ["x"]}, {"q.a": ("z",)}, 0.0),
        ({"q": "q.a", "has": ["x"]}, {}, 0.3),
        ({"q": "q.a", "has": ["x"]}, {"q.a": ()}, 0.3),
        ({"q": "q.a", "has": ["x", "unsure"]}, {"q.a": ()}, 1.0),
        ({"not": {"q": "q.a", "has": ["x"]}}, {}, 0.7),
        ({"all": [{"q": "q.a", "has": ["x"]}, {"q": "q.b", "has": ["x"]}]}, {}, 0.09),
        ({"any": [{"q": "q.a", "has": ["x"]}, {"q": "q.b", "has": ["x"]}]}, {}, 0.51),
    ],
)
def test_a_condition_is_certain_of_answers_and_guesses_the_rest(
    condition: dict[str, object] | None, answers: Answers, expected: float
) -> None:
    assert chance(condition, answers, lambda _name, _options: 0.3) == pytest.approx(expected)


def test_a_condition_that_is_none_of_these_is_an_error() -> None:
    with pytest.raises(ValueError, match="all, any, not"):
        chance({"maybe": []}, {}, lambda *_: 0.5)


def test_silence_is_filled_from_the_most_similar_entries_not_from_the_others() -> None:
    nan = np.nan
    like_first, like_second = [1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0]
    support = np.array([like_first] * 6 + [like_second] * 6 + [[1.0, 0.0, nan, nan]])
    filled = fill(support, np.array([0, 2]), neighbours=5, shrink=1.0)
    mean = (6 + 0.1) / (12 + 1.0)
    assert filled[-1, 2] == pytest.approx((5 * 1.0 + mean) / 6)
    assert filled[-1, 3] == pytest.approx((0 + mean) / 6)


def test_what_a_card_passes_over_counts_as_a_fraction_of_the_guess() -> None:
    support = np.array([[1.0, 1.0]] * 6 + [[1.0, np.nan]])
    full = fill(support, np.array([0]), quiet=1.0)[-1, 1]
    assert fill(support, np.array([0]), quiet=0.15)[-1, 1] == pytest.approx(0.15 * full)
    assert fill(support, np.array([0]), quiet=0.0)[-1, 1] == 0


def test_hierarchies_carry_strength_up_whole_and_down_in_part() -> None:
    question = Question("q", ("broad", "one", "two"), includes={"broad": ("one", "two")})
    nan = np.nan
    given = np.array([[1.0, nan, nan], [nan, 0.7, nan], [nan, 0.0, nan], [nan, 0.0, 0.0], [0.4, 1.0, nan]])
    followed = follow_hierarchies([question], given, narrower=0.8)
    np.testing.assert_allclose(
        followed,
        [[1.0, 0.8, 0.8], [0.7, 0.7, nan], [nan, 0.0, nan], [0.0, 0.0, 0.0], [1.0, 1.0, 0.32]],
    )


def test_the_row_of_one_answer_is_what_the_formula_says() -> None:
    model = TwentyQuestions(error=0.1).fit([COLOURS], [[1.0, 0.6, 0.4], [1.0, 0.0, 0.0]])
    np.testing.assert_allclose(model.table_[:3, 0], [0.9 * 0.5 + 0.1 / 3, 0.9 * 0.3 + 0.1 / 3, 0.9 * 0.2 + 0.1 / 3])
    np.testing.assert_allclose(model.table_[:3, -1], 1 / 3)


def test_the_row_of_several_answers_is_scaled_to_the_usual_number_of_ticks() -> None:
    several = Question("q.many", ("a", "b", "c"), several=True, picks=1.5)
    model = TwentyQuestions(error=0.1).fit([several], [[0.8, 0.2, 0.0], [1.0, 1.0, 1.0]])
    expected = 1.5 * np.array([0.9 * 0.8 + 0.1 / 3, 0.9 * 0.2 + 0.1 / 3, 0.1 / 3])
    np.testing.assert_allclose(model.table_[:3, 0], np.minimum(expected, 0.95), rtol=1e-5)


@given(catalogs())
def test_a_stronger_claim_never_has_the_smaller_chance(catalog: Catalog) -> None:
    questions, support, weight = catalog
    model = TwentyQuestions().fit(questions, support, weight)
    for i in range(len(questions)):
        columns = slice(model.start_[i], model.start_[i + 1])
        for claims, chances in zip(support[:, columns], model.table_[columns, :-1].T, strict=True):
            known = ~np.isnan(claims)
            order = np.argsort(claims[known], kind="stable")
            assert (np.diff(chances[known][order]) >= -1e-6).all()


def test_what_is_trusted_less_moves_the_belief_less() -> None:
    support = [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    model = TwentyQuestions().fit([COLOURS], support, trust=[[1.0], [0.5], [1.0]])
    belief = model.posterior({"q.colour": ("red",)})
    assert belief[0] > belief[1] > belief[2]


def test_a_temperature_softens_the_evidence() -> None:
    support = [[1, 0, 0, 1, 0], [0, 1, 0, 0, 1]]
    many = Question("q.shape", ("round", "square"), several=True, picks=1.0)
    for shapes in (SHAPES, many):
        sharp, soft = (TwentyQuestions(temperature=t).fit([COLOURS, shapes], support) for t in (1.0, 2.0))
        for name, picked in (("q.colour", "red"), ("q.shape", "round")):
            assert soft.explain({name: (picked,)}, 0, 1)[name] == pytest.approx(
                sharp.explain({name: (picked,)}, 0, 1)[name] / 2, rel=1e-5
            )


def test_effort_puts_a_question_off() -> None:
    easy, hard = Question("q.easy", ("a", "b")), Question("q.hard", ("a", "b"), effort=3.0)
    support = [[1, 0, 1, 0], [1, 0, 0, 1], [0, 1, 1, 0], [0, 1, 0, 1]]
    assert TwentyQuestions().fit([hard, easy], support).next_question({}) == "q.easy"


def test_a_question_is_asked_only_when_it_probably_applies() -> None:
    gate = Question("q.gate", ("yes", "no"), answered=0.01)
    gated = Question("q.gated", ("a", "b"), applies_when={"q": "q.gate", "has": ["yes"]})
    mostly_no = TwentyQuestions(top=1).fit([gate, gated], [[0.2, 0.8, 1, 0], [0.2, 0.8, 0, 1]])
    mostly_yes = TwentyQuestions(top=1).fit([gate, gated], [[0.8, 0.2, 1, 0], [0.8, 0.2, 0, 1]])
    assert mostly_no.next_question({}) != "q.gated"
    assert mostly_yes.next_question({}) == "q.gated"


BOUND = Question(
    "q.os",
    ("win", "linux", "any"),
    several=True,
    bounds=True,
    neutral=frozenset({"any"}),
    hard=frozenset({"win", "linux"}),
)


def test_a_bound_rules_out_but_prefers_nobody() -> None:
    model = TwentyQuestions().fit([BOUND], [[1.0, 0.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 0.0]])
    belief = model.posterior({"q.os": ("win",)})
    assert belief[0] == pytest.approx(belief[1], rel=1e-4)
    assert belief[2] == 0


def test_a_neutral_option_tells_nothing() -> None:
    model = TwentyQuestions().fit([BOUND], [[1.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    np.testing.assert_allclose(model.posterior({"q.os": ("any",)}), model.posterior({}))
    assert not model.excluded({"q.os": ("linux", "any")}).any()


@pytest.mark.parametrize("broken", [{"error": 0.0}, {"error": 1.0}, {"outside": 0.0}, {"temperature": 0.0}], ids=str)
def test_parameters_that_would_make_a_probability_undefined_are_refused(broken: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="temperature"):
        TwentyQuestions(**broken).fit([COLOURS], [[1, 0, 0], [0, 1, 0]])  # type: ignore[arg-type]


def test_weights_must_be_positive_and_questions_unique() -> None:
    with pytest.raises(ValueError, match="weight"):
        TwentyQuestions().fit([COLOURS], [[1, 0, 0], [0, 1, 0]], weight=[0.0, 0.0])
    with pytest.raises(ValueError, match="only once"):
        TwentyQuestions().fit([COLOURS, COLOURS], [[1, 0, 0, 1, 0, 0]])


def test_one_step_of_a_scale_counts_for_the_next_where_a_card_is_silent() -> None:
    scale = Question("scale", ("few", "some", "many"), ordered=True)
    plain = Question("plain", ("a", "b", "c"))
    support = np.array([[np.nan, np.nan, 1.0, np.nan, np.nan, 1.0], [0.0, np.nan, 0.8, np.nan, np.nan, np.nan]])
    followed = follow_scales([scale, plain], support)
    assert followed[0, :3].tolist() == [0.25, 0.5, 1.0]
    assert followed[1, :3].tolist() == [0.0, 0.4, 0.8], "what is denied stays denied"
    assert np.isnan(followed[0, 3:5]).all()
    assert np.isnan(followed[1, 3:]).all(), "where nothing is said, nothing follows"
