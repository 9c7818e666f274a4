"""Build the networks of random recipes symbolically, and read their resolved recipes back.

    python -m benchmarks.build_grown_recipes                      # 2,000 recipes
    python -m benchmarks.build_grown_recipes --recipes 100 --seed 7

The recipes are those of `benchmarks.grown_words`; here the sizes of `$here` are known. A failure is an exception that is no
CnncliError, a problem without a place, a resolved recipe that is not read back equal, and more than ten seconds of processor
time. Each failure is printed with its recipe, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import traceback

from benchmarks.grown_words import Words
from cnncli.errors import CnncliError
from cnncli.network.summary import summarise_with_network
from cnncli.recipe.load import load_bytes
from cnncli.recipe.write import to_yaml

LONGEST = 10.0  # seconds of processor time
MOST_LAYERS = 150


def failure_of(text: str) -> tuple[str, bool]:
    """What fails in building a recipe, which is empty if nothing does, and whether there is a network."""
    started = time.process_time()
    try:
        loaded = load_bytes(text.encode(), "r.yaml")
        if len(loaded.recipe.model.layers) > MOST_LAYERS:
            return "", False
        _, _, resolved = summarise_with_network(loaded)
        again = load_bytes(to_yaml(resolved.recipe).encode(), "resolved.yaml").recipe
    except CnncliError as error:
        return ("a problem without a place" if any(p.place is None for p in error.problems) else ""), False
    except Exception:
        return traceback.format_exc(limit=-4), False
    if again.model != resolved.recipe.model:
        return "the resolved recipe is not read back equal", True
    seconds = time.process_time() - started
    return (f"{seconds:.1f} s" if seconds > LONGEST else ""), True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    failures, built = [], 0
    for index in range(options.recipes):
        generator = random.Random(f"{options.seed} {index}")
        text = Words(generator, int(60 ** generator.random())).recipe(generator.choice([1, 2, 3]))
        failure, is_built = failure_of(text)
        built += is_built
        if failure:
            failures.append(f"{options.seed} {index}: {failure}\n{text[:2000]}")
    print(f"{options.recipes:,} recipes: {built:,} build, {len(failures):,} failures")
    print("\n\n".join(failures[:10]))
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
