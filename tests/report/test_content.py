"""What the page of a run tells."""

from itertools import pairwise

from made_runs import evaluation, png
from reading import Read

from cnncli import report


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
    assert found["Parameters"] == "196"


def test_facts_tell_what_was_trained_and_why_so(make_run):
    found = facts(page(make_run(trainable_params=100, settings=["train.epochs=9"], stopped="no better for 3 epochs")))

    assert found["Data"] == "image folder photos16 for training"
    assert found["Classes"] == "3: cat, dog, eel"
    assert found["Training"] == "optimizer adam, 32 examples a step"
    assert (
        found["Epochs"] == "8 of 9the best is epoch 7, by validation loss 0.1700stopped early: no better for 3 epochs"
    )
    assert found["Precision"] == "mixed_bfloat16this processor has AMX"
    assert found["Changed by --set"] == "train.epochs=9"


def test_class_table_has_every_class_with_its_numbers(make_run):
    scored = evaluation(["cat", "dog", "eel"])
    rows = page(make_run(scored=scored)).rows("Scores of each class")

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
    rows = page(make_run(scored=scored)).rows("The wrong predictions that it was most sure of")

    first = scored["most_wrong"][0]
    assert rows[0] == [first["file"], first["true"], first["predicted"], f"{first['probability']:.2%}"]
    assert len(rows) == min(20, len(scored["most_wrong"]))


def test_two_classes_get_the_scores_of_their_thresholds(make_run):
    rows = page(make_run(class_names=["cat", "dog"])).rows(
        "From which probability the second class is predicted, and what that gives"
    )

    assert rows[0][0] == "0.00"
    assert rows[0][2] == "1.0000"  # at 0 everything is found
    assert len(rows) <= 21


def test_picture_that_the_page_draws_itself_is_not_shown_twice(make_run):
    names = ("curves", "confusion", "roc", "calibration", "wrong", "grad-cam-C1", "maximize-C1")
    pictures = {f"{name}.png": png() for name in names}

    shown = [each.attributes["alt"] for each in page(make_run(pictures=pictures)).all("img")]
    assert shown == [
        "The wrong predictions that the network was most sure of",
        "Where the network looked: Grad-CAM at C1",
        "Inputs that C1 answers to most",
    ]


def test_picture_stands_in_where_the_numbers_are_missing(make_run):
    folder = make_run(class_names=[f"c{number}" for number in range(40)], pictures={"confusion.png": png()})
    (folder / "history.json").unlink()

    found = page(folder)
    assert [each.attributes["alt"] for each in found.all("img")] == ["Confusion matrix: true classes by predicted ones"]
    assert "the course of the training: there is no history.json" in found.text


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


# Several runs


def test_runs_are_compared_at_the_top(make_run):
    one, two = make_run("first"), make_run("second", scored=evaluation(["cat", "dog", "eel"], seed=1))
    found = page(one, two)

    assert found.all("title")[0].text == "2 runs – cnncli report"
    assert [row[0] for row in found.rows("The runs beside each other")] == ["made/first", "made/second"]
    assert "cannot be compared" not in found.text
    assert len(found.all("article")) == 2


def test_scores_on_other_examples_are_not_to_be_compared(make_run):
    other = {**evaluation(["cat", "dog", "eel"]), "examples_sha256": "other"}
    found = page(make_run("first"), make_run("second", scored=other))

    assert "These runs were not scored on the same examples: their scores cannot be compared." in found.text
