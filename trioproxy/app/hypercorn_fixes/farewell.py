"""What a connection asks of the protocol it carries when it comes to an end."""

from __future__ import annotations


class Farewell:
    """The answers of a protocol that has nothing to say."""

    @property
    def input_unread(self) -> bool:
        """The client may still be sending what nobody will read.

        Closing a socket with unread bytes makes the kernel send RST, and that can destroy the answer
        in the client's buffer, so the connection goes on reading for a moment.
        """
        return False

    @property
    def end_needs_reset(self) -> bool:
        """Only a reset shows that the response is unfinished (RFC 9112, 8: ended by the connection's close)."""
        return False

    async def goodbye(self) -> None:
        """Say that an idle connection is about to be closed."""

    def client_stalled(self) -> None:
        """The client has stopped reading the whole connection; tell every writer. Synchronous."""
