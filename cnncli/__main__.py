"""`python -m cnncli` and the console script."""

from cnncli.cli.app import app


def main() -> None:
    app(prog_name="cnncli")


if __name__ == "__main__":
    main()
