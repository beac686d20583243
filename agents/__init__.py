"""What runs: Faust agents, transports, clients, the command line."""
