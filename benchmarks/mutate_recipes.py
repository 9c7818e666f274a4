"""Damage every shipped recipe in every small way, and see that each is read or refused with the place of the mistake.

    python benchmarks/mutate_recipes.py                    # every prefix, every deletion, 200 other changes a recipe
    python benchmarks/mutate_recipes.py --changes 2200     # 100,000 mutants in all, half an hour of processor time
    python benchmarks/mutate_recipes.py lenet5 --changes 500 --seed 7

A change puts one character in the place of another, or between two. What counts as a failure: an exception that is no
RecipeError, a problem without a line, more than a second of processor time, and a recipe that loads and that the JSON
Schema of `cnncli schema` refuses. Every failure is printed as it can be repeated.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing import Pool

import jsonschema

from cnncli.errors import RecipeError
from cnncli.recipe import shipped
from cnncli.recipe.json_schema.recipe_schema import recipe_schema
from cnncli.recipe.load import load_bytes
from cnncli.recipe.yaml import source
from cnncli.recipe.yaml.nodes import plain

LONGEST = 1.0  # seconds of processor time
# What means something in YAML or in the language, and some of what people paste.
CHARACTERS = "\n\t \"'#$%&()*+,-./0123459:;<=>?@[\\]^_`{|}~!aAeEnNxyé–\u00a0\u200b\ufeff\x00\x1b😀"


@dataclass
class Outcome:
    """What became of the mutants of one recipe."""

    name: str
    loaded: int = 0
    refused: int = 0
    slowest: float = 0.0
    messages: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def mutants(text: str, changes: int, generator: random.Random) -> Iterator[tuple[str, str]]:
    """Every prefix, every text with one character less, and some with one character changed or added.

    Yields:
        How it was made, and the text.
    """
    for index in range(len(text)):
        yield f"[:{index}]", text[:index]
    for index in range(len(text)):
        yield f"without {index}", text[:index] + text[index + 1 :]
    for _ in range(changes):
        index, character = generator.randrange(len(text)), generator.choice(CHARACTERS)
        replaces = generator.random() < 0.5
        how = f"{'replace' if replaces else 'insert'} {index} {character!r}"
        yield how, text[:index] + character + text[index + replaces :]


def damage(task: tuple[str, int, int]) -> Outcome:
    """Try every mutant of one recipe."""
    name, changes, seed = task
    outcome, validator = Outcome(name), jsonschema.Draft7Validator(recipe_schema())
    text = shipped.read(name).decode("utf-8")
    for how, mutant in mutants(text, changes, random.Random(f"{seed} {name}")):
        content = mutant.encode("utf-8")
        started = time.process_time()
        try:
            load_bytes(content, f"{name}.yaml")
        except RecipeError as error:
            outcome.refused += 1
            outcome.messages[re.sub(r"`[^`]*`|'[^']*'|[0-9]+", "…", error.problems[0].message)] += 1
            if any(problem.place is None or problem.place.line < 1 for problem in error.problems):
                outcome.failures.append(f"{name} {how}: a problem without a place: {error}")
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            outcome.failures.append(f"{name} {how}: {type(error).__name__}: {error}")
        else:
            outcome.loaded += 1
            wrong = next(validator.iter_errors(plain(source.parse(content, name))), None)
            if wrong is not None:
                outcome.failures.append(f"{name} {how}: loads, and the schema says: {wrong.message[:200]}")
        seconds = time.process_time() - started
        outcome.slowest = max(outcome.slowest, seconds)
        if seconds > LONGEST:
            outcome.failures.append(f"{name} {how}: {seconds:.2f} s")
    return outcome


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="*", metavar="RECIPE", help="names of shipped recipes; left out: all")
    parser.add_argument("--changes", type=int, default=200, help="changed or added characters a recipe")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    options = parser.parse_args()
    names = options.recipes or shipped.names()
    started = time.perf_counter()
    total, failures, messages = Counter[str](), [], Counter[str]()
    print(f"{'recipe':<20} {'mutants':>8} {'load':>7} {'refused':>8} {'failures':>8} {'slowest':>9}")
    with Pool(options.workers) as pool:
        for done in pool.imap_unordered(damage, [(name, options.changes, options.seed) for name in names]):
            count = done.loaded + done.refused
            print(
                f"{done.name:<20} {count:>8,} {done.loaded:>7,} {done.refused:>8,} {len(done.failures):>8,}"
                f" {done.slowest:>7.3f} s",
                flush=True,
            )
            total.update(mutants=count, loaded=done.loaded, refused=done.refused)
            failures += done.failures
            messages += done.messages
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024  # of the largest worker
    print(
        f"{'all':<20} {total['mutants']:>8,} {total['loaded']:>7,} {total['refused']:>8,} {len(failures):>8,}"
        f"   in {time.perf_counter() - started:,.0f} s, at most {memory:,.0f} MB"
    )
    print(f"\n{len(messages)} different first messages, the most frequent:")
    for message, count in messages.most_common(12):
        print(f"  {count:>7,}  {message}")
    for failure in failures[:50]:
        print(f"\n{failure}")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
