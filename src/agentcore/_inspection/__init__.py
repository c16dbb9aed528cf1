"""Looking at a plugin without running it: for the command line, and for tests."""
