"""What if: a published edition scored again by the engine with something changed, and the questions turned round."""
