import json

import rmtjac as rj
from rmtjac.cli.main import main


def test_certify(tmp_path, capsys):
    path = rj.Network([[[0.5, 0.25], [0.0, 0.5]]], [[1.0, 1.0]], "relu").save(tmp_path / "net.npz")
    assert main(["certify", str(path)]) == 0
    out = capsys.readouterr().out
    assert "unique: yes" in out
    assert "Cavalcante-Liao-Stanczak" in out
    assert main(["certify", str(path), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["exists"] is True
    assert facts["least"]["lower"][1] <= 2.0 <= facts["least"]["upper"][1]


def test_errors(tmp_path, capsys):
    assert main(["certify", str(tmp_path / "none.npz")]) == 2
    assert "there is no such file" in capsys.readouterr().err
    path = rj.Network([[[0.5]]], activation="relu").save(tmp_path / "net.npz")
    assert main(["certify", str(path), "--tol", "0"]) == 2
    assert "tol=0.0 must be a finite number > 0" in capsys.readouterr().err
