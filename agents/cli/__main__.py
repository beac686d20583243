"""`python -m agents.cli COMMAND`: how a supervisor starts a command of this installation."""

from agents.cli import main

if __name__ == "__main__":
    main()
