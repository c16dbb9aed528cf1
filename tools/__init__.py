"""What the developers of agentcore run by hand."""
