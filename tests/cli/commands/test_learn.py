import json

import pytest

from rmtjac.cli.main import main

pytest.importorskip("sklearn")


def _json(capsys, *words):
    assert main([*map(str, words), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_train_and_eval(tmp_path, capsys):
    path = tmp_path / "model.npz"
    trained = _json(capsys, "deq", "train", path, "--epochs", 15, "--rate", "5e-3", "--units", 40)
    assert trained["accuracy"] > 0.85
    tested = _json(capsys, "deq", "eval", path)
    assert tested["accuracy"] == trained["accuracy"]
    assert tested["largest_error"] <= 1e-8
    assert main(["deq", "eval", str(path)]) == 0
    assert "PcDEQ1(40 units, 64 inputs, phi='tanh')" in capsys.readouterr().out


def test_table(capsys):
    found = _json(capsys, "autoencoder", "table", "--units", 8, "--epochs", 2, "--only", "Tanh NN", "Sigmoid NN")
    assert [one["configuration"] for one in found["rows"]] == ["Tanh NN", "Sigmoid NN"]
    assert main(["autoencoder", "table", "--units", "8", "--epochs", "1", "--only", "Tanh PN"]) == 0
    assert "| Tanh PN | 1 |" in capsys.readouterr().out


def test_json_counts_before_the_action_too(tmp_path, capsys):
    path = str(tmp_path / "model.npz")
    for words in (
        ["deq", "--json", "train", path, "--epochs", "1", "--units", "3"],
        ["deq", "--json", "eval", path],
        ["autoencoder", "--json", "table", "--units", "4", "--epochs", "1", "--only", "Tanh NN"],
    ):
        assert main(words) == 0
        assert isinstance(json.loads(capsys.readouterr().out), dict)
    assert main(["deq", "eval", path]) == 0
    assert not capsys.readouterr().out.startswith("{")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("deq", "train", "none/model.npz"), "out='none/model.npz'"),
        (("deq", "train", "model.npz", "--data", "nowhere"), "holds no train-images-idx3-ubyte"),
        (("deq", "train", "model.npz", "--activation", "relu"), "activation='relu' must be one of"),
        (("deq", "eval", "nothing.npz"), "there is no such file"),
        (("autoencoder", "table", "--only", "Tanh"), "--only='Tanh' must be one of"),
        (("autoencoder", "table", "--epochs", "0"), "epochs=0 must be a positive whole number"),
        (("deq",), "deq needs an action: train, eval"),
    ],
)
def test_errors_are_one_line(words, text, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    try:
        code = main(list(words))
    except SystemExit as error:
        code = error.code
    assert code == 2
    err = capsys.readouterr().err
    assert text in err
    assert err.count("\n") == 1
