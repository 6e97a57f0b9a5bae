"""The evidence bundle of a case: all that its figures rest on, so that somebody else can calculate them again."""
