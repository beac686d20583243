"""The conformance kit: plays a clinic's software against a gateway, over HTTP alone, and says what does not hold.

It sends made-up claims, marked as such by their numbers (`CONFORMANCE-…`), of a worker who does not exist. So it is for
a gateway that may be tried out. It knows nothing of the gateway but its address and a key.
"""
