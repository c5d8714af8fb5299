"""What `grader release` writes for each service that runs an assignment."""
