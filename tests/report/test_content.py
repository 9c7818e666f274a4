"""What the page of a run tells."""

import sys
from itertools import pairwise
from types import SimpleNamespace

import pytest
from made_runs import evaluation, png
from made_runs import network as made_network
from reading import Read

from cnncli import report, runs
from cnncli.recipe.load import load
from cnncli.report import embedded_figures, history
from cnncli.report.embedded_figures import gather, within
from cnncli.report.facts import _described
from cnncli.report.first_epoch import explanation
from cnncli.tasks.comparison import compare


def page(*folders) -> Read:
    return Read(report.page([report.read(folder) for folder in folders]).html)


def facts(found: Read) -> dict[str, str]:
    return {one.text: other.text for one, other in pairwise(found.all("dt", "dd")) if one.tag == "dt"}


def test_head_tells_the_result_its_interval_and_what_guessing_reaches(make_run):
    scored = evaluation(["cat", "dog", "eel"])
    scored |= {
        "accuracy": 0.9035,
        "intervals": {**scored["intervals"], "accuracy": [0.89, 0.9165], "macro_f1": [0.88, 0.91]},
        "baseline": {"class": "dog", "accuracy": 0.35},
    }
    found = facts(page(make_run(scored=scored)))

    assert found["Test accuracy"] == "90.35%95% interval 89.00% to 91.65%; always predicting dog reaches 35.00%"
    assert found["Test loss"] == "0.2500of 200 examples"
    assert found["Parameters"] == "1961,000 multiply-adds per example"


def test_facts_tell_what_was_trained_and_why_so(make_run):
    found = facts(page(make_run(trainable_params=100, settings=["train.epochs=9"], stopped="no better for 3 epochs")))

    assert found["Data"] == "image folder photos16 for training"
    assert found["Classes"] == "3: cat, dog, eel"
    assert found["Training"] == "optimizer adam, batch size 32"
    assert (
        found["Epochs"] == "8 of 9the best is epoch 7, by validation loss 0.1700stopped early: no better for 3 epochs"
    )
    assert found["Precision"] == "mixed_bfloat16this processor has AMX"
    assert found["Changed by --set"] == "train.epochs=9"


def test_objects_in_the_optimizer_are_described_like_itself():
    data = {
        "SGD": {"learning_rate": {"CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 5}}, "momentum": 0.9}
    }

    assert (
        _described(data) == "SGD (learning_rate CosineDecay (initial_learning_rate 0.1, decay_steps 5), momentum 0.9)"
    )


def test_planned_epochs_are_those_of_the_record(make_run):
    assert facts(page(make_run(epochs_planned=20)))["Epochs"].startswith("8 of 20")


def test_class_table_has_every_class_with_its_numbers(make_run):
    scored = evaluation(["cat", "dog", "eel"])
    rows = page(make_run(scored=scored)).rows("Scores by class")

    areas = {row["class"]: row["auc"] for row in scored["roc"]["per_class"]}
    assert rows == [
        [
            row["class"],
            *(f"{row[name]:.4f}" for name in ("precision", "recall", "f1")),
            f"{areas[row['class']]:.4f}",
            str(row["support"]),
        ]
        for row in scored["per_class"]
    ]


def test_mistakes_are_told_with_their_files(make_run):
    scored = evaluation(["cat", "dog", "eel"])
    rows = page(make_run(scored=scored)).rows("Most confident errors")

    first = scored["most_wrong"][0]
    assert rows[0] == [first["file"], first["true"], first["predicted"], f"{first['probability']:.2%}"]
    assert len(rows) == min(20, len(scored["most_wrong"]))


def test_two_classes_get_the_scores_of_their_thresholds(make_run):
    rows = page(make_run(class_names=["cat", "dog"])).rows("Scores by threshold")

    assert rows[0][0] == "0.00"
    assert rows[0][2] == "1.0000"  # at 0 everything is found
    assert len(rows) <= 21


def test_scores_by_threshold_name_the_class_and_have_one_heading(make_run):
    found = page(make_run(class_names=["cat", "<b>dog"]))

    assert "<b>dog is predicted if its probability is above the threshold." in found.text
    assert [each.text for each in found.all("h2", "h3", "h4")].count("Scores by threshold") == 1
    assert "Scores by threshold" not in [each.text for each in found.all("strong")]
    assert "Precision, recall, F1 and accuracy" in [each.text for each in found.all("strong")]


def test_picture_that_the_page_draws_itself_is_not_shown_twice(make_run):
    names = ("curves", "confusion", "roc", "calibration", "wrong", "grad-cam-C1", "maximize-C1")
    pictures = {f"{name}.png": png() for name in names}

    shown = [each.attributes["alt"] for each in page(make_run(pictures=pictures)).all("img")]
    assert shown == [
        "Wrong predictions with the highest probabilities",
        "Heat maps: Grad-CAM at layer C1",
        "Inputs that maximize layer C1",
    ]


def test_picture_stands_in_where_the_numbers_are_missing(make_run):
    folder = make_run(class_names=[f"c{number}" for number in range(40)], pictures={"confusion.png": png()})
    (folder / "history.json").unlink()

    found = page(folder)
    assert [each.attributes["alt"] for each in found.all("img")] == ["Confusion matrix: true and predicted classes"]
    assert "the history: there is no history.json" in found.text


def test_recipe_is_there_line_by_line(make_run):
    folder = make_run()
    found = page(folder)

    numbered = [e for e in found.all("pre") if e.attributes.get("class") == "numbered"]
    assert [line for line in numbered[0].text.splitlines() if line] == [
        line for line in (folder / "recipe.yaml").read_text().splitlines() if line
    ]


def test_record_is_there_without_the_list_of_files(make_run):
    found = page(make_run())

    assert '"reason": "this processor has AMX"' in found.text
    assert '"sha256"' not in found.text


# Each thing once


def test_scores_of_the_head_are_not_in_the_table_again(make_run):
    names = [row[0] for row in page(make_run()).rows("More scores")]

    assert names == [
        "macro precision",
        "macro recall",
        "mean AUC of the classes",
        "mean average precision of the classes",
        "expected calibration error",
        "largest calibration error",
    ]


def test_every_number_of_the_head_and_of_the_scores_is_there_once(make_run):
    scored = evaluation(["cat", "dog", "eel"])
    found = page(make_run(scored=scored, images_per_second=4321.0, seconds={"total": 17.25, "fit": 11.5}))
    calibration = scored["calibration"]
    numbers = [
        f"{scored['accuracy']:.2%}",
        f"{scored['roc']['macro_auc']:.4f}",
        f"{calibration['expected_calibration_error']:.4f}",
        f"{calibration['maximum_calibration_error']:.4f}",
        "17.2 s",
        "11.5 s",
        "4,321",
    ]
    shown = found.one("main").text.split("Content of run.json")[0]

    assert {number: shown.count(number) for number in numbers} == dict.fromkeys(numbers, 1)


def test_headings_are_there_once_and_captions_are_for_screen_readers(make_run):
    found = page(make_run(pictures={"wrong.png": png(), "mine.png": png()}))
    headings = [each.text for each in found.all("h1", "h2", "h3")]

    assert len(headings) == len(set(headings)) > 8
    assert {each.attributes["class"] for each in found.all("caption")} == {"unseen"}
    # A picture has its title in it; one that cnncli did not draw has none.
    assert [each.text for each in found.all("figcaption") if each.text == "mine"] == ["mine"]
    assert "Wrong predictions" not in found.text


def test_table_of_what_a_picture_shows_is_closed(make_run):
    with_picture, without = page(make_run("a", pictures={"wrong.png": png()})), page(make_run("b"))
    titles = [[each.text.strip() for each in found.all("summary")] for found in (with_picture, without)]

    assert "Table of these examples" in titles[0]
    assert "Table of these examples" not in titles[1]
    assert without.rows("Most confident errors") == with_picture.rows("Most confident errors")


# The first epoch


def put_history(folder, *rows):
    (folder / "history.json").write_text(runs.to_json([{"epoch": n, **row} for n, row in enumerate(rows, 1)]))
    return folder


BETTER = {"loss": 1.0, "val_loss": 0.5, "accuracy": 0.6, "val_accuracy": 0.8}
WORSE = {"loss": 0.1, "val_loss": 0.4, "accuracy": 0.95, "val_accuracy": 0.9}
AVERAGES = (
    "Training values are averages over the epoch, while the weights still improve; "
    "validation uses the weights at the end of the epoch."
)


def test_validation_above_training_in_the_first_epoch_is_explained(make_run):
    found = page(put_history(make_run(), BETTER, WORSE))

    said = f"In the first epoch, validation is better than training in loss and accuracy. {AVERAGES}"
    assert [each.text for each in found.all("p") if "first epoch" in each.text] == [said]


def test_only_the_reasons_that_hold_are_given(make_run):
    folder = put_history(make_run(), {**BETTER, "val_accuracy": 0.5}, BETTER)
    network = runs.to_json({**made_network().to_json()})
    (folder / "network.json").write_text(network.replace('"Conv2D"', '"SpatialDropout2D"'))
    recipe = (folder / "resolved.yaml").read_text()
    augmented = recipe.replace(
        "mnist-sample", "mnist-sample, augment: [RandomFlip: horizontal], class_weight: balanced"
    )
    (folder / "resolved.yaml").write_text(augmented)

    [said] = [each.text for each in page(folder).all("p") if "first epoch" in each.text]
    assert said == (
        f"In the first epoch, validation is better than training in loss. {AVERAGES} "
        "Dropout layers and augmentation layers make training harder and are not used in validation. "
        "Class weights change the training loss, but not the validation loss."
    )


@pytest.mark.parametrize(("name", "changes"), [("faces", ["data.augment=[]"]), ("denoise-mnist", [])])
def test_batches_of_identities_and_noise_to_undo_are_the_same_in_validation(name, changes):
    run = SimpleNamespace(history=[BETTER, WORSE], recipe=load(name, changes).recipe, network=None)

    assert (
        explanation(run) == f"In the first epoch, validation is better than training in loss and accuracy. {AVERAGES}"
    )


def test_validation_that_stays_better_has_easier_examples(make_run):
    said = "the validation examples are probably easier"

    assert said in page(put_history(make_run("levelled"), BETTER, BETTER, BETTER)).text
    falling = {**BETTER, "loss": 0.8}
    assert said not in page(put_history(make_run("falling"), BETTER, BETTER, falling)).text
    assert said not in page(put_history(make_run("two"), BETTER, BETTER)).text


@pytest.mark.parametrize("row", [WORSE, {"loss": 0.1}, {"loss": 1.0, "val_loss": None}, {"r": 1, "val_r": 2}, None])
def test_nothing_is_explained_where_validation_is_not_better(make_run, row):
    folder = put_history(make_run(), *([row, BETTER] if row else []))

    assert "In the first epoch" not in page(folder).text


# Few examples


@pytest.mark.parametrize(("count", "is_told"), [(99, True), (100, False)])
def test_small_test_split_is_told_once_with_its_count(make_run, count, is_told):
    note = f"recipe.yaml:2:7: the test split has only {count} examples: scores on it are rough\n    see the intervals"
    found = page(make_run(scored=evaluation(["cat", "dog", "eel"], count=count), notes=[note] if is_told else []))
    shown = found.one("main").text.split("Content of run.json")[0]

    told = f"The test split has only {count} examples: its scores are uncertain. Read their 95% intervals"
    assert (told in shown) == is_told
    assert "scores on it are rough" not in shown


# Several runs


NAMES = ["cat", "dog", "eel"]


def test_runs_are_compared_at_the_top_as_compare_does(make_run):
    folders = [
        make_run("first"),
        make_run("second", scored=evaluation(NAMES, skill=4)),
        make_run("third", scored=evaluation(NAMES, skill=1.9)),
    ]
    found = page(*folders)

    assert found.all("title")[0].text == "3 runs – cnncli report"
    assert [row[0] for row in found.rows("Comparison of the runs")] == ["made/first", "made/second", "made/third"]
    sentences = [pair.sentence for pair in compare(folders).pairs]
    assert "made/second is better than made/first by" in sentences[0]
    assert [each.text.strip() for each in found.all("li")][:2] == [f"{sentence}." for sentence in sentences]
    assert "cannot be compared" not in found.text
    assert len(found.all("article")) == 3


def test_run_has_the_same_colour_in_every_chart(make_run):
    first = put_history(make_run("first"), {"loss": 1.0, "val_loss": 1.0}, {"loss": 1.0, "val_loss": 0.9})
    second = put_history(make_run("second"), {"val_loss": 1.0, "val_auc": 0.5}, {"val_loss": 0.9, "val_auc": 0.6})
    materials = [report.read(folder) for folder in (first, second)]

    loss, auc = history.curves_together(materials)
    assert [(line.name, line.colour) for line in loss.lines] == [("made/first", 0), ("made/second", 1)]
    assert [(line.name, line.colour) for line in auc.lines] == [("made/second", 1)]


def test_scores_on_other_examples_are_not_to_be_compared(make_run):
    other = {**evaluation(NAMES), "examples_sha256": "other"}
    found = page(make_run("first"), make_run("second", scored=other))

    assert "These runs were not scored on the same examples: their scores cannot be compared." in found.text
    assert "fingerprint of the examples: f there, other here" in found.text
    assert "is better than" not in found.text


def test_run_without_an_evaluation_is_named_and_the_others_are_compared(make_run):
    folders = [make_run("first"), make_run("second", scored=evaluation(NAMES, skill=4)), make_run("cut")]
    (folders[2] / "evaluation.json").unlink()

    assert "made/cut has no evaluation: its status is completed" in page(*folders).text
    assert "made/second is better than made/first by" in page(*folders).text
    alone = page(folders[0], folders[2]).text
    assert "These runs cannot be compared." in alone
    assert "made/cut has no evaluation" in alone


def test_damaged_predictions_are_why_runs_cannot_be_compared(make_run):
    folders = [make_run("first"), make_run("second")]
    (folders[1] / "predictions.csv").write_text("<script>")

    assert "predictions.csv is damaged" in page(*folders).text


def test_every_heading_has_a_link_to_itself_that_does_not_change(make_run):
    found = page(make_run("first"), make_run("second"))
    again = page(make_run("first-again"), make_run("second-again"))

    def links(read: Read) -> list[tuple[str, str]]:
        anchors = [each for each in read.all("a") if each.attributes.get("class") == "anchor"]
        headings = [each for each in read.all("h2", "h3", "h4") if "id" in each.attributes]
        return [(one.attributes["id"], two.attributes["href"]) for one, two in zip(headings, anchors, strict=True)]

    assert len(links(found)) > 16
    assert all(href == f"#{id_}" for id_, href in links(found))
    assert links(found) == links(again)
    assert ("run-2-evaluation", "#run-2-evaluation") in links(found)


# Room for pictures


def test_room_that_a_run_does_not_need_is_for_the_pictures_of_the_others(make_run, monkeypatch):
    monkeypatch.setattr(sys.modules["cnncli.report.page"], "MOST_BYTES", 1_000_000)
    many = {f"filters-layer{number:02}.png": png(350, 250, noise=True) for number in range(8)}
    made = report.page([report.read(make_run("few")), report.read(make_run("many", pictures=many))])

    assert made.left_out == ()
    both = report.page([report.read(make_run(name, pictures=many)) for name in ("one", "two", "three")])
    shown = [sum(picture.attributes["alt"].startswith("Filters") for picture in Read(both.html).all("img"))]
    assert shown[0] + len(both.left_out) == 24
    assert sum(len(each.attributes["src"]) for each in Read(both.html).all("img")) < 1_000_000
    assert both.left_out == ()  # they are stored smaller


def test_run_with_few_pictures_keeps_them_where_others_have_too_many(tmp_path):
    for number in range(3):
        (tmp_path / f"filters-{number}.png").write_bytes(png(400, 400, noise=True))
    (tmp_path / "few.png").write_bytes(png())
    albums = [gather(sorted(tmp_path.glob("filters-*.png"))), gather([tmp_path / "few.png"])]
    many, few = within(albums, 25_000)

    assert len(many.left_out) == 3
    assert [picture.about for picture in few.pictures] == ["few"]


@pytest.mark.parametrize(
    ("needs", "total", "shares"),
    [
        ([10, 20], 100, [10, 20]),
        ([10, 90], 60, [10, 50]),
        ([90, 10], 60, [50, 10]),
        ([90, 80, 0], 60, [30, 30, 0]),
        ([100], 60, [60]),
        ([], 60, []),
    ],
)
def test_room_is_shared(needs, total, shares):
    assert embedded_figures._shares(needs, total) == shares
