"""Public data sets made into shops: the raw tables of each become files that any shop could hand over."""
