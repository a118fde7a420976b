"""After the link: from the evidence of meetings to the states of their leases."""
