"""What a run leaves to look at never fails the run."""

from cnncli import runs
from cnncli.workflow.report_files import write_network, write_report


def test_page_that_cannot_be_written_is_a_note_with_the_way_to_make_it(tmp_path):
    notes = []
    with runs.create(tmp_path, "made", run_name="first") as run:
        (run.path / "report.html").mkdir()
        write_report(run, "completed", {"ended": "2026-11-22T10:00:00.000+00:00"}, notes.append)

    [note] = notes
    assert note.message.startswith("the report could not be made: ")
    assert note.hint == f"try again with: cnncli report {run.path}"


def test_network_that_cannot_be_described_is_a_note(tmp_path):
    notes = []
    with runs.create(tmp_path, "made", run_name="first") as run:
        write_network(run, None, None, notes.append)

    assert [note.hint for note in notes] == ["the report will not show it"]
    assert not (run.path / "network.json").exists()
