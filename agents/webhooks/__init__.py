"""Posts decisions to the webhooks of principals, in processes of its own: never in a request, never in a worker."""
