import json

import numpy as np
import pytest

from rmtjac.learn import CONFIGURATIONS, autoencoder_row, autoencoder_table, digits, train_autoencoder


@pytest.fixture(scope="module")
def rows():
    pytest.importorskip("sklearn")
    data = digits()
    return [
        autoencoder_row(train_autoencoder(data.train, name, units=24, epochs=10), data.test) for name in CONFIGURATIONS
    ]


def test_all_eight_rows(rows):
    found = {one.configuration: one for one in rows}
    assert list(found) == list(CONFIGURATIONS)
    for name in ("Sigmoid NN", "Tanh NN", "Tanh PN"):  # bounded: the asymptotic mapping is 0
        assert found[name].rho == (0.0, 0.0)
        assert found[name].shape in ("point", "two points", "between")
    for name in ("ReLU spectral NN", "ReLU spectral PN"):
        assert 0.0 < found[name].rho[0] <= found[name].rho[1] <= found[name].norm * (1 + 1e-9) < 1.0
        assert found[name].shape == "point"
    for name in ("Tanh + Swish NN", "ReLU + Sigmoid NR", "ReLU + Sigmoid RR"):  # no theorem on rho applies
        assert found[name].rho is None
    for one in rows:
        assert one.norm <= one.norms * (1 + 1e-9)
        assert one.test_loss > 0.0
    # Outputs of a sigmoid of nonnegative numbers are at least 1/2.
    assert found["Sigmoid NN"].test_loss > 0.1


def test_text_and_json(rows):
    text = autoencoder_table(rows, published=True)
    assert text.count("\n") == 9
    assert "(0.2308)" in text
    assert "(0.2308)" not in autoencoder_table(rows)
    assert "(-)" in text
    assert json.loads(json.dumps(rows[0].to_dict()))["rho"] == [0.0, 0.0]
    assert np.isfinite([one.distance for one in rows]).all()
