"""Learned weights: those that come with the product, or a file that the configuration names."""

from __future__ import annotations

from pathlib import Path

import msgspec

from huoqun.config import ConfigError
from streams.core.answer_model import AnswerModel
from streams.core.weights import shipped


def answer_model(path: str) -> AnswerModel:
    """Return the model for answers by the weights of a file (empty: the product's own).

    Raises :class:`~huoqun.config.ConfigError` if it can't be read or doesn't fit this version's features.
    """
    if not path:
        return AnswerModel(shipped("answers"))
    try:
        return AnswerModel(msgspec.json.decode(Path(path).read_bytes()))
    except OSError as error:
        raise ConfigError(f"streams.answer_weights: {path}: {error.strerror}") from None
    except msgspec.DecodeError as error:
        raise ConfigError(f"streams.answer_weights: {path}: not JSON: {error}") from None
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"streams.answer_weights: {path}: not weights of this version: {error}") from None
