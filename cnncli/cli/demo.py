"""`cnncli demo`: a local web page to try a trained model."""

from __future__ import annotations

import webbrowser
from importlib import metadata
from typing import Annotated

import typer

from cnncli.cli import console, options, tensorflow_log
from cnncli.errors import Place, Problem, UsageError

_OLDEST_GRADIO = (6, 31)


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: cnncli demo mnist --open")(demo)


def demo(
    run_or_model: options.RunOrModel = None,
    host: Annotated[
        str,
        typer.Option(
            "--host",
            metavar="ADDRESS",
            help="Serve the page at this address; 0.0.0.0 opens it to other machines.",
            rich_help_panel=options.SERVER,
        ),
    ] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            metavar="N",
            min=1,
            max=65535,
            help="Serve the page at this port.",
            show_default="the first free one from 7860 on",
            rich_help_panel=options.SERVER,
        ),
    ] = None,
    open_browser: Annotated[
        bool,
        typer.Option("--open/--no-open", help="Open the page in the default browser.", rich_help_panel=options.SERVER),
    ] = False,
    device: options.Device = None,
    output: options.Outputs = options.DEFAULT_OUTPUTS,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Try a trained model on a local web page: draw, upload or photograph an image.

    The page shows the most probable classes and Grad-CAM; boxes, masks and reconstructions as pictures; of two images of
    identities their similarity. It reads images as `cnncli predict` does. Networks for other inputs take .npy, .npz and .csv
    files.

    The page makes no requests to other servers. Press Ctrl-C to stop it.
    """
    options.check_device(device)
    _check_gradio()
    from cnncli.demo import server

    listening = server.listen(host, port)
    url = server.url_of(listening)
    with tensorflow_log.captured(), server.temporary_folder() as folder:
        from cnncli.demo import gradio_page
        from cnncli.demo.answers import Answerer
        from cnncli.demo.own_images import own_images
        from cnncli.inference.model_loading import open_model
        from cnncli.training import devices

        devices.choose(device or "auto", cpu_name="CPU")
        trained = open_model(run_or_model, outputs=output)
        answerer = Answerer(trained)
        examples = own_images(trained, folder) if answerer.takes_images else []
        made = gradio_page.build(answerer, trained.name, folder, examples)
        notes = [*trained.notes, *([] if server.is_loopback(host) else [_open_to_others(host)])]
        if as_json:
            console.print_json(
                {**console.SCHEMA, "model": trained.name, "url": url, "notes": [note.as_json() for note in notes]}
            )
        else:
            if not quiet:
                for note in notes:
                    console.show_note(note)
                console.say_pairs([("Model", trained.name), ("Stop", "Ctrl-C")])
            console.stdout().print(url)
        if open_browser:
            webbrowser.open(url)
        server.serve(made, gradio_page.settings(answerer), listening, host=host)


def _check_gradio() -> None:
    """Refuse to go on without Gradio, or with one that is too old.

    Raises:
        UsageError: with the command that installs it.
    """
    try:
        found = metadata.version("gradio")
    except metadata.PackageNotFoundError:
        found = ""
    if not found or tuple(map(int, found.split(".")[:2])) < _OLDEST_GRADIO:
        needed = ".".join(map(str, _OLDEST_GRADIO))
        got = f"version {found} is installed" if found else "it is not installed"
        hint = 'install it with: pip install "gradio>=6.31,<7"'
        raise UsageError(Problem(f"`cnncli demo` needs Gradio {needed} or newer, and {got}", hint))


def _open_to_others(host: str) -> Problem:
    message = "every machine that can reach this one can use the page, without a password"
    hint = "others can upload files and compute on this machine; leave --host out to prevent it"
    return Problem(message, hint, Place(f"--host {host}"))
