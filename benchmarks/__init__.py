"""What agentcore costs, measured beside what others cost; see README.md."""
