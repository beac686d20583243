"""The gateway: HTTP in front of `pipeline.operations`. Routes parse and print; they decide nothing.

Writes events through a submitter, reads the store, and changes no table of the pipeline.
"""
