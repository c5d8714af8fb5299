"""The layers around a child: what it may use, reach and call."""
