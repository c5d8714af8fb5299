"""What a child to come is connected by: this side's ends, and the other side's until it has them."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from .private_folder import PrivateFolder
from .shared_inputs import SharedInputs


class Ends:
    """Made before the fork.

    Args:
        folder: where the child's own folder is made; it is emptied where no child comes.

    Attributes:
        home: the child's own folder.
        connection: for requests and answers.
        output: what the student's code prints comes out of it.
        stack: where it hangs comes out of it.
        inputs: the memory that the child shares with this process.
        theirs: the descriptors that the child gets, in this order: connection, output, stack, inputs.

    Raises:
        SandboxLost: if the folder, or the memory, cannot be used.
    """

    def __init__(self, folder: PrivateFolder) -> None:
        self.folder = folder
        self.home: Path = folder.new()
        self.inputs = SharedInputs()
        self.connection, self._connection_end = socket.socketpair()
        self.output, output_end = os.pipe()
        self.stack, stack_end = os.pipe()
        self._pipe_ends = [output_end, stack_end]
        self.theirs = [
            self._connection_end.fileno(),
            output_end,
            stack_end,
            self.inputs.descriptor,
        ]

    def hand_over(self) -> None:
        """Closes this process's copies of the other side's ends, once they are sent."""
        self._connection_end.close()
        while self._pipe_ends:
            os.close(self._pipe_ends.pop())

    def close(self) -> None:
        """Closes all of them, where no child comes."""
        self.hand_over()
        self.connection.close()
        os.close(self.output)
        os.close(self.stack)
        self.inputs.close()
        self.folder.empty()
