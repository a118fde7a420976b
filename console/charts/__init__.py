"""How the charts of Pool and What-if are drawn, a file each. Only their data and time axis are new at each refresh."""
