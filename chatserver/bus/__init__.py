"""Rings bells: inside one process (`local`), or across nodes through RabbitMQ (`rabbit`)."""
