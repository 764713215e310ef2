"""The bus: facts (events) that whoever is interested gets, and hints that there is work to do.

Two brokers behind kombu: RabbitMQ, and on one machine a crash-safe one in a SQLite file. Only relays publish;
consumers act on what they get and acknowledge afterwards. Contract suite: `tests/contract/bus`. Start reading at
`topology`, `publisher` and `consumer`.
"""
