"""A part of a file that counts as a file of its own: a member of a tar archive, a value of a TFRecord."""

from __future__ import annotations

from typing import Self


class PathInside(str):
    """Where the bytes lie; as a text it is the name that messages show, `shards/0.tar/cats/1.jpg`.

    Attributes:
        file: path of the file.
        begin, length: of the bytes in it.
    """

    __slots__ = ("begin", "file", "length")
    file: str
    begin: int
    length: int

    def __new__(cls, name: str, file: str, begin: int, length: int) -> Self:
        found = super().__new__(cls, name)
        found.file, found.begin, found.length = file, begin, length
        return found

    def __reduce__(self) -> tuple[type[Self], tuple[str, str, int, int]]:
        return type(self), (str(self), self.file, self.begin, self.length)

    def read(self) -> bytes:
        """The bytes.

        Raises:
            OSError: the file cannot be read.
        """
        with open(self.file, "rb") as file:
            file.seek(self.begin)
            return file.read(self.length)
