"""``python -m agentcore``: the command ``agentcore`` where it is not on the path."""

from agentcore._cli import main

if __name__ == "__main__":
    main()
