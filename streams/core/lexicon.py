"""Word lists that the wording rules use."""

from typing import Final

ORDINARY_NAMES: Final = frozenset(
    """
    the and you for not but are was all can any how who why what when here there this that with from just like
    have has get got one two new now yes yeah ok okay help guest user root me my it is in on at to of so no do be
    or if up am an as
    """.split(),  # noqa: SIM905  # words read better than a list of quotes
)
"""Names that are ordinary words: met in a text they name nobody."""

STOP_WORDS: Final = frozenset(
    """
    the a an and or but if of to in on at for with from by is are was were be been am i you he she it we they me
    my your his her its our their this that these those there here what how why when where who which do does did
    can could will would should have has had not no yes so just any some one anyone someone know get got use using
    need help please thanks hi hello hey ok im dont cant it's i'm don't
    """.split(),  # noqa: SIM905  # words read better than a list of quotes
)
"""The commonest English words, which say nothing of what a message is about."""
