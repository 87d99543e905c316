"""What the tests of the real binary share: see README.md beside this file."""
