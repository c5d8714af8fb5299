"""All that shares a process with a student's code, or forks it. Nothing outside this folder imports it."""
