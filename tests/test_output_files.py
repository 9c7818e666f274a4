"""Files that the user names for a result never replace another file by accident."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from cnncli.errors import OutputError
from cnncli.runs import output_files
from cnncli.runs.output_files import NothingToWrite, OutputFile, OutputFolder


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make_run(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "run.json").write_text('{"schema_version": 1}')
    (folder / "figures").mkdir()
    return folder


def refusal(output: OutputFile | OutputFolder) -> str:
    with pytest.raises(OutputError) as caught:
        output.check()
    return str(caught.value)


@pytest.mark.parametrize("kind", [OutputFile, OutputFolder])
def test_hint_names_the_option_that_is_wrong(kind):
    assert refusal(kind(Path("x" * 300), "--to")).endswith(": the name is too long\n    use a shorter --to")


def test_new_file_is_written_whole_and_nothing_else_is_left(here):
    file = OutputFile(Path("out.csv"))
    file.check()
    file.write("a,b\n")

    assert (here / "out.csv").read_text() == "a,b\n"
    assert os.listdir(here) == ["out.csv"]


def test_a_hyphen_is_not_taken_for_a_file(here):
    assert refusal(OutputFile(Path("-"), "--to")) == "--to: - is not the name of a file\n    name a file"


def test_existing_file_needs_force(here):
    (here / "out.csv").write_text("mine")

    assert refusal(OutputFile(Path("out.csv"), "--csv")) == "--csv: out.csv exists already; --force overwrites it"
    OutputFile(Path("out.csv"), force=True).write("new")
    assert (here / "out.csv").read_text() == "new"


def aliases(here: Path) -> list[str]:
    (here / "sub").mkdir()
    os.symlink("a.png", here / "link.png")
    os.link(here / "a.png", here / "hard.png")
    return ["a.png", "./a.png", "sub/../a.png", str(here / "a.png"), "link.png", "hard.png"]


def test_input_is_never_overwritten_whatever_it_is_called(here):
    (here / "a.png").write_bytes(b"image")

    for alias in aliases(here):
        assert "is a file that this command reads" in refusal(OutputFile(Path(alias), reads=["a.png"], force=True))


def test_input_that_does_not_exist_is_no_place_for_a_result():
    assert "this command reads" in refusal(OutputFile(Path("./missing.png"), reads=["missing.png"]))


def test_image_in_an_input_folder_is_protected_and_a_table_beside_it_is_not(here):
    (here / "scans").mkdir()
    (here / "scans" / "a.png").write_bytes(b"image")
    (here / "scans" / "out.csv").write_text("old")

    assert "an image in a folder" in refusal(OutputFile(Path("scans/a.png"), reads=["scans"], force=True))
    OutputFile(Path("scans/out.csv"), reads=["scans"], force=True).check()


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("name", ["predictions.csv", "new.csv", "figures/roc.png", "figures/new.png", ".."])
def test_nothing_is_written_inside_a_run(here, name, force):
    make_run(here / "outputs" / "mnist" / "first")
    path = here / "outputs/mnist/first/figures/x/../../extra" if name == ".." else here / "outputs/mnist/first" / name

    assert "lies in the folder of a run, first" in refusal(OutputFile(path, force=force))


@pytest.mark.parametrize("names", [("run.json", "model.keras"), (".lock", "recipe.yaml")])
def test_damaged_and_beginning_runs_are_protected_too(here, names):
    (here / "first").mkdir()
    for name in names:
        (here / "first" / name).write_bytes(b"")

    assert "folder of a run" in refusal(OutputFile(Path("first/new.csv")))


@pytest.mark.parametrize("name", ["run.json", ".lock"])
def test_folder_of_another_tool_is_no_run(here, name):
    (here / name).write_text("{}")

    OutputFile(Path("new.csv")).check()


def test_link_into_a_run_is_seen(here):
    run = make_run(here / "outputs" / "mnist" / "first")
    os.symlink(run, here / "latest")
    os.symlink(run / "run.json", here / "record.csv")

    assert "folder of a run" in refusal(OutputFile(Path("latest/new.csv")))
    assert "folder of a run" in refusal(OutputFile(Path("record.csv"), force=True))


def test_what_the_command_made_in_a_run_is_its_own(here):
    run = make_run(here / "first")
    (run / "report.html").write_text("old")
    OutputFile(run / "report.html", own=[run / "report.html"]).write("new")
    OutputFile(run / "figures" / "a.png", own=[run / "figures"]).write(b"new")

    assert (run / "report.html").read_text() == "new"
    assert "folder of a run" in refusal(OutputFile(run / "run.json", own=[run / "figures"]))


def model_in_disguise(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.weights.h5", b"")


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("model.keras", b"", "a model"),
        ("MODEL.KERAS", b"", "a model"),
        ("weights.bin", b"\x89HDF\r\n\x1a\n", "a model"),
        ("renamed.zip", model_in_disguise, "a model"),
        ("mine.yaml", b"", "a recipe"),
        ("mine.txt", b"name: x\nmodel:\n  layers: []\n", "a recipe"),
        ("child.txt", b"extends: mnist\n", "a recipe"),
    ],
)
def test_models_and_recipes_are_never_overwritten(here, name, content, kind):
    content(here / name) if callable(content) else (here / name).write_bytes(content)

    assert f"is {kind}, which is never overwritten" in refusal(OutputFile(Path(name), force=True))


def test_folder_is_no_file(here):
    (here / "results").mkdir()

    assert "results is a folder, not a file" in refusal(OutputFile(Path("results")))


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("x" * 300, "the name is too long"),
        ("/".join(["y" * 200] * 25), "the name is too long"),
        ("missing/out.csv", "its folder does not exist"),
        ("a.txt/out.csv", "a part of the path is a file"),
        ("a\0b", "cannot be a path"),
        ("dangling", "is a link that leads nowhere"),
        ("loop", "is a link that leads nowhere"),
        ("/dev/full", "is not a regular file"),
    ],
    ids=lambda text: text[:20].replace("\0", "NUL"),
)
def test_what_cannot_be_written_is_known_before(here, path, reason):
    (here / "a.txt").write_text("")
    os.symlink("nowhere", here / "dangling")
    os.symlink("loop", here / "loop")

    assert reason in refusal(OutputFile(Path(path)))
    assert reason in refusal(OutputFile(Path(path), force=True))


def test_folder_without_write_permission_is_reported_before(here):
    (here / "closed").mkdir(mode=0o500)
    if os.access(here / "closed", os.W_OK):
        pytest.skip("root may write everywhere")

    assert "permission denied" in refusal(OutputFile(Path("closed/out.csv")))


def test_link_is_followed_and_stays_a_link(here):
    (here / "real.csv").write_text("old")
    os.symlink("real.csv", here / "link.csv")
    OutputFile(Path("link.csv"), force=True).write("new")

    assert (here / "real.csv").read_text() == "new"
    assert (here / "link.csv").is_symlink()


def test_file_of_another_process_between_check_and_write_is_kept(here):
    file = OutputFile(Path("out.csv"))
    file.check()

    def write():
        with file.writing() as stream:
            stream.write(b"ours")
            (here / "out.csv").write_text("theirs")

    with pytest.raises(OutputError, match="exists already"):
        write()

    assert (here / "out.csv").read_text() == "theirs"
    assert os.listdir(here) == ["out.csv"]


def test_where_there_is_nothing_to_write_an_old_file_stays(here):
    (here / "out.csv").write_text("old")
    with OutputFile(Path("out.csv"), force=True).writing() as stream:
        stream.write(b"head")
        raise NothingToWrite

    assert (here / "out.csv").read_text() == "old"
    assert os.listdir(here) == ["out.csv"]


def test_failing_write_keeps_the_old_file(here):
    (here / "out.csv").write_text("old")

    def write():
        with OutputFile(Path("out.csv"), force=True).writing() as stream:
            stream.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write()

    assert (here / "out.csv").read_text() == "old"
    assert os.listdir(here) == ["out.csv"]


def test_pipe_and_null_device_are_written_to_and_stay(here):
    os.mkfifo(here / "pipe")
    reader = os.open(here / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    OutputFile(Path("pipe")).write("row\n")
    OutputFile(Path(os.devnull)).write("row\n")

    assert os.read(reader, 100) == b"row\n"
    os.close(reader)


def test_folder_for_pictures_is_checked(here):
    run = make_run(here / "first")
    (here / "data").mkdir()
    (here / "a.txt").write_text("")
    (here / "pictures").mkdir()
    (here / "pictures" / "roc.png").write_bytes(b"old")

    OutputFolder(Path("new/below")).check(["roc.png"])
    OutputFolder(run / "figures", own=[run / "figures"]).check(["roc.png"])
    assert "folder of a run" in refusal(OutputFolder(run / "figures", force=True))
    assert "folder of a run" in refusal(OutputFolder(run / "elsewhere", own=[run / "figures"]))
    assert "belongs to the data" in refusal(OutputFolder(Path("data/figures"), reads=["data"], force=True))
    assert "is a file, not a folder" in refusal(OutputFolder(Path("a.txt")))
    assert "is a file, not a folder" in refusal(OutputFolder(Path("a.txt/below")))
    assert "the name is too long" in refusal(OutputFolder(Path("x" * 300)))
    assert "the name is too long" in refusal(OutputFolder(Path("x" * 300) / "y"))
    with pytest.raises(OutputError, match="exists already; --force overwrites it"):
        OutputFolder(Path("pictures")).check(["new.png", "roc.png"])
    OutputFolder(Path("pictures"), force=True).check(["new.png", "roc.png"])
    assert not (here / "new").exists()


def test_temporary_file_of_a_killed_process_goes_and_one_that_is_written_stays(here):
    code = (
        "import sys, time; from pathlib import Path; from cnncli.runs.output_files import OutputFile\n"
        "with OutputFile(Path('a.bin')).writing() as file:\n"
        "    print(flush=True); time.sleep(60)"
    )
    ours = {**os.environ, "PYTHONPATH": str(Path(output_files.__file__).parents[2])}
    writers = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=ours) for _ in range(2)]
    for writer in writers:
        assert writer.stdout is not None
        writer.stdout.readline()
    killed, alive = writers
    killed.kill()
    killed.wait()
    for file in here.iterdir():
        os.utime(file, (0, 0))

    OutputFolder(here).make()

    left = [file.name for file in here.iterdir()]
    alive.kill()
    alive.wait()
    assert left == [f".cnncli.tmp-{alive.pid}"]
