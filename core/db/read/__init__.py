"""Read models: what the pages show, aggregated in SQL, as plain facts without a way back to the rows."""
