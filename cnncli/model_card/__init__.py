"""The model card of a run: a README in the format of the Hugging Face Hub, and a folder that can be uploaded as it is.

Everything is read from the run's folder, without TensorFlow.

    written = model_card.write(report.read(Path("outputs/mnist/first")), model_card.Wishes(license="mit"))
"""

from cnncli.model_card.card import README, Card, is_unedited, write
from cnncli.model_card.hub_folder import HubFolder, write_hub_folder
from cnncli.model_card.wishes import Wishes

__all__ = ["README", "Card", "HubFolder", "Wishes", "is_unedited", "write", "write_hub_folder"]
