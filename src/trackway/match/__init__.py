"""Known or new: from contents, records and lists to hits, near pairs, series, sightings and novelty."""
