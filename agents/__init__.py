"""Programs that run: Faust agents, transports, clients, the command line."""
