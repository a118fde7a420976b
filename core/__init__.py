"""The product without a face: rules, storage, use cases, and the clients that speak to Zoom and to mail servers."""
