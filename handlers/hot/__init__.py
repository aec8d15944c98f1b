"""A shorter way for the two calls that make nearly all of the traffic: sending, and holding a poll.

It takes only requests in the plain form that nearly all have; whatever is unusual about one hands it over, unread, to
Tornado and the ordinary handlers, which remain the specification: every refusal of an input is theirs. What decides
(authentication, limits, services) is the same on both ways (docs/decisions/0010-hot-calls.md).
"""
