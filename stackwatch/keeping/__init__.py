"""Backup and restore of what is neither in Kafka nor in InfluxDB: the database, register, rulebook, credentials."""
