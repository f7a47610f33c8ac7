"""What is learned from data before it is shipped: commands that make the weights the core reads."""
