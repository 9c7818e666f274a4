"""Python that trains: `compile`, `fit`, phases, class weights, evaluation and saving."""

from __future__ import annotations

import fnmatch
import glob
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cnncli.conversion.chains import names_of_chains
from cnncli.conversion.data_code import DataCode, takes_one_hot
from cnncli.conversion.keras_code import literal, object_code
from cnncli.conversion.python_layout import quoted
from cnncli.recipe import targets
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.layers import name_of
from cnncli.recipe.named_inputs import has_augmentation, inputs_of
from cnncli.recipe.outputs import outputs_of
from cnncli.recipe.phases import TrainingPhase, phases_of
from cnncli.recipe.schema import Recipe

FREEZE = '''\
def freeze(model, frozen, trained=()):
    """Train all layers but those of `frozen`; `trained` are exceptions. Globs are allowed."""
    for layer in model.layers:
        is_frozen = any(fnmatchcase(layer.name, name) for name in frozen)
        is_trained = any(fnmatchcase(layer.name, name) for name in trained)
        layer.trainable = is_trained or not is_frozen'''.splitlines()
KEEP_STATISTICS = '''\
def keep_statistics(model, names):
    """Leave BatchNormalization in inference mode: its statistics are of more images."""
    for layer in model.layers:
        if layer.name in names and isinstance(layer, layers.BatchNormalization):
            layer.trainable = False'''.splitlines()


@dataclass(frozen=True)
class TrainingCode:
    """How a recipe trains.

    Attributes:
        functions: lines of functions.
        lines: of the script, after the data is loaded and `model` is built.
        imports: of the standard library.
    """

    functions: list[str]
    lines: list[str]
    imports: tuple[str, ...] = ()


def training_code(recipe: Recipe, data: DataCode) -> TrainingCode:
    """Write how a recipe trains, evaluates and saves its network."""
    phases = phases_of(recipe)
    freezes = any(phase.freeze for phase in phases)
    lines: list[str] = [*_inputs_as_targets(recipe)]
    trained = "model"
    if has_augmentation(recipe):
        trained = "trained"
        lines.append("# The layers of the augmentation change examples in training only.")
        if recipe.data.inputs is None:
            augmented = "build_augmentation()(model.input)"
        else:
            each = [f"{quoted(name)}: {_augmented(name, own.augment)}" for name, own in recipe.data.inputs.items()]
            augmented = "{" + ", ".join(each) + "}"
        lines.append(f"augmented = {augmented}")
        lines.append("trained = keras.Model(model.input, model(augmented))")
    kept = _kept(recipe, phases)
    for application in kept:
        code = object_code(_without_weights(application))
        lines.append(f"{_variable(application)} = [layer.name for layer in {code}.layers]")
    lines += _steps(recipe, phases, data)
    lines += _class_weight(recipe, data)
    lines += _targets(recipe, data)
    best = _best(recipe)
    lines.append(f"best = {best}")
    for phase in phases:
        lines += _phase(recipe, phase, data, trained, len(phases) > 1, freezes)
    keeps = any("keep_statistics(" in line for line in lines)
    lines.append(f'{trained}.load_weights("{recipe.name}.weights.h5")')
    lines += _evaluation(recipe, data, trained)
    outputs = outputs_of(recipe)
    if len(outputs) > 1:
        name = quoted(recipe.name.replace("-", "_").replace(".", "_"))
        lines.append(f"model = keras.Model(model.input, model.output[{quoted(outputs[0].name)}], name={name})")
    lines.append(f'model.save("{recipe.name}.keras")')
    functions = [*(FREEZE if freezes else []), *(["", "", *KEEP_STATISTICS] if keeps else [])]
    return TrainingCode(functions, lines, ("fnmatch",) if freezes else ())


def _inputs_as_targets(recipe: Recipe) -> Iterator[str]:
    """Where the targets are the inputs: what `prepare` makes of them, before the augmentation, which is to be undone."""
    if recipe.data.targets not in targets.WITHOUT_LABELS:
        return
    yield "# The targets are the inputs behind the preprocessing."
    [own] = inputs_of(recipe.data)
    of_prepare = names_of_chains(recipe).get((own.name, "prepare"))
    made = '{}.astype("float32")'
    if of_prepare:
        yield f"prepared = keras.Model(model.input, model.get_layer({quoted(of_prepare[-1])}).output)"
        made = "prepared.predict({}, verbose=0)"
    for part in ("train", "val", "test"):
        yield f"y_{part} = {made.format(f'x_{part}')}"
    if has_augmentation(recipe):
        yield "# What the network is to undo is in the validation and test examples, too."
        yield "corrupt = build_augmentation()"
        for part in ("val", "test"):
            yield f"x_{part} = keras.ops.convert_to_numpy(corrupt(x_{part}, training=True))"


def _kept(recipe: Recipe, phases: Sequence[TrainingPhase]) -> list[KerasObject]:
    """The applications that `freeze` or `unfreeze` of some phase names."""
    patterns = [name for phase in phases for name in (*phase.freeze, *phase.unfreeze)]
    applications = [layer for layer in recipe.model.layers if layer.kind == "applications"]
    return [each for each in applications if any(fnmatch.fnmatchcase(name_of(each), name) for name in patterns)]


def _variable(application: KerasObject) -> str:
    return f"{re.sub(r'[^0-9A-Za-z]', '_', name_of(application))}_layers"


def _augmented(name: str, layers: Sequence[KerasObject]) -> str:
    """One of several inputs behind its augmentation."""
    raw = f"model.input[{quoted(name)}]"
    return f"build_augmentation_{name}()({raw})" if layers else raw


def _steps(recipe: Recipe, phases: Sequence[TrainingPhase], data: DataCode) -> Iterator[str]:
    codes = [object_code(phase.optimizer) for phase in phases]
    codes += [object_code(callback) for phase in phases for callback in phase.callbacks]
    if any("steps_per_epoch" in code for code in codes):
        if data.is_dataset:
            yield "steps_per_epoch = len(train)"
        else:
            yield f"steps_per_epoch = -(-len(y_train) // {recipe.train.batch_size})"


def _targets(recipe: Recipe, data: DataCode) -> Iterator[str]:
    """The targets of several outputs, by name."""
    outputs = outputs_of(recipe)
    if len(outputs) < 2:
        return
    count = f"model.output[{quoted(outputs[0].name)}].shape[-1]"

    def by_name(y: str, function: str) -> str:
        codes = [
            f"{quoted(each.name)}: {f'{function}({y}, {count})' if takes_one_hot(each) else y}" for each in outputs
        ]
        return "{" + ", ".join(codes) + "}"

    if data.is_dataset:
        for part in ("train", "validation", "test"):
            yield f"{part} = {part}.map(lambda x, y: (x, {by_name('y', 'keras.ops.one_hot')}))"
        return
    for part in ("y_train", "y_val", "y_test"):
        yield f"{part} = {by_name(part, 'keras.utils.to_categorical')}"


def _class_weight(recipe: Recipe, data: DataCode) -> Iterator[str]:
    wanted = recipe.data.class_weight
    if wanted is None:
        return
    labels = "np.argmax(y_train, axis=-1)" if "to_categorical" in "".join(data.lines) else "y_train"
    if data.is_dataset:
        labels = "np.concatenate([np.asarray(y) for _, y in train])"
        if '"categorical"' in "".join(data.lines):
            labels = f"{labels}.argmax(axis=-1)"
    if wanted == "balanced":
        yield f"counts = np.bincount({labels})"
        yield "class_weight = dict(enumerate(counts.sum() / (len(counts) * np.maximum(counts, 1))))"
    elif data.is_dataset:
        yield f"weights = {literal(wanted)}"
        yield "class_weight = {index: weights[name] for index, name in enumerate(train.class_names)}"
    else:
        by_number = {int(name): weight for name, weight in wanted.items() if name.isdecimal()}
        yield f"class_weight = {literal(by_number)}"


def monitored(recipe: Recipe) -> KerasObject | None:
    """The callback that says which epoch is the best, where there is one."""
    for phase in phases_of(recipe):
        for callback in phase.callbacks:
            if callback.name == "EarlyStopping":
                return callback
    return None


def _best(recipe: Recipe) -> str:
    """A callback that keeps the weights of the best epoch, as cnncli does."""
    callback = monitored(recipe)
    monitor = str(callback.args.get("monitor", "val_loss")) if callback else "val_loss"
    args = [f'"{recipe.name}.weights.h5"', f"monitor={quoted(monitor)}", *_mode(callback)]
    return f"keras.callbacks.ModelCheckpoint({', '.join(args)}, save_best_only=True, save_weights_only=True)"


def _mode(callback: KerasObject | None) -> list[str]:
    """Whether what a callback watches is best low or high, where Keras cannot tell by itself."""
    if callback is None or "monitor" not in (callback.entry.arguments or {}):
        return []
    mode, monitor = str(callback.args.get("mode", "auto")), str(callback.args.get("monitor", "val_loss"))
    rises = any(word in monitor for word in ("acc", "auc", "precision", "recall", "f1", "iou", "r2"))
    if mode != "auto":
        return [f"mode={quoted(mode)}"]
    return ['mode="max"'] if rises else []


def _phase(
    recipe: Recipe, phase: TrainingPhase, data: DataCode, trained: str, is_named: bool, freezes: bool
) -> Iterator[str]:
    yield ""
    if is_named:
        yield f"# {phase.name}"
    if freezes:
        frozen, unfrozen = _patterns(recipe, phase.freeze), _patterns(recipe, phase.unfreeze)
        more = f", trained={unfrozen}" if unfrozen != "[]" else ""
        yield f"freeze(model, {frozen}{more})"
        for application in _kept(recipe, phases_of(recipe)):
            is_frozen_once = any(
                fnmatch.fnmatchcase(name_of(application), name) for each in phases_of(recipe) for name in each.freeze
            )
            if is_frozen_once and (_variable(application) not in frozen or phase.unfreeze):
                kept = _variable(application)
                named = [name for name in phase.unfreeze if not glob.has_magic(name) and name != name_of(application)]
                kept = f"{{*{kept}}} - {{{', '.join(map(quoted, named))}}}" if named else kept
                yield f"keep_statistics(model, {kept})"
    yield f"{trained}.compile({', '.join([f'optimizer={object_code(phase.optimizer)}', *_losses(recipe)])})"
    callbacks = ", ".join(["best", *map(_callback, phase.callbacks)])
    inputs = "train" if data.is_dataset else "x_train, y_train"
    validation = "validation" if data.is_dataset else "(x_val, y_val)"
    arguments = [inputs, *([] if data.is_dataset else [f"batch_size={recipe.train.batch_size}"])]
    arguments += [f"epochs={phase.epochs}", f"validation_data={validation}", f"callbacks=[{callbacks}]"]
    arguments += ["class_weight=class_weight"] if recipe.data.class_weight is not None else []
    yield f"{trained}.fit({', '.join(arguments)})"


def _callback(callback: KerasObject) -> str:
    more = _mode(callback) if "mode" not in callback.args else []
    return object_code(callback, more)


def _losses(recipe: Recipe) -> list[str]:
    """What `compile` takes: by name where there are several outputs."""
    outputs = outputs_of(recipe)
    metrics = "[" + ", ".join(map(object_code, recipe.train.metrics)) + "]"
    losses = {output.name: object_code(output.loss) for output in outputs if output.loss is not None}
    if len(outputs) == 1:
        return [f"loss={losses[outputs[0].name]}", f"metrics={metrics}"]

    def by_name(values: dict[str, Any]) -> str:
        return "{" + ", ".join(f"{quoted(name)}: {code}" for name, code in values.items()) + "}"

    weights = {output.name: literal(output.weight) for output in outputs}
    each = {output.name: metrics for output in outputs}
    return [f"loss={by_name(losses)}", f"loss_weights={by_name(weights)}", f"metrics={by_name(each)}"]


def _patterns(recipe: Recipe, names: Sequence[str]) -> str:
    """Names and globs of layers; a block stands for its layers."""
    layers = [name_of(layer) for layer in recipe.model.layers]
    applications = {name_of(layer): layer for layer in recipe.model.layers if layer.kind == "applications"}
    found: list[str] = []
    for name in names:
        groups = [group for group in recipe.model.groups if fnmatch.fnmatchcase(group.name, name)]
        inside = [each for layer, each in applications.items() if fnmatch.fnmatchcase(layer, name)]
        if not groups and not inside:
            found.append(quoted(name))
        for group in groups:
            members = layers[group.start : group.end]
            glob = f"{group.name}_*"
            same = [layer for layer in layers if fnmatch.fnmatchcase(layer, glob)]
            found += map(quoted, [glob] if same == members else members)
        found += [f"*{_variable(each)}" for each in inside]
    return (
        f"[{', '.join(found)}]"
        if len(found) != 1
        else found[0].removeprefix("*")
        if found[0][0] == "*"
        else f"[{found[0]}]"
    )


def _without_weights(application: KerasObject) -> KerasObject:
    args = {key: value for key, value in application.args.items() if key not in ("name", "weights")}
    return KerasObject(application.kind, application.name, {**args, "weights": None})


def _evaluation(recipe: Recipe, data: DataCode, trained: str) -> Iterator[str]:
    part = "test" if recipe.evaluate.split == "test" else "validation"
    short = "test" if part == "test" else "val"
    size = recipe.evaluate.batch_size or recipe.train.batch_size
    examples = part if data.is_dataset else f"x_{short}, y_{short}, batch_size={size}"
    yield f"print({trained}.evaluate({examples}, return_dict=True))"
