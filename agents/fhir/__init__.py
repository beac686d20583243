"""FHIR R4: claims and questions of cover to our words, and our answers back. Pure: `agents/web` serves it.

What cannot be read is refused, never dropped. The models of `fhir.resources` are imported where they are used: 26 MB.
They are those of R4B, which is R4 for these resources; its top level is R5 and is never imported.
"""
