"""`cnncli doctor` on this machine, whatever it is."""

import re

from commands import call


def test_doctor_says_what_auto_takes_and_why(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CNNCLI_CACHE", str(tmp_path / "cache"))
    found = call("doctor", "--json").json

    assert found["device"]["kind"] == ("gpu" if found["devices"] else "cpu")
    assert (found["no_gpu"] is None) == bool(found["devices"])
    if found["device"]["kind"] == "cpu":
        has_amx = "amx_bf16" in found["environment"]["cpu"]["flags"]
        assert found["precision"]["policy"] == ("mixed_bfloat16" if has_amx else "float32")
    assert found["folders"]["outputs"]["writable"]
    assert found["folders"]["cache"]["files"] == 0
    assert set(found["data"]) == {"mnist", "fashion_mnist", "cifar10", "cifar100"}
    assert list(tmp_path.iterdir()) == []

    assert found["precision"]["reason"] in " ".join(call("doctor").stdout.split())


def test_doctor_breaks_lines_between_words_and_never_between_a_number_and_its_unit(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "40")
    lines = call("doctor").stdout.splitlines()

    assert all(len(line) <= 40 or len(line.split()) <= 2 for line in lines), lines  # a long word stays whole
    assert not re.search(r"[0-9]\n +(GB|MB|cores|files)", "\n".join(lines))


def test_doctor_where_nothing_can_be_written_is_exit_6(tmp_path):
    (tmp_path / "file").write_text("")
    done = call("doctor", "--output", tmp_path / "file" / "outputs", exit_code=6)

    assert "cannot be written" in done.stdout
    assert "name another folder with --output" in done.stderr
