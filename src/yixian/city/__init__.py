"""The city as data: units, regions, matters, responsibilities, limits, calendar; loads and checks a city pack."""
