"""A run as one zip file: the same bytes each time, and checked as a file from a stranger before anything is used."""

import errno
import hashlib
import io
import json
import os
import shutil
import stat
import zipfile
import zlib
from pathlib import Path

import pytest
from card_runs import make_run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnncli.errors import OutputError
from cnncli.runs.output_files import OutputFile
from cnncli.runs.packs import members, packing, requirements
from cnncli.runs.packs.unpacking import unpacked


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A run, and its pack."""
    folder = tmp_path_factory.mktemp("packs")
    run = make_run(folder / "outputs")
    packing.pack(run, OutputFile(folder / "run.zip"))
    return run, folder / "run.zip"


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """The folder of temporary files; nothing may be left in it."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    yield folder
    assert os.listdir(folder) == []


def contents(file):
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_zip(file, files, *, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file


def with_manifest(files):
    """The files with a manifest that says what is in them."""
    files = {name: content for name, content in files.items() if name != "manifest.json"}
    listed = [
        {"path": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in sorted(files.items())
    ]
    manifest = {"format": 1, "cnncli": "0", "run": "made/first", "files": listed}
    return {**files, "manifest.json": json.dumps(manifest).encode()}


def refusal(file):
    with pytest.raises(OutputError) as caught, unpacked(file):
        pass
    return caught.value.problems[0].message


# Packing


def test_pack_has_the_files_of_the_run_byte_for_byte(original):
    run, file = original
    found = contents(file)
    for name in set(found) - {"manifest.json", "requirements.txt"}:
        assert found[name] == (run / name).read_bytes()
    assert {*members.NEEDED, "network.json", "figures/curves.png"} <= set(found)
    assert not [name for name in found if name.startswith(("checkpoints", ".lock", "run.log"))]


def test_manifest_has_the_digest_of_every_other_member(original):
    found = contents(original[1])
    manifest = json.loads(found.pop("manifest.json"))
    assert manifest["run"] == "made/first"
    assert {each["path"]: (each["bytes"], each["sha256"]) for each in manifest["files"]} == {
        name: (len(content), hashlib.sha256(content).hexdigest()) for name, content in found.items()
    }


def test_same_run_gives_the_same_bytes_whenever_and_from_wherever(original, tmp_path):
    run, file = original
    copy = tmp_path / "elsewhere" / "made" / "first"
    shutil.copytree(run, copy)
    for each in copy.rglob("*"):
        os.utime(each, (1, 1))
    packing.pack(copy, OutputFile(tmp_path / "again.zip"))
    assert (tmp_path / "again.zip").read_bytes() == file.read_bytes()
    with zipfile.ZipFile(file) as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_links_and_other_files_stay_out(original, tmp_path):
    run = tmp_path / "made" / "first"
    shutil.copytree(original[0], run)
    (tmp_path / "secret").write_text("secret")
    os.symlink(tmp_path / "secret", run / "figures" / "link.png")
    (run / "figures" / ".hidden.png").write_text("x")
    (run / "checkpoints").mkdir()
    (run / "checkpoints" / "state").write_text("x")
    packing.pack(run, OutputFile(tmp_path / "a.zip"))
    assert set(contents(tmp_path / "a.zip")) == set(contents(original[1]))


def test_what_shrinks_like_a_bomb_is_stored(original, tmp_path):
    run = tmp_path / "made" / "first"
    shutil.copytree(original[0], run)
    (run / "evaluation.json").write_bytes(b" " * 3_000_000)
    record = json.loads((run / "run.json").read_bytes())
    (run / "run.json").write_text(json.dumps(record | {"artefacts": []}))
    packing.pack(run, OutputFile(tmp_path / "a.zip"))
    with unpacked(tmp_path / "a.zip") as found:
        assert (found.path / "evaluation.json").stat().st_size == 3_000_000


@pytest.mark.parametrize(
    ("status", "hint"), [("interrupted", "finish it"), ("diverged", "train it again"), ("failed", "train it again")]
)
def test_unfinished_run_is_refused(tmp_path, status, hint):
    run = make_run(tmp_path / "outputs", status=status)
    with pytest.raises(OutputError, match=f"is not finished \\(its status is {status}\\)\n +{hint}"):
        packing.pack(run, OutputFile(tmp_path / "a.zip"))
    assert not (tmp_path / "a.zip").exists()


@pytest.mark.parametrize("name", ["model.keras", "predictions.csv", "resolved.yaml"])
def test_missing_file_is_named_and_nothing_is_written(tmp_path, name):
    run = make_run(tmp_path / "outputs")
    (run / name).unlink()
    with pytest.raises(OutputError, match=f"has no {name}"):
        packing.pack(run, OutputFile(tmp_path / "a.zip"))
    assert sorted(os.listdir(tmp_path)) == ["outputs", "temporary"]


def test_file_that_the_run_did_not_write_is_refused(tmp_path):
    run = make_run(tmp_path / "outputs")
    record = json.loads((run / "run.json").read_bytes())
    written = hashlib.sha256((run / "evaluation.json").read_bytes()).hexdigest()
    record["artefacts"] = [{"path": "evaluation.json", "bytes": 1, "sha256": written}]
    (run / "run.json").write_text(json.dumps(record))
    packing.pack(run, OutputFile(tmp_path / "a.zip"))
    (tmp_path / "a.zip").unlink()
    (run / "evaluation.json").write_text("{}")
    with pytest.raises(OutputError, match=r"evaluation\.json is not what the run wrote"):
        packing.pack(run, OutputFile(tmp_path / "a.zip"))
    assert sorted(os.listdir(tmp_path)) == ["outputs", "temporary"]


def test_full_disk_leaves_nothing(original, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(packing, "_copy", full)
    with pytest.raises(OutputError, match="no space left on"):
        packing.pack(original[0], OutputFile(tmp_path / "a.zip"))
    assert os.listdir(tmp_path) == ["temporary"]


def test_requirements_are_the_installed_packages_that_cnncli_needs():
    found = requirements.installed()
    assert {"cnncli", "keras", "tensorflow", "numpy", "pydantic", "h5py"} <= set(found)
    assert not {"pytest", "ruff", "gradio"} & set(found)
    assert list(found) == sorted(found)
    assert requirements.read(requirements.as_text(found, "3.11.7")) == found


def test_versions_of_the_training_go_before_those_of_today(tmp_path):
    environment = {"versions": {"cnncli": "0.0.1", "python": "3.11.0", "keras": "3.0.0"}}
    run = make_run(tmp_path / "outputs", environment=environment)
    packed = packing.pack(run, OutputFile(tmp_path / "a.zip"))
    text = contents(tmp_path / "a.zip")["requirements.txt"].decode()
    assert "# Python 3.11.0\n" in text
    assert "\nkeras==3.0.0\n" in text
    assert {name: then for name, (then, _) in packed.changed.items()} == {"cnncli": "0.0.1", "keras": "3.0.0"}


# Unpacking


def test_what_reproduce_reads_is_unpacked_and_nothing_else(original):
    run, file = original
    with unpacked(file) as found:
        assert (found.path.parent.name, found.path.name, found.run) == ("made", "first", "made/first")
        assert sorted(each.name for each in found.path.iterdir()) == sorted(members.NEEDED)
        assert (found.path / "model.keras").read_bytes() == (run / "model.keras").read_bytes()
        assert found.packages == requirements.installed()


def test_missing_file_is_an_error(tmp_path):
    assert refusal(tmp_path / "none.zip") == f"no such file: {tmp_path / 'none.zip'}"


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip file" * 100])
def test_file_of_another_kind_is_refused(tmp_path, content):
    (tmp_path / "a.zip").write_bytes(content)
    assert "it is no zip file, or cut short" in refusal(tmp_path / "a.zip")


def test_folder_and_pipe_are_refused(tmp_path):
    (tmp_path / "a.zip").mkdir()
    os.mkfifo(tmp_path / "b.zip")
    assert "not a regular file" in refusal(tmp_path / "a.zip")
    assert "not a regular file" in refusal(tmp_path / "b.zip")


@pytest.mark.parametrize(
    "name",
    [
        "../evil.txt",
        "/etc/evil",
        "figures/../../evil.png",
        "figures/a/b.png",
        "figures/..\\evil.png",
        "C:/evil.png",
        "figures/C:evil.png",
        "figures/",
        "figures/.png",
        "evil.py",
        "checkpoints/state.json",
        "run.json/x",
        "RUN.JSON ",
        "figures/a\x01.png",
    ],
)
def test_names_that_no_pack_has_are_refused(original, tmp_path, name):
    file = write_zip(tmp_path / "a.zip", with_manifest({**contents(original[1]), name: b"x"}))
    assert "no pack has" in refusal(file)
    assert sorted(os.listdir(tmp_path)) == ["a.zip", "temporary"]


@pytest.mark.parametrize("name", sorted({*members.NEEDED, "requirements.txt", "manifest.json"}))
def test_missing_member_is_named(original, tmp_path, name):
    files = with_manifest({key: content for key, content in contents(original[1]).items() if key != name})
    if name == "manifest.json":
        del files[name]
    assert f"it has no {name}" in refusal(write_zip(tmp_path / "a.zip", files))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_member_that_is_there_twice_is_refused(original, tmp_path):
    file = write_zip(tmp_path / "a.zip", contents(original[1]))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("run.json", "other")
    assert "`run.json` is in it more than once" in refusal(file)


def test_names_that_differ_in_case_alone_are_refused(original, tmp_path):
    files = with_manifest({**contents(original[1]), "figures/Curves.png": b"x"})
    assert "`figures/curves.png` is in it more than once" in refusal(write_zip(tmp_path / "a.zip", files))


@pytest.mark.parametrize("name", ["model.keras", "run.json", "figures/curves.png", "report.html", "requirements.txt"])
def test_changed_content_is_found_by_its_digest(original, tmp_path, name):
    files = {"report.html": b"<p>", **contents(original[1])}
    files = with_manifest(files)
    files[name] = bytes([files[name][0] ^ 1]) + files[name][1:]
    message = refusal(write_zip(tmp_path / "a.zip", files))
    assert f"`{name}` is not what its manifest.json says: the SHA-256 differs" in message


def test_manifest_that_says_other_sizes_or_files_is_refused(original, tmp_path):
    files = contents(original[1])
    longer = {**files, "run.json": files["run.json"] + b" "}
    assert "does not say what is in it: run.json" in refusal(write_zip(tmp_path / "a.zip", longer))
    more = {**files, "figures/more.png": b"x"}
    assert "does not say what is in it: figures/more.png" in refusal(write_zip(tmp_path / "b.zip", more))


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"[]",
        b"{}",
        b'{"format": 2}',
        b"\xff",
        b"[" * 100_000,
        b'{"format": 1, "cnncli": "0", "run": 1, "files": []}',
    ],
)
def test_manifest_of_another_form_is_refused(original, tmp_path, manifest):
    files = {**contents(original[1]), "manifest.json": manifest}
    assert "its manifest.json is not that of a pack" in refusal(write_zip(tmp_path / "a.zip", files))


@pytest.mark.parametrize("run", ["..", "a", "a/b/c", "../x/y", "made/", "/etc/x", "made/..", "CON/x", "made/a\n"])
def test_name_of_the_run_cannot_leave_its_folder(original, tmp_path, run):
    files = contents(original[1])
    files["manifest.json"] = json.dumps({**json.loads(files["manifest.json"]), "run": run}).encode()
    assert "is not the name of a run" in refusal(write_zip(tmp_path / "a.zip", files))


def test_bomb_is_refused_before_it_is_unpacked(original, tmp_path):
    files = with_manifest({**contents(original[1]), "predictions.csv": bytes(20 << 20)})
    assert "of `predictions.csv` say that they are 20,971,520" in refusal(write_zip(tmp_path / "a.zip", files))


def test_members_that_share_their_bytes_are_refused(original, tmp_path):
    """Each is within its own bounds, all together are a bomb: many entries of the table point to one piece."""
    files = contents(original[1])
    noise = zlib.compress(os.urandom(10_000))
    shared = {f"figures/{number}.png": noise + bytes(900_000) for number in range(20)}
    stream = io.BytesIO()
    write_zip(stream, with_manifest({**files, **shared}))
    assert len(stream.getvalue()) * 100 > sum(map(len, shared.values()))  # honest: below the bound
    (tmp_path / "a.zip").write_bytes(stream.getvalue())
    with unpacked(tmp_path / "a.zip"):
        pass
    small = {f"figures/{number}.png": bytes(1_000_000) for number in range(20)}
    assert "say that they are" in refusal(write_zip(tmp_path / "b.zip", with_manifest({**files, **small})))


def test_text_larger_than_any_is_refused(original, tmp_path):
    files = with_manifest({**contents(original[1]), "recipe.yaml": os.urandom(300_000)})
    assert "of `recipe.yaml` say that they are 300,000" in refusal(write_zip(tmp_path / "a.zip", files))


def test_link_encrypted_and_oddly_packed_members_are_refused(original, tmp_path):
    files = contents(original[1])

    def with_info(change):
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            for name, content in files.items():
                info = zipfile.ZipInfo(name)
                if name == "run.json":
                    change(info)
                archive.writestr(info, content)
        return tmp_path / "a.zip"

    def link(info):
        info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16

    def packed(info):
        info.compress_type = zipfile.ZIP_BZIP2

    assert "`run.json` is a link or a device" in refusal(with_info(link))
    assert "`run.json` is packed in a way that no pack uses" in refusal(with_info(packed))
    raw = bytearray(with_info(lambda _: None).read_bytes())
    place = raw.index(b"PK\1\2", raw.rindex(b"run.json") - 60)
    raw[place + 8] |= 1
    (tmp_path / "a.zip").write_bytes(raw)
    assert "is encrypted" in refusal(tmp_path / "a.zip")


def test_large_table_of_contents_is_refused_before_it_is_read(original, tmp_path, monkeypatch):
    raw = bytearray(original[1].read_bytes())
    end = raw.rindex(b"PK\5\6")
    raw[end + 12 : end + 16] = (members.MOST_DIRECTORY_BYTES + 1).to_bytes(4, "little")
    (tmp_path / "a.zip").write_bytes(raw)
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("it was read"))
    assert "its table of contents has" in refusal(tmp_path / "a.zip")


def test_no_room_is_told_before_anything_is_written(original, monkeypatch):
    usage = shutil._ntuple_diskusage(10, 10, 0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert "unpacking needs" in refusal(original[1])


def test_error_of_the_block_is_its_own(original):
    with pytest.raises(ValueError, match="mine"), unpacked(original[1]):
        raise ValueError("mine")


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_damaged_pack_is_refused_or_the_same(original, tmp_path, data):
    """One byte is another, or the end is missing: never another exception, and never other content."""
    run, file = original
    raw = bytearray(file.read_bytes())
    if data.draw(st.booleans()):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place] ^= data.draw(st.integers(1, 255))
    else:
        del raw[data.draw(st.integers(0, len(raw) - 1)) :]
    target = Path(tmp_path / "damaged.zip")
    target.write_bytes(raw)
    try:
        with unpacked(target) as found:
            for name in members.NEEDED:
                assert (found.path / name).read_bytes() == (run / name).read_bytes()
    except OutputError:
        pass
