"""The read side: answers from the store for officers, auditors and operators, a module a question. Never writes."""
