"""The mathematics of the interview: numpy and scikit-learn, no Django."""

from __future__ import annotations

from recommender.engine.conditions import chance
from recommender.engine.model import TwentyQuestions
from recommender.engine.questions import Answers, Question

__all__ = ["Answers", "Question", "TwentyQuestions", "chance"]
