"""Users and rights of Kafka, for brokers that are not run by Strimzi."""
