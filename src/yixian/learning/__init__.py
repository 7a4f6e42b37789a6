"""What people settle becomes examples, examples become models, and models are watched."""
