"""What crosses between the trusted side and a child: messages on a stream, values in a message."""
