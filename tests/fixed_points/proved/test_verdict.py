import numpy as np

from rmtjac.fixed_points.clusters import Cluster
from rmtjac.fixed_points.domain import Domain
from rmtjac.fixed_points.proved.verdict import verdict

BOX = np.array([[-1.0], [1.0]])
ALL, SOME, UNCHECKED = Domain(BOX, BOX, True, 1), Domain(BOX, BOX, False, None), Domain(BOX, BOX, True, None)
TRIPLE, DOUBLE, BLIND = Cluster((0.5,), 1e-5, 1), Cluster((0.0,), 1e-8, 0), Cluster((0.2,), 0.1, None)


def _say(where=ALL, total=1, clusters=(), unsearched=0, stuck=0, continua=0, beside=0):
    return verdict(where, total, clusters, unsearched, stuck, continua, beside)


def test_complete():
    assert _say() == (True, "complete, by proof; the indices add up to +1")
    assert _say(beside=2)[1].endswith("2 on a face of the domain, or nearer to one than the error")
    assert _say(SOME, total=3) == (
        True,
        "complete within the domain, by proof (the domain is not known to be mapped into itself, so the index gives no "
        "check)",
    )
    assert _say(UNCHECKED)[1] == "complete, by proof: the domain holds every fixed point (no check by the index)"
    assert _say(continua=2)[1].startswith("complete: 2 continua")


def test_a_wrong_sum_is_no_proof():
    done, reason = _say(total=3)
    assert not done
    assert reason == "not complete: the indices add up to 3, not +1; please report this network"


def test_more_boxes_are_named_only_where_they_help():
    assert _say(unsearched=3) == (
        False,
        "not proved complete: 3 boxes undecided; a larger max_boxes may settle 3 of them",
    )
    for clusters, stuck in (((TRIPLE,), 1), ((DOUBLE, TRIPLE), 2), ((), 4)):
        done, reason = _say(total=0, clusters=clusters, stuck=stuck)
        assert not done
        assert "larger max_boxes" not in reason
    assert "max_boxes will not settle these" in _say(clusters=(BLIND,), stuck=7)[1]
    both = _say(unsearched=3, clusters=(BLIND,), stuck=7)[1]
    assert "10 boxes undecided; a larger max_boxes may settle 3 of them" in both
    assert "floats cannot decide 7 boxes" in both


def test_clusters_count_in_the_sum():
    assert _say(total=0, clusters=(TRIPLE, DOUBLE), stuck=2)[1].endswith("all indices add up to +1")
    assert "add up to +0, not +1; please report" in _say(total=0, clusters=(DOUBLE,), stuck=1)[1]
    many = _say(total=-6, clusters=(TRIPLE,) * 7, stuck=7)[1]
    assert "7 clusters of fixed points" in many
    assert "and 2 more" in many
