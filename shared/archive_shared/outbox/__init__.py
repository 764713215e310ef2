"""Events on their way out: published from the documents they are part of, then removed (`relay`)."""
