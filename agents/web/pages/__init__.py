"""The console: pages for people, rendered on the server from the operations that the API has, too."""
