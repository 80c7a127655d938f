"""What is known of a data set before anything is measured: groups, copies, grey values."""
