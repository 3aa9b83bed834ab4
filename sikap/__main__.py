"""`python -m sikap` is the command `sikap`."""

from sikap.cli import main

if __name__ == "__main__":
    main()
