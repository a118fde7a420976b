"""Looking at every part of an installation and saying what to mend; and what has to be done after a restore."""
