"""What the vector store costs, beside what others cost: ``python -m benchmarks.vectorstore``."""
