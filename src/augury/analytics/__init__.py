"""From facts to answers: what the API, the pages, and the commands show."""
