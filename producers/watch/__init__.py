"""What is known of the sources themselves: rates, refusals, skew, gaps, and when their silence is an alarm."""
