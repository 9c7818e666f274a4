"""The HTML report of runs.

Everything is read from the folder, so that a page can be made of any run at any time, without TensorFlow.

    content = report.page([report.read(Path("outputs/mnist/first"))]).html
"""

from cnncli.report.material import Material, read
from cnncli.report.page import REPORT, Page, is_page, page

__all__ = ["REPORT", "Material", "Page", "is_page", "page", "read"]
