"""The administrators' desks: the city as data, changed by people, laid over its pack."""
