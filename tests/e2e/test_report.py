"""The page that a real run leaves."""

import hashlib
import json


def test_run_leaves_its_page_and_the_record_lists_it(trained):
    run = trained.folder / "outputs/small/first"
    page = (run / "report.html").read_bytes()
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))

    [listed] = [file for file in record["artefacts"] if file["path"] == "report.html"]
    assert listed["sha256"] == hashlib.sha256(page).hexdigest()
    # The page was written before the record was, and says what the record says now.
    assert '<span class="status completed">' in page.decode()
    assert record["ended"] in page.decode()
    accuracy = json.loads((run / "evaluation.json").read_text(encoding="utf-8"))["accuracy"]
    assert f"<strong>{accuracy:.2%}</strong>" in page.decode()
    assert len(page) < 4_500_000


def test_page_made_again_is_the_same(trained):
    before = (trained.folder / "outputs/small/first/report.html").read_bytes()
    done = trained("report", "small/first", "--to", "again.html")

    assert done.exit_code == 0, done.stderr
    assert (trained.folder / "again.html").read_bytes() == before


def test_network_is_left_layer_by_layer(trained):
    run = trained.folder / "outputs/small/first"
    left = json.loads((run / "network.json").read_text(encoding="utf-8"))

    # The prepared input, then the layers of the recipe; their parameters by hand: 5*5*8 + 8, 3*3*8*12 + 12, 5*5*12*10 + 10.
    params = {layer["name"]: layer["params"] for layer in left["layers"] if layer["params"]}
    assert params == {"first": 208, "second": 876, "out": 3010}
    assert left["params"] == json.loads((run / "run.json").read_text(encoding="utf-8"))["params"] == 4094
    assert [box["name"] for box in left["boxes"]] == [layer["name"] for layer in left["layers"]]  # no blocks in it
    assert [box["inputs"] for box in left["boxes"][1:]] == [[number] for number in range(len(left["boxes"]) - 1)]
    assert 'aria-label="Diagram of the network"' in (run / "report.html").read_text(encoding="utf-8")
