"""The parts of a whole system on one machine: an MQTT broker, a Kafka broker, and our own processes, supervised."""
