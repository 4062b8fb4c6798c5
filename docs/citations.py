"""Citations of the sources in a text: "BS (14)", "BS (18)-(23)", "BS Section IV", and the forms that people write."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

SOURCES = ("BS", "NN", "DEQ", "PSG", "PS")

_KINDS = {
    "§": "Section", "sec": "Section", "section": "Section", "fig": "Fig.", "figure": "Fig.", "theorem": "Theorem",
    "lemma": "Lemma", "proposition": "Proposition", "definition": "Definition", "corollary": "Corollary",
    "remark": "Remark", "table": "Table",
}  # fmt: skip
_JOIN = r"\s*(?:,\s*(?:and\s+)?|and\s+|--?|–|/|to\s+)\s*"
_NUMBER = r"(?:\d+(?:\.\d+)*|[IVX]+(?:\.\d+)*)"
_CITATION = re.compile(
    rf"""(?<![\w'"\-/.]) \[?(?P<source>{"|".join(sorted(SOURCES, key=len, reverse=True))})(?:'s)?\]?_?,?\s+
    (?: (?P<kind>§|Sections?|Secs?\.|Figures?|Figs?\.|Theorems?|Lemmas?|Propositions?|Definitions?|Corollary|Remarks?
                |Tables?)\s*(?P<places>{_NUMBER}(?:{_JOIN}{_NUMBER})*)(?:[a-z])?(?![\w(])
      | (?:[Ee]qs?\.\s*|[Ee]quations?\s+)?(?P<equations>\(\d{{1,3}}(?:\.\d+)?\)(?:{_JOIN}\(\d{{1,3}}(?:\.\d+)?\))*)
      | (?:[Ee]qs?\.\s*|[Ee]quations?\s+)?(?P<bare>\d{{1,3}}(?:\.\d+)?(?:{_JOIN}\d{{1,3}}(?:\.\d+)?)*)(?![\w.]*\d)(?!\w)
    )""",
    re.VERBOSE,
)
# "(14) of BS": read as well, and reported as irregular.
_REVERSED = re.compile(
    rf"(?P<what>\(\d+(?:\.\d+)?\)|[A-Z][a-z]+\.?\s+{_NUMBER})\s+(?:of|in)\s+(?P<source>{'|'.join(SOURCES)})\b"
)


@dataclass(frozen=True)
class Citation:
    """One item of a source, cited in one place."""

    source: str
    item: str
    file: str
    name: str
    text: str

    @property
    def canonical(self) -> bool:
        """Whether the text has the one form that the docstrings agree on."""
        equations = rf"{self.source} \(\d+(\.\d+)?\)(-\(\d+(\.\d+)?\)|(, \(\d+(\.\d+)?\))*)"
        places = rf"{self.source} ({'|'.join(map(re.escape, set(_KINDS.values())))}) {_NUMBER}"
        return re.fullmatch(f"{equations}|{places}", self.text) is not None


def cited(text: str) -> list[tuple[str, str, str]]:
    """Return (source, item, as written) of all citations in a text."""
    found = []
    for match in _REVERSED.finditer(text):
        found += [(*one[:2], " ".join(match[0].split())) for one in cited(f"{match['source']} {match['what']}")]
    for match in _CITATION.finditer(text):
        written = " ".join(match[0].split())
        if match["bare"] and match["source"] != "BS":  # numbers without brackets were a habit with BS only
            continue
        if match["kind"]:
            kind = _KINDS[match["kind"].rstrip(".").lower().removesuffix("s")]
            items = [f"{kind} {place}" for place in re.findall(_NUMBER, match["places"])]
        else:
            items = list(_numbers(match["equations"] or match["bare"]))
        found += [(match["source"], item, written) for item in items]
    return found


def _numbers(text: str) -> Iterator[str]:
    """Return the equations of "(18)-(23)", "20, 21" and the like, each as "(20)"."""
    numbers = re.findall(r"\d+(?:\.\d+)?", text)
    joins = re.split(r"\(?\d+(?:\.\d+)?\)?", text)[1:-1]
    for i, number in enumerate(numbers):
        if i and re.fullmatch(r"\s*(--?|–|to\s)\s*", joins[i - 1]) and "." not in number:
            yield from (f"({k})" for k in range(int(numbers[i - 1]) + 1, int(number)))
        yield f"({number})"
